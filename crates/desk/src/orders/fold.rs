//! The fold of an order: a pure function from the set of its facts to what is shown (step 9 of the journey).
//!
//! It sorts by [`Place`](crate::event::Place), a total order that does not depend on the order of arrival, so any
//! permutation and duplication of the same deliveries ends in the same bytes. It derives transitions by comparing
//! consecutive facts of a lane, because the provider delivers no previous status, actor or reason. It knows no SQL and
//! no network.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::view::{
    AddressView, Attention, ChangeView, EntryKind, EntryView, ItemView, LaneView, Mark, OrderRowView, OrderView,
    PatientView, StatusGroup, TimelineView,
};
use crate::{
    event::{Fact, Trust, at, integer, text},
    id::{LaneUid, OrderUid},
    rxscale::words,
};

/// Received more than this after the event: late.
const LATE_MS: i64 = 24 * 3600 * 1000;
/// Further than this in the future of its receipt: a clock is wrong somewhere.
const FUTURE_MS: i64 = 5 * 60 * 1000;
/// How many field changes an entry shows at the most.
const MAX_CHANGES: usize = 40;

/// An order: its facts by lane, each lane in the order of time.
pub(crate) struct Order {
    uid: OrderUid,
    lanes: BTreeMap<LaneUid, Vec<Fact>>,
}

impl Order {
    /// `facts` in any order, each with the lane it speaks of; `None` where there are none.
    pub(crate) fn new(uid: OrderUid, facts: impl IntoIterator<Item = (LaneUid, Fact)>) -> Option<Self> {
        let mut lanes: BTreeMap<LaneUid, Vec<Fact>> = BTreeMap::new();
        for (lane, fact) in facts {
            lanes.entry(lane).or_default().push(fact);
        }
        for facts in lanes.values_mut() {
            facts.sort_by(|a, b| a.place.cmp(&b.place));
            merge_copies(facts);
        }
        (!lanes.is_empty()).then_some(Self { uid, lanes })
    }

    /// Newest lane first, with the newest fact of each.
    fn newest(&self) -> Vec<(&LaneUid, &Fact)> {
        let mut lanes: Vec<_> = self.lanes.iter().filter_map(|(uid, facts)| Some((uid, facts.last()?))).collect();
        lanes.sort_by(|a, b| b.1.place.cmp(&a.1.place));
        lanes
    }

    /// The lane that stands for the order: the one that changed last among those still open, else the last of all.
    fn leading(&self) -> Option<(&LaneUid, &Fact)> {
        let newest = self.newest();
        newest.iter().find(|(_, fact)| is_open(fact)).or(newest.first()).copied()
    }

    fn lane_views(&self) -> Vec<LaneView> {
        self.newest().into_iter().map(|(uid, fact)| lane_view(uid, fact)).collect()
    }

    /// The row of the list.
    pub(crate) fn row(&self) -> Option<OrderRowView> {
        let (leading_lane, leading) = self.leading()?;
        let facts = || self.lanes.values().flatten();
        let data = &leading.data;
        let entries = self.lane_entries(leading_lane);
        let status = text(data, &["status"]);
        let status_group = words::group(status.as_deref());
        let status_since = entries
            .iter()
            .rev()
            .take_while(|entry| entry.to == status)
            .last()
            .map_or(leading.place.at, |entry| entry.at);
        let items = items(data);
        let shipping = integer(data, &["order", "shipping_costs_amount"]);
        let paid: Option<i64> =
            items.iter().map(|item| item.total_cents).try_fold(0i64, |sum, cents| sum.checked_add(cents?));
        Some(OrderRowView {
            uid: self.uid.clone(),
            connection: leading.connection.clone(),
            name: text(data, &["name"]),
            status_group,
            attention: self.attention(status_group, entries.last()),
            status,
            updated_at: self.newest().first().map_or(leading.place.at, |(_, fact)| fact.place.at),
            status_since,
            received_at: facts().map(|fact| fact.last_receipt_at).max().unwrap_or(leading.last_receipt_at),
            lanes: self.lane_views(),
            delivery_type: text(data, &["delivery_type", "display_name"]),
            priority: integer(data, &["order", "priority"]).unwrap_or(0),
            total_cents: paid.filter(|_| !items.is_empty()).and_then(|paid| paid.checked_add(shipping.unwrap_or(0))),
            currency: text(data, &["order", "shipping_costs_currency"]),
            items: u32::try_from(items.len()).unwrap_or(u32::MAX),
            events: u32::try_from(facts().count()).unwrap_or(u32::MAX),
            trust: facts().map(|fact| fact.trust).min().unwrap_or(Trust::Unsigned),
        })
    }

    fn attention(&self, leading: StatusGroup, newest: Option<&EntryView>) -> Vec<Attention> {
        let mut attention = BTreeSet::new();
        match leading {
            StatusGroup::NeedsAttention => _ = attention.insert(Attention::OnHold),
            StatusGroup::Unknown => _ = attention.insert(Attention::UnknownStatus),
            // No lane is open, and the one that stands for the order was stopped, unless another was finished.
            StatusGroup::Stopped => {
                let finished = self.newest().iter().any(|(_, fact)| group(fact) == StatusGroup::Done);
                if !finished {
                    attention.insert(Attention::CancelledEverywhere);
                }
            }
            _ => {}
        }
        if newest.is_some_and(|entry| entry.marks.contains(&Mark::Backward)) {
            attention.insert(Attention::WentBack);
        }
        attention.into_iter().collect()
    }

    /// The order page without its patient.
    pub(crate) fn view(&self) -> Option<OrderView> {
        let data = &self.leading()?.1.data;
        Some(OrderView {
            row: self.row()?,
            item_list: items(data),
            doctor: text(data, &["doctor_data", "display_name"]),
            shop_order: text(data, &["fulfillment", "order", "shop_order", "external_id"]),
            shipping_cents: integer(data, &["order", "shipping_costs_amount"]),
            prescription_file: text(data, &["prescription_file", "filename"]),
            has_patient: at(data, &["patient_data"]).is_some() || at(data, &["order", "delivery_address"]).is_some(),
        })
    }

    /// The patient, for the one who asked.
    pub(crate) fn patient(&self) -> Option<PatientView> {
        let data = &self.leading()?.1.data;
        let field = |name: &str| text(data, &["patient_data", name]);
        Some(PatientView {
            name: field("display_name"),
            date_of_birth: field("date_of_birth"),
            email: field("email"),
            phone: field("phone_number"),
            delivery_address: address(data, "delivery_address"),
            invoice_address: address(data, "invoice_address"),
        })
    }

    /// Every entry of every lane, oldest first.
    pub(crate) fn timeline(&self) -> TimelineView {
        let mut entries: Vec<_> = self
            .lanes
            .iter()
            .flat_map(|(lane, facts)| facts.iter().map(|fact| fact.place.clone()).zip(self.lane_entries(lane)))
            .collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut entries: Vec<EntryView> = entries.into_iter().map(|(_, entry)| entry).collect();
        mark_out_of_order(&mut entries);
        TimelineView { uid: self.uid.clone(), lanes: self.lane_views(), entries }
    }

    fn lane_entries(&self, lane: &LaneUid) -> Vec<EntryView> {
        let facts = self.lanes.get(lane).map(Vec::as_slice).unwrap_or_default();
        let mut entries: Vec<EntryView> = Vec::with_capacity(facts.len());
        let mut rank = None;
        let mut since = None;
        for (index, fact) in facts.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|i| facts.get(i));
            let same_second = |other: Option<&Fact>| {
                other.is_some_and(|other| other.place.at == fact.place.at && other.event_type == fact.event_type)
            };
            let from = before.and_then(|before| text(&before.data, &["status"]));
            let to = text(&fact.data, &["status"]);
            let moved = before.is_some() && from != to;
            let mut marks = time_marks(fact);
            if same_second(before) || same_second(facts.get(index + 1)) {
                marks.insert(Mark::SameSecond);
            }
            let next_rank = words::rank(to.as_deref());
            let left_an_end = before.is_some_and(|b| matches!(group(b), StatusGroup::Done | StatusGroup::Stopped));
            if moved && (left_an_end || next_rank.is_some() && next_rank < rank) {
                marks.insert(Mark::Backward);
            }
            rank = next_rank.or(rank);
            let dwell_ms = since
                .filter(|_| moved)
                .map(|since: Timestamp| fact.place.at.as_millisecond().saturating_sub(since.as_millisecond()));
            if moved || before.is_none() {
                since = Some(fact.place.at);
            }
            entries.push(EntryView {
                event_id: fact.place.event.clone(),
                lane_uid: lane.clone(),
                pharmacy_name: text(&fact.data, &["pharmacy", "display_name"]),
                at: fact.place.at,
                received_at: fact.place.received_at,
                kind: kind(before, fact, moved),
                from_group: from.as_deref().map(|from| words::group(Some(from))),
                from,
                to_group: words::group(to.as_deref()),
                to,
                dwell_ms,
                trust: fact.trust,
                marks: marks.into_iter().collect(),
                receipts: fact.receipts,
                changes: before.map(|before| changes(&before.data, &fact.data)).unwrap_or_default(),
            });
        }
        mark_out_of_order(&mut entries);
        entries
    }

    /// What the search looks in: names and numbers, folded; never a patient.
    pub(crate) fn search_text(&self) -> String {
        let mut words = BTreeSet::from([self.uid.as_str().to_lowercase()]);
        for (lane, fact) in self.newest() {
            words.insert(lane.as_str().to_lowercase());
            for path in [
                &["name"][..],
                &["pharmacy", "display_name"],
                &["fulfillment", "order", "shop_order", "external_id"],
                &["fulfillment", "external_id"],
            ] {
                words.extend(text(&fact.data, path).map(|word| word.to_lowercase()));
            }
            for item in items(&fact.data) {
                words.extend(item.name.map(|word| word.to_lowercase()));
                words.extend(item.pzn);
            }
        }
        words.into_iter().collect::<Vec<_>>().join("\n")
    }
}

/// The same change, delivered once at organisation and once at pharmacy level, is one entry: the fuller body stays.
/// Two bodies of one connection are never merged.
fn merge_copies(facts: &mut Vec<Fact>) {
    let mut kept: Vec<Fact> = Vec::with_capacity(facts.len());
    for fact in facts.drain(..) {
        let twin = kept.iter_mut().rev().take_while(|k| k.place.at == fact.place.at).find(|k| {
            k.connection != fact.connection
                && k.event_type == fact.event_type
                && k.place.updated_at == fact.place.updated_at
                && without_fulfillment(&k.data).eq(without_fulfillment(&fact.data))
        });
        match twin {
            None => kept.push(fact),
            Some(twin) => {
                let receipts = twin.receipts.saturating_add(fact.receipts);
                let last_receipt_at = twin.last_receipt_at.max(fact.last_receipt_at);
                let trust = twin.trust.min(fact.trust);
                if fact.data.contains_key("fulfillment") && !twin.data.contains_key("fulfillment") {
                    *twin = Fact { place: fact.place.clone().min(twin.place.clone()), ..fact };
                }
                (twin.receipts, twin.last_receipt_at, twin.trust) = (receipts, last_receipt_at, trust);
            }
        }
    }
    *facts = kept;
}

fn without_fulfillment(data: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    data.iter().filter(|(name, _)| *name != "fulfillment")
}

fn group(fact: &Fact) -> StatusGroup {
    words::group(text(&fact.data, &["status"]).as_deref())
}

fn is_deleted(fact: &Fact) -> bool {
    at(&fact.data, &["deleted_at"]).is_some()
}

fn is_open(fact: &Fact) -> bool {
    !matches!(group(fact), StatusGroup::Done | StatusGroup::Stopped) && !is_deleted(fact)
}

fn lane_view(uid: &LaneUid, fact: &Fact) -> LaneView {
    let status = text(&fact.data, &["status"]);
    LaneView {
        uid: uid.clone(),
        name: text(&fact.data, &["name"]),
        status_group: words::group(status.as_deref()),
        status,
        pharmacy_uid: text(&fact.data, &["pharmacy", "uid"]).map(Into::into),
        pharmacy_name: text(&fact.data, &["pharmacy", "display_name"]),
        updated_at: fact.place.at,
        deleted: is_deleted(fact),
    }
}

fn kind(before: Option<&Fact>, fact: &Fact, moved: bool) -> EntryKind {
    if is_deleted(fact) && !before.is_some_and(is_deleted) {
        EntryKind::Deleted
    } else if fact.event_type.ends_with("_created") {
        EntryKind::Created
    } else if moved {
        EntryKind::StatusChanged
    } else {
        EntryKind::Updated
    }
}

fn time_marks(fact: &Fact) -> BTreeSet<Mark> {
    let mut marks = BTreeSet::new();
    let delay = fact.place.received_at.as_millisecond().saturating_sub(fact.place.at.as_millisecond());
    if delay > LATE_MS {
        marks.insert(Mark::Late);
    }
    if delay < -FUTURE_MS {
        marks.insert(Mark::Future);
    }
    if fact.header_mismatch {
        marks.insert(Mark::HeaderMismatch);
    }
    if fact.time_of_receipt {
        marks.insert(Mark::TimeOfReceipt);
    }
    marks
}

/// Marks every entry that was received after one that comes later in time.
fn mark_out_of_order(entries: &mut [EntryView]) {
    let mut earliest_after: Option<Timestamp> = None;
    for entry in entries.iter_mut().rev() {
        let overtaken = earliest_after.is_some_and(|after| after < entry.received_at);
        let position = entry.marks.binary_search(&Mark::OutOfOrder);
        match (overtaken, position) {
            (true, Err(position)) => entry.marks.insert(position, Mark::OutOfOrder),
            (false, Ok(position)) => _ = entry.marks.remove(position),
            _ => {}
        }
        earliest_after = Some(earliest_after.map_or(entry.received_at, |e| e.min(entry.received_at)));
    }
}

fn items(data: &Map<String, Value>) -> Vec<ItemView> {
    let items = at(data, &["order_items"]).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(Value::as_object)
        .map(|item| ItemView {
            name: text(item, &["sku", "display_name"]).or_else(|| text(item, &["sku", "product_display_name"])),
            pzn: text(item, &["sku", "pzn"]),
            amount: integer(item, &["amount"]),
            price_cents: integer(item, &["pharmacy_sku", "price"]),
            total_cents: integer(item, &["total_paid_amount"]),
            stock: integer(item, &["pharmacy_sku", "stock"]),
        })
        .collect()
}

fn address(data: &Map<String, Value>, which: &str) -> Option<AddressView> {
    at(data, &["order", which])?.as_object()?;
    let field = |name: &str| text(data, &["order", which, name]).filter(|text| !text.is_empty());
    let joined = |a: &str, b: &str| match (field(a), field(b)) {
        (Some(a), Some(b)) => Some(format!("{a} {b}")),
        (a, b) => a.or(b),
    };
    Some(AddressView {
        name: joined("first_name", "last_name"),
        street: joined("street", "house_number"),
        additional: field("additional_address"),
        city: joined("zip_code", "city"),
        country: field("country"),
    })
}

/// What differs between two bodies, leaf by leaf. Values below a patient's fields show that they changed, never how.
fn changes(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<ChangeView> {
    let mut leaves: BTreeMap<String, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
    for (name, value) in before {
        walk(name.clone(), value, &mut |path, leaf| leaves.entry(path).or_default().0 = Some(leaf));
    }
    for (name, value) in after {
        walk(name.clone(), value, &mut |path, leaf| leaves.entry(path).or_default().1 = Some(leaf));
    }
    leaves
        .into_iter()
        .filter(|(path, (from, to))| from != to && path != "updated_at" && path != "status")
        .take(MAX_CHANGES)
        .map(|(field, (from, to))| {
            let shown = |value: Option<&Value>| match value? {
                Value::Null => None,
                _ if is_personal(&field) => Some("•••".to_owned()),
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            ChangeView { from: shown(from), to: shown(to), field }
        })
        .filter(|change| change.from != change.to || is_personal(&change.field))
        .collect()
}

fn walk<'a>(path: String, value: &'a Value, leaf: &mut impl FnMut(String, &'a Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(format!("{path}.{name}"), value, leaf)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| walk(format!("{path}[{i}]"), value, leaf))
        }
        _ => leaf(path, value),
    }
}

/// Fields that speak of a person. Free-form `data` may hold anything, so it counts as personal too.
fn is_personal(path: &str) -> bool {
    ["patient_data", "order.delivery_address", "order.invoice_address", "prescription_file", "doctor_data", "data."]
        .iter()
        .any(|prefix| path.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{event::Place, id::ConnectionId};

    const T0: i64 = 1_760_000_000;

    fn at_second(second: i64) -> Timestamp {
        Timestamp::from_second(T0 + second).unwrap()
    }

    /// A fact of lane `po-1` at `second`, received at once; everything else ordinary.
    fn fact(id: u32, second: i64, status: &str) -> Fact {
        let Value::Object(data) = json!({ "uid": "po-1", "status": status, "name": "#1001", "updated_at": T0 + second,
            "order": { "uid": "ord-1", "priority": 0 }, "pharmacy": { "uid": "ph-1", "display_name": "Testapotheke" } })
        else {
            unreachable!()
        };
        Fact {
            place: Place {
                at: at_second(second),
                updated_at: Some(at_second(second)),
                received_at: at_second(second),
                event: format!("{id:032x}").as_str().into(),
            },
            connection: ConnectionId::from("c-1"),
            event_type: if id == 0 { "pharmacy_order_created" } else { "pharmacy_order_updated" }.into(),
            time_of_receipt: false,
            last_receipt_at: at_second(second),
            receipts: 1,
            trust: Trust::Verified,
            header_mismatch: false,
            data,
        }
    }

    fn order(facts: Vec<Fact>) -> Order {
        Order::new("ord-1".into(), facts.into_iter().map(|fact| ("po-1".into(), fact))).unwrap()
    }

    fn life(statuses: &[&str]) -> Vec<Fact> {
        statuses.iter().enumerate().map(|(i, status)| fact(i as u32, i as i64 * 60, status)).collect()
    }

    fn marks(order: &Order) -> Vec<Vec<Mark>> {
        order.timeline().entries.into_iter().map(|entry| entry.marks).collect()
    }

    #[test]
    fn an_ordinary_life_reads_from_status_to_status() {
        let order = order(life(&["init", "waiting for pharmacy", "in-progress", "completed"]));
        let entries = order.timeline().entries;
        let steps: Vec<_> = entries.iter().map(|e| (e.from.as_deref(), e.to.as_deref(), e.dwell_ms)).collect();
        assert_eq!(
            steps,
            [
                (None, Some("init"), None),
                (Some("init"), Some("waiting for pharmacy"), Some(60_000)),
                (Some("waiting for pharmacy"), Some("in-progress"), Some(60_000)),
                (Some("in-progress"), Some("completed"), Some(60_000)),
            ]
        );
        assert_eq!(entries[0].kind, EntryKind::Created);
        assert!(marks(&order).concat().is_empty());
        let row = order.row().unwrap();
        assert_eq!((row.status_group, row.attention.len()), (StatusGroup::Done, 0));
        assert_eq!(row.status_since, at_second(180));
    }

    #[test]
    fn dwell_and_since_count_from_the_change_not_from_the_last_word() {
        let order = order(life(&["init", "in-progress", "in-progress", "completed"]));
        assert_eq!(order.timeline().entries[3].dwell_ms, Some(120_000));
        let open = super::tests::order(life(&["init", "in-progress", "in-progress"]));
        assert_eq!(open.row().unwrap().status_since, at_second(60));
    }

    #[test]
    fn going_backwards_is_marked_and_never_refused() {
        let restart = order(life(&["init", "in-progress", "waiting for pharmacy"]));
        assert_eq!(marks(&restart)[2], [Mark::Backward]);
        assert_eq!(restart.row().unwrap().attention, [Attention::WentBack]);
        let reopened = order(life(&["completed", "cancelled"]));
        assert_eq!(marks(&reopened)[1], [Mark::Backward]);
        // A pause and its end are no step back.
        let held = order(life(&["in-progress", "on-hold", "in-progress"]));
        assert!(marks(&held).concat().is_empty());
        let back_from_hold = order(life(&["in-progress", "on-hold", "waiting for pharmacy"]));
        assert_eq!(marks(&back_from_hold)[2], [Mark::Backward]);
    }

    #[test]
    fn a_re_routed_order_is_one_order_with_two_lanes() {
        let first = life(&["waiting for pharmacy", "cancelled"]).into_iter().map(|f| (LaneUid::from("po-1"), f));
        let second = (10..12).map(|i| (LaneUid::from("po-2"), fact(i, i64::from(i) * 60, "in-progress")));
        let order = Order::new("ord-1".into(), first.chain(second)).unwrap();
        let row = order.row().unwrap();
        let lanes: Vec<_> = row.lanes.iter().map(|lane| (lane.uid.as_str(), lane.status_group)).collect();
        assert_eq!(lanes, [("po-2", StatusGroup::InWork), ("po-1", StatusGroup::Stopped)]);
        assert_eq!((row.status_group, row.attention.len()), (StatusGroup::InWork, 0));
    }

    #[test]
    fn attention_says_why() {
        assert_eq!(order(life(&["in-progress", "on-hold"])).row().unwrap().attention, [Attention::OnHold]);
        assert_eq!(order(life(&["init", "cancelled"])).row().unwrap().attention, [Attention::CancelledEverywhere]);
        assert_eq!(order(life(&["init", "teleported"])).row().unwrap().attention, [Attention::UnknownStatus]);
    }

    #[test]
    fn late_overtaken_and_same_second_are_marked() {
        let mut facts = life(&["init", "pending review", "in-progress"]);
        facts[1].place.received_at = at_second(3 * 24 * 3600);
        facts[2].place.at = facts[1].place.at;
        // The two of one second are told apart by `updated_at`: the late one comes first and was overtaken.
        assert_eq!(
            marks(&order(facts)),
            [vec![], vec![Mark::Late, Mark::OutOfOrder, Mark::SameSecond], vec![Mark::SameSecond]]
        );
    }

    #[test]
    fn changes_name_fields_but_never_people() {
        let mut facts = life(&["init", "init"]);
        facts[0].data.insert("patient_data".into(), json!({ "display_name": "Erika Beispiel", "phone_number": null }));
        facts[1].data.insert("patient_data".into(), json!({ "display_name": "Erika Muster", "phone_number": "0000" }));
        facts[1].data["order"]["priority"] = json!(5);
        let changes = order(facts).timeline().entries[1].changes.clone();
        let shown: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.from.as_deref(), c.to.as_deref())).collect();
        assert_eq!(
            shown,
            [
                ("order.priority", Some("0"), Some("5")),
                ("patient_data.display_name", Some("•••"), Some("•••")),
                ("patient_data.phone_number", None, Some("•••")),
            ]
        );
        let text = format!("{changes:?}");
        assert!(!text.contains("Erika") && !text.contains("0000"));
    }

    #[test]
    fn the_row_and_the_search_name_no_patient() {
        let mut facts = life(&["init"]);
        facts[0].data.insert("patient_data".into(), json!({ "display_name": "Erika Beispiel" }));
        facts[0].data["order"]["delivery_address"] = json!({ "last_name": "Beispiel", "street": "Testweg" });
        let order = order(facts);
        let told = format!("{}{}", serde_json::to_string(&order.view().unwrap()).unwrap(), order.search_text());
        assert!(!told.contains("Beispiel") && !told.contains("Testweg") && !told.to_lowercase().contains("erika"));
        assert_eq!(order.patient().unwrap().name.as_deref(), Some("Erika Beispiel"));
        assert!(order.search_text().contains("testapotheke"));
    }

    #[test]
    fn organisation_and_pharmacy_copies_are_one_entry() {
        let pharmacy = fact(1, 60, "in-progress");
        let mut organisation = Fact { connection: "c-2".into(), ..fact(2, 60, "in-progress") };
        organisation
            .data
            .insert("fulfillment".into(), json!({ "order": { "shop_order": { "external_id": "EXT-1" } } }));
        let order = order(vec![pharmacy, organisation]);
        let entries = order.timeline().entries;
        assert_eq!((entries.len(), entries[0].receipts), (1, 2));
        assert_eq!(order.view().unwrap().shop_order.as_deref(), Some("EXT-1"));
    }

    const STATUSES: &[&str] = &[
        "init",
        "waiting for pharmacy",
        "pending review",
        "on-hold",
        "in-progress",
        "ready_for_pickup",
        "completed",
        "cancelled",
        "teleported",
    ];

    fn histories() -> impl Strategy<Value = Vec<(LaneUid, Fact)>> {
        let one = (0u32..3, 0i64..6, 0i64..3, 0i64..200_000, prop::sample::select(STATUSES), 0u32..2, any::<bool>());
        proptest::collection::vec(one, 1..12).prop_map(|facts| {
            let with_id = facts.into_iter().enumerate().map(|(id, fact)| (id as u32, fact));
            with_id
                .map(|(id, (lane, second, updated, received, status, connection, full))| {
                    let mut fact = fact(id, second, status);
                    fact.place.updated_at = (updated > 0).then(|| at_second(updated));
                    fact.place.received_at = at_second(received);
                    fact.connection = format!("c-{connection}").as_str().into();
                    if full {
                        fact.data.insert("fulfillment".into(), json!({ "uid": "fo-1" }));
                    }
                    (format!("po-{lane}").as_str().into(), fact)
                })
                .collect()
        })
    }

    fn bytes(facts: Vec<(LaneUid, Fact)>) -> String {
        let order = Order::new("ord-1".into(), facts).unwrap();
        let all = (order.row(), order.view(), order.timeline(), order.search_text());
        serde_json::to_string(&all).unwrap()
    }

    proptest! {
        #[test]
        fn any_permutation_folds_to_the_same_bytes(
            (facts, shuffled) in histories().prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        ) {
            prop_assert_eq!(bytes(facts), bytes(shuffled));
        }

        #[test]
        fn the_state_is_the_greatest_fact_of_the_leading_lane(facts in histories()) {
            let order = Order::new("ord-1".into(), facts.clone()).unwrap();
            let row = order.row().unwrap();
            prop_assert!(row.lanes.windows(2).all(|pair| pair[0].updated_at >= pair[1].updated_at));
            for lane in &row.lanes {
                let greatest = facts.iter().filter(|(uid, _)| uid == &lane.uid).map(|(_, f)| &f.place).max().unwrap();
                prop_assert_eq!(lane.updated_at, greatest.at);
            }
            let entries = order.timeline().entries;
            prop_assert!(entries.windows(2).all(|pair| pair[0].at <= pair[1].at));
        }
    }
}
