//! Pages: every list is a window over a key, never an array of everything.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One page of a list, and where the next begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Page<T> {
    /// In the order of the list.
    pub rows: Vec<T>,
    /// Hand back as `after` for the next page; `None` at the end. Opaque.
    pub next: Option<String>,
}

/// Which page of a list. `limit` is 1 to 500, 50 by default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PageInput {
    /// How many rows at the most.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}
