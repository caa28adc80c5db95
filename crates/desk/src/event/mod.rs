//! x
pub mod view;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
/// t
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// a
    Unsigned,
    /// b
    Reconciled,
    /// c
    Verified,
}
