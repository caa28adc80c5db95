//! How answers and problems look: JSON for scripts, lines and aligned columns for people. Only this file prints; what an answer
//! says is the business of each command.

use std::{
    io::{self, Write},
    iter,
};

use jiff::{Timestamp, tz::TimeZone};
use offizin_desk::Problem;
use serde::Serialize;
use serde_json::json;

use crate::sentence::sentence;

/// Writes one line. What a provider, another desk or a file put into it is shown and never obeyed by the terminal.
pub(crate) fn line(text: &str) {
    write_line(&visible(text));
}

fn write_line(text: &str) {
    bytes(format!("{text}\n").as_bytes());
}

/// Writes bytes as they are; a closed pipe ends quietly.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// One answer: a JSON document on one line where that is wanted, else whatever `text` prints. No command decides this itself.
pub(crate) fn answer<T: Serialize>(as_json: bool, view: &T, text: impl FnOnce(&T)) {
    if as_json {
        write_line(&document(view));
    } else {
        text(view);
    }
}

/// Tells a problem on standard error; nothing of it may mix with an answer on standard output.
#[expect(clippy::print_stderr, reason = "problems are told on standard error")]
pub(crate) fn tell(problem: &Problem, as_json: bool) {
    if as_json {
        let problem = json!({ "code": problem.code, "detail": problem.detail, "incident": problem.incident });
        eprintln!("{}", document(&problem));
    } else {
        // The detail may be a provider's own words.
        let detail = problem.detail.as_deref().map(|detail| format!(" ({})", visible(detail)));
        eprintln!(
            "{}{}\ncode {} · incident {}",
            sentence(problem.code),
            detail.unwrap_or_default(),
            problem.code,
            problem.incident
        );
    }
}

/// A JSON document on one line. JSON may hold some controls as they are; here they are escaped, which means the same.
fn document(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned());
    escaped(&text, |control| format!("\\u{:04x}", u32::from(control)))
}

/// A text for people, with every control as something that can be seen: an escape sequence in a name could otherwise colour
/// the screen, clear it, or write other lines than it says.
fn visible(text: &str) -> String {
    escaped(text, |control| control.escape_default().to_string())
}

fn escaped(text: &str, escape: impl Fn(char) -> String) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if is_obeyed(character) {
            shown.push_str(&escape(character));
        } else {
            shown.push(character);
        }
        shown
    })
}

/// Whether a terminal acts on this instead of showing it: controls, and marks that turn the direction of what follows.
fn is_obeyed(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Prints aligned columns under a heading; nothing but the heading where there is no row.
pub(crate) fn table(heading: &[&str], rows: &[Vec<String>]) {
    columns(heading, rows).iter().for_each(|row| write_line(row));
}

/// The lines of a table. A cell is made visible before it is measured, so that one that holds controls moves no other.
fn columns(heading: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let heading = heading.iter().map(|cell| (*cell).to_owned()).collect();
    let rows = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect());
    let rows: Vec<Vec<String>> = iter::once(heading).chain(rows).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let aligned = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(aligned).collect()
}

/// A time in this computer's zone.
pub(crate) fn local(at: Timestamp) -> String {
    in_zone(at, TimeZone::system())
}

fn in_zone(at: Timestamp, zone: TimeZone) -> String {
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn a_terminals_escapes_in_a_name_are_shown_and_not_obeyed() {
        assert_eq!(visible("\u{1b}[31mrot\u{1b}]0;title\u{7}"), "\\u{1b}[31mrot\\u{1b}]0;title\\u{7}");
        assert_eq!(visible("\u{9b}2J and \u{7f}"), "\\u{9b}2J and \\u{7f}", "one byte begins a sequence, too");
    }

    #[test]
    fn a_name_cannot_begin_a_line_of_its_own() {
        assert_eq!(visible("Adler\r\n0 damaged\ta"), "Adler\\r\\n0 damaged\\ta");
    }

    #[test]
    fn a_name_cannot_turn_the_direction_of_what_follows() {
        assert_eq!(visible("a\u{202e}b\u{2066}c"), "a\\u{202e}b\\u{2066}c");
    }

    #[test]
    fn letters_of_every_script_stay_as_they_are() {
        for text in ["Müller-Lüdenscheidt", "Ελένη", "דוד", "स्वाति", "雪 · 3 × 20 €", "C:\\n\"'"]
        {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn a_document_holds_no_control_and_says_the_same() {
        let value = json!({ "name": "\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\n", "Größe": "雪" });
        let text = document(&value);
        assert!(!text.contains(char::is_control) && !text.contains('\u{202e}'), "{text:?}");
        assert!(text.contains("Größe") && text.contains("雪"), "what can be read is not escaped: {text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines = columns(&["NAME", "N"], &[row(&["Adler-Apotheke", "1"]), row(&["Zur Linde", "20"])]);
        assert_eq!(lines, ["NAME            N", "Adler-Apotheke  1", "Zur Linde       20"]);
    }

    #[test]
    fn columns_count_letters_and_not_bytes() {
        assert_eq!(columns(&["A", "B"], &[row(&["Köln", "1"]), row(&["–", "2"])])[1..], ["Köln  1", "–     2"]);
    }

    #[test]
    fn a_cell_that_holds_controls_moves_no_other() {
        let lines = columns(&["A", "B"], &[row(&["\n", "1"]), row(&["ab", "2"])]);
        assert_eq!(lines, ["A   B", "\\n  1", "ab  2"]);
    }

    #[test]
    fn a_table_without_rows_is_its_heading() {
        assert_eq!(columns(&["AT", "", "UID"], &[]), ["AT    UID"]);
    }

    #[test]
    fn a_line_of_a_table_ends_with_its_last_letter() {
        assert_eq!(columns(&["A", "NOTE"], &[row(&["1", ""]), row(&["2", "x"])])[1], "1");
    }

    #[test]
    fn a_time_is_told_to_the_second_in_the_zone_of_the_reader() {
        let at: Timestamp = "2026-12-31T23:59:59.999Z".parse().unwrap();
        assert_eq!(in_zone(at, tz::offset(1).to_time_zone()), "2027-01-01 00:59:59");
        assert_eq!(in_zone(at, TimeZone::UTC), "2026-12-31 23:59:59");
    }

    #[test]
    fn what_is_not_known_is_a_dash() {
        assert_eq!(maybe(None::<&str>), "–");
        assert_eq!(maybe_local(None), "–");
        assert_eq!(word(&None::<u8>), "–");
    }

    #[test]
    fn a_word_is_what_the_document_says_without_its_quotes() {
        assert_eq!(word(&"waiting for pharmacy"), "waiting for pharmacy");
        assert_eq!(word(&offizin_desk::Code::DiskFull), "disk_full");
        assert_eq!((word(&7), word(&true)), ("7".to_owned(), "true".to_owned()));
    }
}
