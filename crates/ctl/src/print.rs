//! How answers look: JSON for scripts, lines and aligned columns for people. Only this file writes to standard output; what an
//! answer says is the business of each command.

use std::io::{self, Write};

use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

/// Writes lines; a closed pipe ends quietly.
pub(crate) fn line(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// Writes bytes as they are.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// One answer: a JSON document on one line where that is wanted, else whatever `text` prints. No command decides this itself.
pub(crate) fn answer<T: Serialize>(as_json: bool, view: &T, text: impl FnOnce(&T)) {
    if as_json {
        json(view);
    } else {
        text(view);
    }
}

fn json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(&text),
        Err(_) => line("null"),
    }
}

/// Aligned columns under a heading; nothing but the heading where there is no row.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|h| h.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let print = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        line(cells.join("  ").trim_end());
    };
    print(&mut heading.iter().copied());
    for row in rows {
        print(&mut row.iter().map(String::as_str));
    }
}

/// A time in this computer's zone.
pub(crate) fn local(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time, or a dash.
pub(crate) fn maybe_local(at: Option<Timestamp>) -> String {
    at.map_or_else(dash, local)
}

/// A text, or a dash.
pub(crate) fn maybe(text: Option<impl ToString>) -> String {
    text.map_or_else(dash, |text| text.to_string())
}

/// The JSON word of a value, for a column.
pub(crate) fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Null) | Err(_) => dash(),
        Ok(other) => other.to_string(),
    }
}

fn dash() -> String {
    "–".to_owned()
}
