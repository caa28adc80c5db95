//! An event: what one trusted body says, in our words (step 8 of the journey).
//!
//! Decoding is total. A provider's folder turns raw bytes into an [`Event`]; what it does not know stays in the journal
//! and says so in [`Event::unrecognised`]. This module knows no provider's words.

mod desk;
pub mod fact;
pub mod fields;
pub(crate) mod file;
pub(crate) mod list;
pub(crate) mod table;
pub mod view;
pub mod words;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{assignments::fact::AssignmentFact, orders::fact::OrderFact, stock::fact::StockFact};
pub use fact::Trust;
pub use words::{QuarantineReason, Unrecognised, Verdict};

/// What one body says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    /// As the body says.
    pub(crate) event_type: Option<String>,
    /// As the body says, verbatim.
    pub(crate) payload_version: Option<String>,
    /// The event's own time.
    pub(crate) at: Option<Timestamp>,
    /// What it speaks of, where it was understood.
    pub(crate) subject: Option<Subject>,
    /// Why it was not understood.
    pub(crate) unrecognised: Option<Unrecognised>,
}

/// What an understood event speaks of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    /// One lane of an order, or the order as a whole.
    Order(Box<OrderFact>),
    /// Nothing: the provider tried whether somebody listens.
    Test,
    /// One product on one shelf.
    Stock(Box<StockFact>),
    /// Who has a prescription.
    Assignment(Box<AssignmentFact>),
    /// Something that no view is folded of. It is kept, and can be read as it is.
    Notice,
}

/// Text of a nested field: `text(data, &["pharmacy", "uid"])`. Anything but a string is absent.
pub(crate) fn text(data: &Map<String, Value>, path: &[&str]) -> Option<String> {
    at(data, path)?.as_str().map(str::to_owned)
}

/// Integer of a nested field. Anything but a 64-bit integer is absent.
pub(crate) fn integer(data: &Map<String, Value>, path: &[&str]) -> Option<i64> {
    at(data, path)?.as_i64()
}

/// A nested field that is present and not null.
pub(crate) fn at<'a>(data: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let mut value = data.get(*first)?;
    for name in rest {
        value = value.get(name)?;
    }
    (!value.is_null()).then_some(value)
}

/// A word with case, space, `_` and `-` folded away, for comparing statuses.
pub(crate) fn fold_word(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}
