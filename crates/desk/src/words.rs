//! Enums as the words they are stored and sent as.

/// The word serde writes for a unit variant; empty for anything else.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
