//! The headers of a delivery as the database keeps them.

use offizin_wire::Header;

use crate::{error::Error, store::Stored};

/// As JSON, in the order they came.
pub(crate) fn text(headers: &[Header]) -> Result<String, Error> {
    Ok(serde_json::to_string(headers).stored("headers")?)
}

/// Back from JSON.
pub(crate) fn parse(text: &str) -> Result<Vec<Header>, Error> {
    Ok(serde_json::from_str(text).stored("headers")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_in_their_order_and_byte_for_byte() {
        let headers = [
            Header::new("x-b", "2"),
            Header::new("x-a", "1"),
            Header::new("x-b", ""),
            Header::new("x-c", [0xff, 0x0a]),
        ];
        assert_eq!(parse(&text(&headers).unwrap()).unwrap(), headers);
    }

    #[test]
    fn headers_that_can_be_read_are_stored_readable() {
        assert_eq!(text(&[Header::new("X-Event", "ü")]).unwrap(), "[[\"x-event\",\"ü\"]]");
    }

    #[test]
    fn headers_that_are_damaged_are_not_taken_for_none() {
        for damaged in ["", "{}", "[[\"x-event\"]]", "[[\"x-event\",7]]"] {
            assert!(parse(damaged).is_err(), "{damaged}");
        }
    }
}
