//! The fold of a stock level: levels are absolute, a delta is "since last seen" (step 9 of the journey). Pure, and
//! independent of the order of arrival for the same reason as the fold of orders.

use super::view::{StockChangeView, StockRowView};
use crate::{
    event::{Fact, integer, text},
    id::PharmacySkuUid,
};

/// A product on one shelf with everything known about it, oldest first.
pub(crate) struct Stock {
    uid: PharmacySkuUid,
    facts: Vec<Fact>,
}

impl Stock {
    /// `facts` in any order; `None` where there are none.
    pub(crate) fn new(uid: PharmacySkuUid, mut facts: Vec<Fact>) -> Option<Self> {
        facts.sort_by(|a, b| a.place.cmp(&b.place));
        (!facts.is_empty()).then_some(Self { uid, facts })
    }

    /// Every known level, newest first.
    pub(crate) fn history(&self) -> Vec<StockChangeView> {
        let mut before = None;
        let mut changes: Vec<_> = self
            .facts
            .iter()
            .map(|fact| {
                let stock = integer(&fact.data, &["stock"]);
                let delta = stock.zip(before).and_then(|(now, before): (i64, i64)| now.checked_sub(before));
                before = stock.or(before);
                StockChangeView {
                    event_id: fact.place.event.clone(),
                    at: fact.place.at,
                    received_at: fact.place.received_at,
                    stock,
                    delta,
                    price_cents: integer(&fact.data, &["price"]),
                    trust: fact.trust,
                    receipts: fact.receipts,
                }
            })
            .collect();
        changes.reverse();
        changes
    }

    /// The row of the list.
    pub(crate) fn row(&self) -> Option<StockRowView> {
        let newest = self.facts.last()?;
        let change = self.history().into_iter().next()?;
        let data = &newest.data;
        Some(StockRowView {
            uid: self.uid.clone(),
            connection: newest.connection.clone(),
            pharmacy_uid: text(data, &["pharmacy_uid"]).map(Into::into),
            pzn: text(data, &["sku", "pzn"]),
            name: text(data, &["sku", "display_name"]).or_else(|| text(data, &["sku", "product_display_name"])),
            stock: change.stock,
            delta: change.delta,
            price_cents: change.price_cents,
            updated_at: newest.place.at,
            trust: self.facts.iter().map(|fact| fact.trust).min().unwrap_or(newest.trust),
        })
    }
}
