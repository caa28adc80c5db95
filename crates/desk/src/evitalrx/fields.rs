//! The fields of one JSON object, read leniently: a number may come as text and text as a number, anything may be null,
//! absent or of another shape. What is read is taken out; what stays is kept by its path. Numbers are never floats here:
//! they are read as they were written.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

use super::CURRENCY;
use crate::money::Money;

/// More further fields than this are not kept beside the journal.
const MAX_LEAVES: usize = 300;
/// A longer text is cut: the journal has all of it.
const MAX_TEXT: usize = 1_000;
/// Nor is an unset value worth keeping.
const UNSET: &[&str] = &["", "01/00", "0000-00-00", "0000-00-00 00:00:00"];

/// What is left of an object.
pub(super) struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    pub(super) fn empty() -> Self {
        Self(BTreeMap::new())
    }

    /// `None` where the text is no JSON object. Of a repeated field the last counts.
    pub(super) fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn take_if<T>(&mut self, name: &str, read: impl Fn(&'a str) -> Option<T>) -> Option<T> {
        let found = read(self.0.get(name)?.get())?;
        self.0.remove(name);
        Some(found)
    }

    /// An id: opaque, byte for byte as sent. Empty is none.
    pub(super) fn id(&mut self, name: &str) -> Option<String> {
        self.take_if(name, scalar).filter(|id| !id.is_empty())
    }

    /// Ids, in their order: a list, a list written as text, or a single one.
    pub(super) fn ids(&mut self, name: &str) -> Vec<String> {
        let several = |json: &str| {
            let written: Option<String> = serde_json::from_str(json).ok();
            let list = written.as_deref().unwrap_or(json);
            let ids: Vec<&RawValue> = serde_json::from_str(list).ok()?;
            Some(ids.into_iter().filter_map(|id| scalar(id.get())).collect::<Vec<_>>())
        };
        let ids = self.take_if(name, several).unwrap_or_else(|| self.id(name).into_iter().collect());
        ids.into_iter().filter(|id| !id.is_empty()).collect()
    }

    /// Text to show, without the spaces around it.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let text = self.take_if(name, scalar)?;
        Some(shortened(text.trim())).filter(|text| !text.is_empty())
    }

    /// A time as it was written; a sentinel is none.
    pub(super) fn time(&mut self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !is_unset(text))
    }

    /// An amount of money as it was written.
    pub(super) fn money(&mut self, name: &str) -> Option<Money> {
        self.take_if(name, |json| Money::from_decimal(&scalar(json)?, CURRENCY))
    }

    /// A whole number; `10.0` is one.
    pub(super) fn integer(&mut self, name: &str) -> Option<i64> {
        self.take_if(name, |json| {
            let text = scalar(json)?;
            let text = text.trim();
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let is_whole = !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
            whole.parse().ok().filter(|_| is_whole)
        })
    }

    /// Only a boolean is one: what decides whether an order is over is not guessed from text.
    pub(super) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take_if(name, |json| serde_json::from_str(json).ok())
    }

    /// An object in it.
    pub(super) fn object(&mut self, name: &str) -> Option<Fields<'a>> {
        self.take_if(name, Fields::read)
    }

    /// The objects of a list in it; what is no object in there is passed over.
    pub(super) fn objects(&mut self, name: &str) -> Vec<Fields<'a>> {
        let list = self.take_if(name, |json| serde_json::from_str::<Vec<&'a RawValue>>(json).ok());
        list.unwrap_or_default().into_iter().filter_map(|item| Fields::read(item.get())).collect()
    }

    /// Leaves a field out of everything.
    pub(super) fn forget(&mut self, is_meant: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| !is_meant(name));
    }

    /// What was not read, by its path below `at`.
    pub(super) fn rest(self, at: &str, into: &mut BTreeMap<String, Value>) {
        for (name, value) in self.0 {
            let path = if at.is_empty() { name } else { format!("{at}.{name}") };
            match scalar(value.get()) {
                Some(text) if is_unset(&text) => {}
                // Also of a number: as text it stays what was written.
                Some(text) => keep(path, Value::String(shortened(&text)), into),
                None => {
                    // What nests deeper than the parser goes stays in the journal alone.
                    if let Ok(value) = serde_json::from_str(value.get()) {
                        leaves(path, value, into);
                    }
                }
            }
        }
    }
}

/// The text of a string, or a number as it was written.
fn scalar(json: &str) -> Option<String> {
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

fn is_unset(text: &str) -> bool {
    UNSET.contains(&text) || text.starts_with("1900-01-01")
}

fn shortened(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

fn keep(path: String, value: Value, into: &mut BTreeMap<String, Value>) {
    if into.len() < MAX_LEAVES {
        into.insert(path, value);
    }
}

fn leaves(path: String, value: Value, into: &mut BTreeMap<String, Value>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            fields.into_iter().for_each(|(name, value)| leaves(format!("{path}.{name}"), value, into));
        }
        Value::Array(items) => {
            items.into_iter().enumerate().for_each(|(i, value)| leaves(format!("{path}[{i}]"), value, into));
        }
        Value::String(text) if is_unset(&text) => {}
        Value::String(text) => keep(path, Value::String(shortened(&text)), into),
        value => keep(path, value, into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_was_written_whether_as_text_or_not() {
        let mut fields = Fields::read(
            r#"{"a":30.10,"b":"30.10","c":4.280000000000001,"d":null,"e":1e3,"f":" 81 ","g":"","h":true,"i":-0.50}"#,
        )
        .unwrap();
        let amounts: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
            .into_iter()
            .map(|name| fields.money(name).map(|money| money.amount))
            .collect();
        let expected = [
            Some("30.10"),
            Some("30.10"),
            Some("4.280000000000001"),
            None,
            None,
            Some("81"),
            None,
            None,
            Some("-0.50"),
        ];
        assert_eq!(amounts, expected.map(|text| text.map(str::to_owned)));
        let mut rest = BTreeMap::new();
        fields.rest("", &mut rest);
        let kept: Vec<_> = rest.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
        assert_eq!(kept, [("e", "\"1e3\"".to_owned()), ("h", "true".to_owned())]);
    }

    #[test]
    fn ids_are_taken_byte_for_byte() {
        let mut fields =
            Fields::read(r#"{"a":" Ab+/= ","b":"00011223","c":7,"d":"","e":["x","",8,null],"f":"[\"y\"]","g":"z"}"#)
                .unwrap();
        assert_eq!(fields.id("a").as_deref(), Some(" Ab+/= "));
        assert_eq!(fields.id("b").as_deref(), Some("00011223"));
        assert_eq!(fields.id("c").as_deref(), Some("7"));
        assert_eq!(fields.id("d"), None);
        assert_eq!(
            (fields.ids("e"), fields.ids("f"), fields.ids("g")),
            (vec!["x".into(), "8".into()], vec!["y".into()], vec!["z".into()])
        );
        assert!(fields.ids("nothing").is_empty());
    }

    #[test]
    fn whole_numbers_only_where_they_are_whole() {
        let mut fields = Fields::read(r#"{"a":15,"b":"15","c":15.0,"d":1.5,"e":"many"}"#).unwrap();
        let read: Vec<_> = ["a", "b", "c", "d", "e"].into_iter().map(|name| fields.integer(name)).collect();
        assert_eq!(read, [Some(15), Some(15), Some(15), None, None]);
        assert!(fields.has("d") && fields.has("e"), "what could not be read is still there");
    }
}
