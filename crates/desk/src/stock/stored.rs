//! The shapes in which stock levels are stored as JSON. They are the store's own: [`super::view`] makes of them what the window gets, so
//! that a field renamed for the screen leaves the database as it is. What a field means is said there.
//!
//! Whoever changes one of them moves [`VERSION`](crate::ledger::rebuild::VERSION); a test pins their text.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::words::{StockThreshold, StockWindow};
use crate::{
    event::fact::Trust,
    id::{ConnectionId, PharmacySkuUid, PharmacyUid},
};

/// The level of one product on one shelf.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredLevel {
    pub(crate) uid: PharmacySkuUid,
    pub(crate) connection: ConnectionId,
    pub(crate) pharmacy_uid: Option<PharmacyUid>,
    pub(crate) pzn: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) stock: Option<i64>,
    pub(crate) delta: Option<i64>,
    pub(crate) price_cents: Option<i64>,
    pub(crate) updated_at: Timestamp,
    pub(crate) trust: Trust,
    pub(crate) first_at: Timestamp,
    pub(crate) out_since: Option<Timestamp>,
    pub(crate) out_ms: i64,
    /// What depends on the moment of asking is worked out when it is shown. Version 9 of the folds writes it all the same, always
    /// as nothing; who moves the version can leave it out.
    #[serde(flatten)]
    pub(crate) unasked: Unasked,
}

/// What is said of a level only to somebody who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unasked {
    window: StockWindow,
    days_of_cover: (),
    trend: [(); 0],
    low: bool,
    threshold: StockThreshold,
    threshold_own: bool,
}
