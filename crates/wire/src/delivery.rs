//! A delivery: one HTTP request that a provider posted to an inlet, with its body byte for byte (steps 1 and 5 of the
//! journey).
//!
//! Trust is a type. Every delivery begins as [`Unverified`]; only [`crate::signature::verify`] makes a [`Verified`] one
//! of it. There is no flag that code could forget to check.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{inlet::InletId, signature::Fingerprint};

/// One header of a delivery: the name in lower case, the value as the raw bytes that arrived. As JSON
/// `["name", "value"]`, or `["name", {"base64": "…"}]` where the value is not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(String, HeaderValue)", into = "(String, HeaderValue)")]
pub struct Header {
    /// Lower-case ASCII.
    pub name: String,
    /// Raw bytes; HTTP does not promise UTF-8.
    pub value: Vec<u8>,
}

impl Header {
    /// A header with its name folded to lower case.
    pub fn new(name: &str, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_ascii_lowercase(), value: value.into() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum HeaderValue {
    Text(String),
    Bytes { base64: String },
}

impl From<Header> for (String, HeaderValue) {
    fn from(header: Header) -> Self {
        let value = match String::from_utf8(header.value) {
            Ok(text) => HeaderValue::Text(text),
            Err(error) => HeaderValue::Bytes { base64: BASE64.encode(error.as_bytes()) },
        };
        (header.name, value)
    }
}

impl TryFrom<(String, HeaderValue)> for Header {
    type Error = data_encoding::DecodeError;

    fn try_from((name, value): (String, HeaderValue)) -> Result<Self, Self::Error> {
        let value = match value {
            HeaderValue::Text(text) => text.into_bytes(),
            HeaderValue::Bytes { base64 } => BASE64.decode(base64.as_bytes())?,
        };
        Ok(Self { name, value })
    }
}

/// Trust state: nobody has checked this delivery yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified(());

/// Trust state: the signature over the raw body was checked with a secret of the inlet it came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which secret matched.
    pub(crate) by: Fingerprint,
}

/// One HTTP request as it reached the relay. The body is never parsed before it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery<Trust = Unverified> {
    /// The inlet it was posted to.
    pub inlet: InletId,
    /// When the relay had read the whole body, by the relay's clock.
    pub received_at: Timestamp,
    /// The headers that matter, in the order of arrival.
    pub headers: Vec<Header>,
    /// The raw body, byte-exact.
    pub body: Vec<u8>,
    pub(crate) trust: Trust,
}

impl Delivery<Unverified> {
    /// What arrived, before anyone judged it.
    pub fn new(inlet: InletId, received_at: Timestamp, headers: Vec<Header>, body: Vec<u8>) -> Self {
        Self { inlet, received_at, headers, body, trust: Unverified(()) }
    }
}

impl Delivery<Verified> {
    /// The fingerprint of the secret whose signature matched.
    pub fn verified_by(&self) -> &Fingerprint {
        &self.trust.by
    }
}

impl<Trust> Delivery<Trust> {
    /// All values of a header, by case-insensitive name, in order of arrival.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.as_slice())
    }
}

/// Prints sizes, never content: bodies are health data.
impl<Trust> std::fmt::Debug for Delivery<Trust> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("inlet", &self.inlet)
            .field("received_at", &self.received_at)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
