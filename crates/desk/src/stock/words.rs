//! What is measured of a level, and what it is measured by.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What moved over the last days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockWindow {
    /// How many days it was measured over: 28, or as many as are known. UTC days, today included.
    #[ts(type = "number")]
    pub days: i64,
    /// Pieces that left: the sum of every fall of the level.
    #[ts(type = "number")]
    pub consumed: i64,
    /// Pieces that came: the sum of every rise.
    #[ts(type = "number")]
    pub received: i64,
}

/// From when on a level is low. Either is enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StockThreshold {
    /// At so many pieces or fewer.
    #[ts(type = "number | null")]
    pub pieces: Option<i64>,
    /// When it lasts for so many days or fewer at the pace of the window.
    #[ts(type = "number | null")]
    pub days: Option<i64>,
}

impl Default for StockThreshold {
    fn default() -> Self {
        Self { pieces: Some(5), days: None }
    }
}
