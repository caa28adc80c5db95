//! The headers of a delivery as the database keeps them.

use offizin_wire::Header;

use crate::error::Error;

/// As JSON, in the order they came.
pub(crate) fn text(headers: &[Header]) -> Result<String, Error> {
    serde_json::to_string(headers).map_err(|_| Error::Stored("headers"))
}

/// Back from JSON. Errors: [`Error::Stored`].
pub(crate) fn parse(text: &str) -> Result<Vec<Header>, Error> {
    serde_json::from_str(text).map_err(|_| Error::Stored("headers"))
}
