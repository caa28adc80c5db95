//! How an arrival was judged and understood, in the words that intake, decoders and tables share.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How an arrival was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Trusted and understood.
    Accepted,
    /// Trusted, kept, not understood.
    Unrecognised,
    /// In quarantine.
    Rejected,
}

/// Why a trusted event was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Unrecognised {
    /// The body is not JSON.
    NotJson,
    /// The body is not UTF-8.
    NotUtf8,
    /// JSON, but deeper than any event.
    TooDeep,
    /// JSON, but not the provider's envelope.
    NotAnEvent,
    /// An event type this build does not interpret.
    UnknownType,
    /// A payload version this build does not interpret.
    UnknownVersion,
    /// A field without which it cannot be placed is missing or has another type.
    FieldMissing,
}

/// Why an arrival is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum QuarantineReason {
    /// The inlet has no secret to check with.
    SecretMissing,
    /// The signature header is absent.
    SignatureMissing,
    /// The signature header came more than once.
    SignatureRepeated,
    /// The signature is not 64 hex digits.
    SignatureMalformed,
    /// No secret of this inlet made this signature.
    SignatureWrong,
    /// A header this inlet asks for is absent.
    HeaderMissing,
    /// A header this inlet asks for has another value.
    HeaderWrong,
    /// The inlet is not known to this desk.
    InletUnknown,
}
