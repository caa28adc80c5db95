//! What people may call an inbox, a device or a connection: one rule for relay and desk.

/// Longest name, in characters. The sentences that refuse a name say this number too.
const MOST_CHARS: usize = 80;

/// The name without the white space around it. `None` if it is empty, too long or not printable.
pub fn printable(text: &str) -> Option<&str> {
    let name = text.trim();
    let fits = (1..=MOST_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_1_to_80_printable_characters() {
        assert_eq!(printable(" Löwen-Apotheke "), Some("Löwen-Apotheke"));
        assert_eq!(printable(&"ä".repeat(80)).map(str::len), Some(160), "characters, not bytes");
        for wrong in ["", "  ", "a\u{7}b", &"a".repeat(81)] {
            assert_eq!(printable(wrong), None, "{wrong:?}");
        }
    }
}
