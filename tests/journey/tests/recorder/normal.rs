//! What differs between two recordings although nothing changed: ids, fingerprints, signatures and addresses that are drawn anew
//! each time. Each is replaced by a counted one, in the order of first appearance.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// What stands under these names is drawn.
const DRAWN: [(&str, &str); 17] = [
    ("connection", "con"),
    ("event_id", "event"),
    ("id", "event"),
    ("fingerprint", "fingerprint"),
    ("old_fingerprint", "fingerprint"),
    ("new_fingerprint", "fingerprint"),
    ("inlet", "in"),
    ("value", "con"),
    ("device", "dev"),
    ("provider_uid", "ns"),
    ("subscription", "own"),
    ("owner", "own"),
    ("rotation", "own"),
    ("old", "own"),
    ("new", "own"),
    ("replaces", "own"),
    ("detail", "fingerprint"),
];
/// Whoever runs the recording is somebody else each time.
const ACCOUNT: &str = "erika.beispiel";
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

    /// Replaces one thing that is drawn by a name of its own.
    pub(crate) fn name(&mut self, drawn: &str, counted: &str) {
        self.named.insert(drawn.to_owned(), counted.to_owned());
    }

    /// Notes everything drawn in the order in which it appears.
    pub(crate) fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    let kind = DRAWN.iter().find(|(drawn, _)| drawn == name).map(|(_, kind)| *kind);
                    match (kind, inner) {
                        (Some(kind), Value::String(text)) if is_drawn(kind, text) => self.count(kind, text),
                        // The desk's own ids look alike, whatever they name.
                        (Some(_), Value::String(text)) if is_own(text) || name == "id" && is_inlet(text) => {
                            self.count("own", text)
                        }
                        (_, Value::String(text)) if matches!(name.as_str(), "url" | "target") => {
                            if let Some((_, token)) = in_address(text) {
                                self.count("token", token);
                            }
                        }
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
            "event" | "fingerprint" | "signature" | "token" => digest(&format!("{kind} {count}"), text.len()),
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
                if let Some((before, token)) = in_address(text)
                    && let Some(counted) = self.named.get(token)
                {
                    // Of the address that is shown only the beginning of the token is left.
                    let rest: String = if text.ends_with('…') { "…".into() } else { counted.repeat(6) };
                    *text = format!("{before}{counted}{rest}");
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
                    if matches!(name.as_str(), "account" | "by") {
                        *inner = ACCOUNT.into();
                    }
                    self.apply(inner);
                }
            }
            _ => {}
        }
    }
}

/// Inlets and desks are known to the relay as well, by 16 bytes.
fn is_inlet(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// An address of an inlet up to its token, and the beginning of that, which is all a shortened one has.
fn in_address(text: &str) -> Option<(&str, &str)> {
    let at = text.find("/in/")? + "/in/".len();
    Some((&text[..at], text.get(at..at + 6)?))
}

fn is_own(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Sixteen letters and digits are one of the desk's own ids, hex is an event's or a secret's.
fn is_drawn(kind: &str, text: &str) -> bool {
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match kind {
        // What is in quarantine begins with a letter of its own.
        "event" => {
            (31..=32).contains(&text.len()) && text.trim_start_matches('q').bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        "fingerprint" => is_hex && text.len() == 16,
        "con" | "own" => is_own(text),
        "ns" => text.starts_with("ns-"),
        // Of a subscription made elsewhere it is the inlet's name.
        "in" => text.len() >= 16 && !text.contains(' '),
        _ => true,
    }
}

fn digest(seed: &str, length: usize) -> String {
    let digest = Sha256::digest(seed.as_bytes());
    data_encoding::HEXLOWER.encode(&digest).chars().cycle().take(length).collect()
}
