//! What a desk shows of orders and stock, without anything that depends on when or how often it was received. Two desks
//! that received the same events must give the same result.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use offizin_desk::{
    Desk,
    money::Money,
    orders::{
        view::{EntryView, OrderRowView},
        words::EntryKind,
    },
    page::PageInput,
    stock::view::StockChangeView,
};

/// The lanes and the timeline of one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStory {
    /// What the list shows; `None` where two changes of one lane share a second.
    pub now: Option<OrderNow>,
    /// Oldest first: when, on which lane, from, to, and what else changed.
    pub entries: Vec<EntryStory>,
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderNow {
    /// For example `#1001`.
    pub name: Option<String>,
    /// Of the leading lane.
    pub status: Option<String>,
    /// Since when.
    pub status_since: Timestamp,
    /// Newest first: uid, status, pharmacy.
    pub lanes: Vec<(String, Option<String>, Option<String>)>,
    /// How many distinct events.
    pub events: u32,
    /// What it costs.
    pub total: Option<Money>,
}

/// One entry of a timeline. Between two changes of one second the provider gives no order, so the receipt decides: `from`,
/// `kind` and `changes` are left out there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryStory {
    /// When it happened.
    pub at: Timestamp,
    /// On which lane.
    pub lane: String,
    /// Status after.
    pub to: Option<String>,
    /// Created, changed, updated, deleted.
    pub kind: Option<String>,
    /// Status before.
    pub from: Option<String>,
    /// Field, before, after.
    pub changes: Vec<(String, Option<String>, Option<String>)>,
}

/// When, how many, how many more than before.
pub type LevelStory = (Timestamp, Option<i64>, Option<i64>);

/// Everything a desk tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// By uid.
    pub orders: BTreeMap<String, OrderStory>,
    /// By pharmacy SKU, oldest level first.
    pub stock: BTreeMap<String, Vec<LevelStory>>,
}

impl Story {
    /// Orders in which every change has a second of its own: their whole present is compared.
    pub fn unambiguous(&self) -> usize {
        self.orders.values().filter(|order| order.now.is_some()).count()
    }
}

/// Lets a desk tell.
pub async fn story(desk: &Desk) -> Story {
    let mut story = Story::default();
    for row in crate::orders(desk).await {
        let timeline = desk.order_timeline(&row.uid).await.unwrap();
        story.orders.insert(row.uid.to_string(), of_order(&row, &timeline.entries));
    }
    for row in crate::stock(desk).await {
        let page = PageInput { limit: Some(500), after: None };
        let history = desk.stock_history(&row.uid, None, &page).await.unwrap();
        assert_eq!(history.next, None, "more levels than one page");
        story.stock.insert(row.uid.to_string(), of_product(&history.rows));
    }
    story
}

fn of_order(row: &OrderRowView, entries: &[EntryView]) -> OrderStory {
    let shared: BTreeSet<(String, Timestamp)> = {
        let mut seen = BTreeSet::new();
        entries.iter().map(|e| (lane_of(e), e.at)).filter(|place| !seen.insert(place.clone())).collect()
    };
    // The entry after a shared second starts from whichever of the two was received last.
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut told: Vec<EntryStory> = entries
        .iter()
        .map(|entry| {
            let lane = lane_of(entry);
            let is_shared = shared.contains(&(lane.clone(), entry.at));
            let is_ambiguous = is_shared || open.remove(&lane);
            if is_shared {
                open.insert(lane.clone());
            }
            let mut one =
                EntryStory { at: entry.at, lane, to: entry.to.clone(), kind: None, from: None, changes: Vec::new() };
            if !is_ambiguous {
                one.kind = Some(word(entry.kind).to_owned());
                one.from.clone_from(&entry.from);
                one.changes = entry.changes.iter().map(|c| (c.field.clone(), c.from.clone(), c.to.clone())).collect();
            }
            one
        })
        .collect();
    told.sort();
    let now = shared.is_empty().then(|| OrderNow {
        name: row.name.clone(),
        status: row.status.clone(),
        status_since: row.status_since,
        lanes: row
            .lanes
            .iter()
            .map(|l| (l.uid.to_string(), l.status.clone(), l.pharmacy_uid.as_ref().map(ToString::to_string)))
            .collect(),
        events: row.events,
        total: row.total.clone(),
    });
    OrderStory { now, entries: told }
}

fn lane_of(entry: &EntryView) -> String {
    entry.lane_uid.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn of_product(levels: &[StockChangeView]) -> Vec<LevelStory> {
    let mut told: Vec<LevelStory> = levels.iter().map(|level| (level.at, level.stock, level.delta)).collect();
    let shared: BTreeSet<Timestamp> = {
        let mut seen = BTreeSet::new();
        told.iter().map(|level| level.0).filter(|at| !seen.insert(*at)).collect()
    };
    if !shared.is_empty() {
        told.iter_mut().for_each(|level| level.2 = None);
    }
    told.sort();
    told
}

fn word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Created => "created",
        EntryKind::StatusChanged => "status_changed",
        EntryKind::HandedOver => "handed_over",
        EntryKind::Updated => "updated",
        EntryKind::Deleted => "deleted",
    }
}
