//! An event as a person can read it, whatever it is: its fields one by one under their paths. It is all there is to show of
//! an event no view is folded of. Everything in it may speak of a person: it is shown only to somebody who asks.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::SqliteConnection;
use ts_rs::TS;

use crate::{error::Error, id::EventId, source::Source};

/// More fields than this are not listed.
const MOST: usize = 400;
/// A longer value is cut: a file is no reading.
const LONGEST: usize = 400;

/// One field of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EventFieldView {
    /// As the provider names it, from the outside in.
    pub path: Vec<String>,
    /// As text; absent for `null`.
    pub value: Option<String>,
    /// Only the beginning is shown.
    pub cut: bool,
}

/// An event field by field. It is health data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EventFieldsView {
    /// In the event's own order.
    pub fields: Vec<EventFieldView>,
    /// There are more than are listed, or it is no event at all: the raw body has everything.
    pub incomplete: bool,
}

/// The fields of one event.
pub(crate) async fn fields(connection: &mut SqliteConnection, id: &EventId) -> Result<EventFieldsView, Error> {
    let body = super::list::raw(connection, id).await?;
    let source: Option<String> =
        sqlx::query_scalar("SELECT source FROM event WHERE public_id = ?").bind(id).fetch_optional(connection).await?;
    let readable = source.as_deref().and_then(Source::named).and_then(|source| source.readable(&body));
    Ok(readable.map_or(EventFieldsView { fields: Vec::new(), incomplete: true }, |value| read(&value)))
}

fn read(value: &Value) -> EventFieldsView {
    let mut view = EventFieldsView::default();
    walk(value, &mut Vec::new(), &mut view);
    view
}

fn walk(value: &Value, path: &mut Vec<String>, view: &mut EventFieldsView) {
    if view.fields.len() >= MOST {
        view.incomplete = true;
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                path.push(name.clone());
                walk(value, path, view);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                path.push((index + 1).to_string());
                walk(value, path, view);
                path.pop();
            }
        }
        leaf => {
            let mut text = match leaf {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                Value::Object(_) | Value::Array(_) => Some(String::new()),
                other => Some(other.to_string()),
            };
            let cut = text.as_ref().is_some_and(|text| text.len() > LONGEST);
            if let (Some(text), true) = (&mut text, cut) {
                text.truncate(text.floor_char_boundary(LONGEST));
            }
            view.fields.push(EventFieldView { path: path.clone(), value: text, cut });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_leaf_stands_under_its_path() {
        let view = read(&json!({ "event_type": "appointment_reminder_due",
            "data": { "uid": "a-1", "slots": [{ "at": 7 }, null], "none": {}, "file": "ü".repeat(900) } }));
        let find = |path: &str| view.fields.iter().find(|field| field.path.join(".") == path).unwrap();
        assert_eq!(find("data.uid").value.as_deref(), Some("a-1"));
        assert_eq!(find("data.slots.1.at").value.as_deref(), Some("7"));
        assert_eq!(find("data.slots.2").value, None);
        assert_eq!(find("data.none").value.as_deref(), Some(""));
        assert!(find("data.file").cut && find("data.file").value.as_ref().unwrap().len() <= LONGEST);
        assert!(!view.incomplete);
        assert!(read(&json!(vec![1; MOST + 1])).incomplete);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,900}") {
            let view = read(&json!({ "a": text }));
            prop_assert_eq!(view.fields.len(), 1);
        }
    }
}
