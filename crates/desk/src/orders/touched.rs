//! What has to be folded again: the keys of lanes and orders that something was said of.

use std::collections::BTreeSet;

use super::fact::OrderFact;
use crate::{
    error::Error,
    id::{LaneUid, OrderUid, Realm},
    rows,
    store::Stored,
};

pub(super) type LaneKey = (Realm, LaneUid);
pub(super) type OrderKey = (Realm, OrderUid);

/// How many orders are read, folded and written at a time.
pub(super) const AT_ONCE: usize = 500;

/// What has to be folded again: lanes, and orders that something was said of as a whole.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(super) lanes: BTreeSet<LaneKey>,
    pub(super) orders: BTreeSet<OrderKey>,
}

impl Touched {
    pub(crate) fn add(&mut self, realm: &Realm, fact: &OrderFact) {
        match (&fact.lane, &fact.parent) {
            (Some(lane), _) => _ = self.lanes.insert((realm.to_owned(), lane.clone())),
            (None, Some(parent)) => _ = self.orders.insert((realm.to_owned(), parent.clone())),
            (None, None) => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty() && self.orders.is_empty()
    }

    /// The same in parts of so many.
    pub(crate) fn split(self, most: usize) -> impl Iterator<Item = Self> {
        let of_lanes = rows::parts(self.lanes, most).map(|lanes| Self { lanes, ..Self::default() });
        of_lanes.chain(rows::parts(self.orders, most).map(|orders| Self { orders, ..Self::default() }))
    }
}

/// Keys as `json_each` takes them.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    Ok(serde_json::to_string(value).stored("key")?)
}
