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
