//! A stock fact: what one event says about one product on one shelf, provider-neutral. A provider's folder makes it (step 8
//! of the journey), the fold consumes it (step 9).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{PharmacySkuUid, PharmacyUid};

/// A known level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StockFact {
    pub(crate) uid: PharmacySkuUid,
    /// The provider's own "changed at".
    pub(crate) updated_at: Option<Timestamp>,
    /// Absolute; may be negative or stale.
    pub(crate) stock: i64,
    pub(crate) price_cents: Option<i64>,
    pub(crate) product: Product,
}

/// What product it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Product {
    pub(crate) pharmacy_uid: Option<PharmacyUid>,
    /// Its number in the country's register.
    pub(crate) number: Option<String>,
    pub(crate) name: Option<String>,
}
