//! What differs between two recordings although nothing changed: ids, fingerprints, signatures and addresses that are drawn anew
//! each time. Each is replaced by a counted one, in the order of first appearance.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// What stands under these names is drawn.
const DRAWN: [(&str, &str); 9] = [
    ("connection", "con"),
    ("event_id", "event"),
    ("id", "event"),
    ("fingerprint", "fingerprint"),
    ("old_fingerprint", "fingerprint"),
    ("new_fingerprint", "fingerprint"),
    ("inlet", "in"),
    ("value", "con"),
    ("device", "dev"),
];
const SIGNATURE: &str = "x-webhook-signature";

/// Replaces what is drawn.
#[derive(Default)]
pub(crate) struct Normal {
    named: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, usize>,
    /// Parts of texts that are replaced wherever they stand.
    within: Vec<(String, String)>,
}

impl Normal {
    /// Replaces a part of any text, for example an address.
    pub(crate) fn within(&mut self, drawn: &str, counted: &str) {
        self.within.push((drawn.to_owned(), counted.to_owned()));
    }

    /// Notes everything drawn in the order in which it appears.
    pub(crate) fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let kind = DRAWN.iter().find(|(drawn, _)| drawn == name).map(|(_, kind)| *kind);
                    match (kind, inner) {
                        (Some(kind), Value::String(text)) if is_drawn(kind, text) => self.count(kind, text),
                        _ => self.learn(inner),
                    }
                }
            }
            Value::Array(all) => {
                if let [Value::String(header), Value::String(signature)] = all.as_slice()
                    && header.eq_ignore_ascii_case(SIGNATURE)
                {
                    self.count("signature", signature);
                }
                all.iter().for_each(|inner| self.learn(inner));
            }
            _ => {}
        }
    }

    fn count(&mut self, kind: &'static str, text: &str) {
        if self.named.contains_key(text) {
            return;
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let counted = match kind {
            // These are shown: they keep their looks.
            "event" if text.starts_with('q') => format!("q{}", digest(&format!("{kind} {count}"), text.len() - 1)),
            "event" | "fingerprint" | "signature" => digest(&format!("{kind} {count}"), text.len()),
            _ => format!("{kind}-{count}"),
        };
        self.named.insert(text.to_owned(), counted);
    }

    /// Replaces what was learned.
    pub(crate) fn apply(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(counted) = self.named.get(text) {
                    text.clone_from(counted);
                }
                for (drawn, counted) in &self.within {
                    if text.contains(drawn.as_str()) {
                        *text = text.replace(drawn.as_str(), counted);
                    }
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|inner| self.apply(inner)),
            Value::Object(fields) => {
                for (name, inner) in fields {
                    if name == "incident" {
                        *inner = "7F3K-2M9Q".into();
                    }
                    self.apply(inner);
                }
            }
            _ => {}
        }
    }
}

/// Sixteen letters and digits are one of the desk's own ids, hex is an event's or a secret's.
fn is_drawn(kind: &str, text: &str) -> bool {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        // What is in quarantine begins with a letter of its own.
        "event" => {
            (31..=32).contains(&text.len()) && text.trim_start_matches('q').bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        "fingerprint" => is_hex,
        "con" => text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
        _ => true,
    }
}

fn digest(seed: &str, length: usize) -> String {
    let digest = Sha256::digest(seed.as_bytes());
    data_encoding::HEXLOWER.encode(&digest).chars().cycle().take(length).collect()
}
