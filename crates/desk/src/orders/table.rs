//! Orders in SQL: facts in, rows out. The rows are what the fold said; nothing is decided here. [`super::list`] reads them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;
use ts_rs::TS;

use super::{
    fact::OrderFact,
    fold::{Folded, Order},
    lanes,
    view::{Finality, TimelineView},
};
use crate::{
    error::Error,
    event::{Fact, table::FactRow},
    id::{ConnectionId, LaneUid, OrderUid},
    pack,
    problem::Code,
    rows,
};

/// One world of uids: provider and host.
pub(crate) type Realm = String;
pub(super) type LaneKey = (Realm, LaneUid);
pub(super) type OrderKey = (Realm, OrderUid);

/// What a sender's silence on the finality of a rejection means: a setting of its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum Rejections {
    /// It tells final rejections only.
    FinalOnly,
    /// It tells each rejection, up to the final one.
    Each,
    /// Nobody knows: the order stays open.
    #[default]
    NotSure,
}

/// How many orders are read, folded and written at a time.
pub(super) const AT_ONCE: usize = 500;

#[derive(sqlx::FromRow)]
struct OrderFactRow {
    /// Where one order was asked for by a uid that may be another's.
    order_uid: Option<String>,
    realm: String,
    lane_uid: Option<String>,
    parent_uid: Option<String>,
    rejections: Rejections,
    #[sqlx(flatten)]
    fact: FactRow,
}

impl OrderFactRow {
    fn fact(self) -> Result<Fact<OrderFact>, Error> {
        let mut fact: Fact<OrderFact> = self.fact.fact()?;
        fact.data.lane = self.lane_uid.map(Into::into);
        fact.data.parent = self.parent_uid.map(Into::into);
        fact.data.updated_at = fact.place.updated_at;
        if fact.data.meaning.finality == Some(Finality::Unknown) && self.rejections == Rejections::FinalOnly {
            fact.data.meaning.finality = Some(Finality::Final);
        }
        Ok(fact)
    }
}

macro_rules! facts {
    ($order:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $order,
            " AS order_uid, f.realm, e.public_id, e.sender_id AS connection_id, e.event_type, e.at, f.updated_at, e.received_at, \
             e.last_receipt_at, e.receipts, e.trust, e.header_mismatch, f.data, f.lane_uid, f.parent_uid, c.rejections FROM ",
            $from,
            " CROSS JOIN event e ON e.id = f.event_id CROSS JOIN sender c ON c.id = e.sender_id"
        )
    };
}
const FACTS_OF_LANES: &str =
    facts!("NULL", "json_each(?) k CROSS JOIN order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid = k.value ->> 1");
/// What is said of orders as a whole.
const FACTS_OF_ORDERS: &str = facts!(
    "NULL",
    "json_each(?) k CROSS JOIN order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid IS NULL \
     AND f.parent_uid = k.value ->> 1"
);
/// The one order that a uid names.
macro_rules! named {
    () => {
        "WITH key (id, realm, uid) AS (SELECT id, realm, uid FROM (\
             SELECT 0 AS by_lane, id, realm, uid, updated_at FROM order_row WHERE uid = ?1 \
             UNION ALL \
             SELECT 1, o.id, o.realm, o.uid, o.updated_at FROM lane l \
             JOIN order_row o ON o.realm = l.realm AND o.uid = l.order_uid WHERE l.uid = ?1) \
         ORDER BY by_lane, updated_at DESC, realm LIMIT 1) "
    };
}
const TIMELINE_OF_ONE: &str =
    concat!(named!(), "SELECT t.bytes, t.packed FROM key k CROSS JOIN order_timeline t ON t.id = k.id");
/// Both, in one question: this is what whoever opens an order waits for.
const FACTS_OF_ONE: &str = concat!(
    named!(),
    facts!(
        "k.uid",
        "key k CROSS JOIN lane l ON l.realm = k.realm AND l.order_uid = k.uid \
         CROSS JOIN order_fact f ON f.realm = l.realm AND f.lane_uid = l.uid"
    ),
    " UNION ALL ",
    facts!(
        "k.uid",
        "key k CROSS JOIN order_fact f ON f.realm = k.realm AND f.lane_uid IS NULL AND f.parent_uid = k.uid"
    ),
);

async fn facts(
    connection: &mut SqliteConnection,
    query: &'static str,
    keys: &impl serde::Serialize,
) -> Result<Vec<OrderFactRow>, Error> {
    Ok(sqlx::query_as(query).bind(json(keys)?).fetch_all(connection).await?)
}

async fn lanes_of(
    connection: &mut SqliteConnection,
    orders: &[OrderKey],
) -> Result<Vec<(Realm, LaneUid, OrderUid)>, Error> {
    Ok(sqlx::query_as(
        "SELECT l.realm, l.uid, l.order_uid FROM json_each(?) k \
         CROSS JOIN lane l ON l.realm = k.value ->> 0 AND l.order_uid = k.value ->> 1",
    )
    .bind(json(&orders)?)
    .fetch_all(connection)
    .await?)
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|_| Error::Stored("key"))
}

/// What has to be folded again: lanes, and orders that something was said of as a whole.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub(super) lanes: BTreeSet<LaneKey>,
    pub(super) orders: BTreeSet<OrderKey>,
}

impl Touched {
    pub(crate) fn add(&mut self, realm: &str, fact: &OrderFact) {
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

/// Folds what was touched again.
pub(crate) async fn refold(connection: &mut SqliteConnection, touched: &Touched) -> Result<(), Error> {
    let orders: Vec<_> = lanes::place(connection, touched).await?.into_iter().collect();
    let mut facets = Facets::read(connection).await?;
    let fold = |gathered| {
        rows::spread(gathered, |(key, facts): (OrderKey, Vec<OrderFactRow>)| {
            let facts: Result<Vec<_>, Error> = facts.into_iter().map(OrderFactRow::fact).collect();
            let shown = match Order::new(key.1.clone(), facts?) {
                Some(order) => Shown::of(&order)?,
                None => None,
            };
            Ok::<_, Error>((key, shown))
        })
    };
    let mut chunks = orders.chunks(AT_ONCE);
    let mut folding = fold(gathered(connection, chunks.next().unwrap_or_default()).await?);
    loop {
        // While some are folded, the next are read; while those are, the first are written.
        let chunk = chunks.next();
        let next = gathered(connection, chunk.unwrap_or_default()).await?;
        let folded = folding.await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        folding = fold(next);
        write_rows(connection, folded, &mut facets).await?;
        if chunk.is_none() {
            break;
        }
    }
    facets.count(connection).await
}

/// What has to be folded again when a setting changes what the facts of a connection mean.
pub(crate) async fn touched_by(connection: &mut SqliteConnection, id: &ConnectionId) -> Result<Touched, Error> {
    let rows: Vec<(Realm, Option<LaneUid>, Option<OrderUid>)> = sqlx::query_as(
        "SELECT DISTINCT f.realm, f.lane_uid, f.parent_uid FROM order_fact f JOIN event e ON e.id = f.event_id \
         WHERE e.sender_id = ?",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    let mut touched = Touched::default();
    for (realm, lane, parent) in rows {
        touched.add(&realm, &OrderFact { lane, parent, ..OrderFact::default() });
    }
    Ok(touched)
}

/// Every fact of these orders, read but not yet parsed.
async fn gathered(
    connection: &mut SqliteConnection,
    orders: &[OrderKey],
) -> Result<Vec<(OrderKey, Vec<OrderFactRow>)>, Error> {
    let mut gathered: BTreeMap<OrderKey, Vec<OrderFactRow>> =
        orders.iter().map(|order| (order.clone(), Vec::new())).collect();
    let mut order_of: HashMap<(String, String), OrderUid> = HashMap::new();
    for (realm, lane, order) in lanes_of(connection, orders).await? {
        order_of.insert((realm, lane.as_str().to_owned()), order);
    }
    let lanes: Vec<_> = order_of.keys().collect();
    let of_lanes = facts(connection, FACTS_OF_LANES, &lanes).await?;
    for row in of_lanes.into_iter().chain(facts(connection, FACTS_OF_ORDERS, &orders).await?) {
        let order = match &row.lane_uid {
            Some(lane) => order_of.get(&(row.realm.clone(), lane.clone())).cloned(),
            None => row.parent_uid.clone().map(Into::into),
        };
        if let Some(facts) = order.and_then(|order| gathered.get_mut(&(row.realm.clone(), order))) {
            facts.push(row);
        }
    }
    Ok(gathered.into_iter().collect())
}

/// An order as the tables hold it.
struct Shown {
    folded: Folded,
    /// JSON of its row.
    view: String,
    /// Bytes of its timeline's JSON, and that packed.
    timeline: (i64, Vec<u8>),
}

impl Shown {
    fn of(order: &Order) -> Result<Option<Self>, Error> {
        let Some(folded) = order.folded() else { return Ok(None) };
        let timeline = json(&order.timeline())?;
        let bytes = i64::try_from(timeline.len()).map_err(|_| Error::Stored("timeline"))?;
        Ok(Some(Self { view: json(&folded.row)?, folded, timeline: (bytes, pack::pack(timeline.as_bytes())) }))
    }
}

/// What is written of one order: its id, its key, its facets.
struct NewRow {
    id: i64,
    key: OrderKey,
    facets: String,
    shown: Shown,
}

#[derive(sqlx::FromRow)]
struct OldRow {
    realm: String,
    uid: String,
    id: i64,
    facets: String,
    search: String,
}

async fn write_rows(
    connection: &mut SqliteConnection,
    folded: Vec<(OrderKey, Option<Shown>)>,
    facets: &mut Facets,
) -> Result<(), Error> {
    let keys: Vec<_> = folded.iter().map(|(key, _)| key).collect();
    let old: Vec<OldRow> = sqlx::query_as(
        "SELECT o.realm, o.uid, o.id, o.facets, o.search FROM json_each(?) k \
         CROSS JOIN order_row o ON o.realm = k.value ->> 0 AND o.uid = k.value ->> 1",
    )
    .bind(json(&keys)?)
    .fetch_all(&mut *connection)
    .await?;
    let mut old: HashMap<OrderKey, OldRow> =
        old.into_iter().map(|row| ((row.realm.clone(), row.uid.as_str().into()), row)).collect();
    let mut new_rows = Vec::with_capacity(folded.len());
    let (mut gone, mut words, mut lost, mut gained) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let wanted = folded.iter().filter_map(|(key, shown)| Some(Ids::wanted(key, shown.as_ref()?.folded.begun)));
    let mut ids = Ids::among(connection, &wanted.collect::<Vec<_>>()).await?;
    for (key, shown) in folded {
        let before = old.remove(&key);
        let Some(shown) = shown else {
            gone.extend(before);
            continue;
        };
        let folded = &shown.folded;
        let keeps = before.as_ref().is_some_and(|before| Ids::begins(before.id) == Ids::begin(folded.begun));
        let id = match &before {
            Some(before) if keeps => before.id,
            _ => ids.free(connection, &key, folded.begun).await?,
        };
        let has = facets.of(connection, folded).await?;
        let had: BTreeSet<i64> = match &before {
            Some(before) if keeps => serde_json::from_str(&before.facets).map_err(|_| Error::Stored("facets"))?,
            _ => BTreeSet::new(),
        };
        lost.extend(had.difference(&has).map(|facet| (*facet, id)));
        gained.extend(has.difference(&had).map(|facet| (*facet, id)));
        if !keeps || before.as_ref().is_none_or(|before| before.search != folded.words) {
            words.push((id, folded.words.clone(), keeps));
        }
        gone.extend(before.filter(|_| !keeps));
        new_rows.push(NewRow { id, key, facets: json(&has)?, shown });
    }
    for row in gone {
        let had: BTreeSet<i64> = serde_json::from_str(&row.facets).map_err(|_| Error::Stored("facets"))?;
        lost.extend(had.into_iter().map(|facet| (facet, row.id)));
        for delete in [
            "DELETE FROM order_row WHERE id = ?",
            "DELETE FROM order_timeline WHERE id = ?",
            "DELETE FROM order_search WHERE rowid = ?",
        ] {
            sqlx::query(delete).bind(row.id).execute(&mut *connection).await?;
        }
    }
    insert_rows(connection, &new_rows).await?;
    for (id, _, _) in words.iter().filter(|(_, _, was_there)| *was_there) {
        sqlx::query("DELETE FROM order_search WHERE rowid = ?").bind(id).execute(&mut *connection).await?;
    }
    rows::insert(connection, "INSERT INTO order_search (rowid, words) ", &words, "", |row, (id, words, _)| {
        row.push_bind(*id).push_bind(words);
    })
    .await?;
    facets.move_orders(connection, &lost, &gained).await
}

async fn insert_rows(connection: &mut SqliteConnection, new_rows: &[NewRow]) -> Result<(), Error> {
    rows::insert(
        connection,
        "INSERT INTO order_row (id, realm, uid, updated_at, status_since, status_group, open, facets, view, search) ",
        new_rows,
        " ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at, status_since = excluded.status_since, \
         status_group = excluded.status_group, open = excluded.open, facets = excluded.facets, view = excluded.view, \
         search = excluded.search",
        |row, NewRow { id, key: (realm, uid), facets, shown: Shown { folded, view, .. } }| {
            row.push_bind(*id)
                .push_bind(realm)
                .push_bind(uid)
                .push_bind(folded.row.updated_at.as_millisecond())
                .push_bind(folded.row.status_since.as_millisecond())
                .push_bind(word(&folded.row.status_group))
                .push_bind(folded.is_open)
                .push_bind(facets)
                .push_bind(view)
                .push_bind(&folded.words);
        },
    )
    .await?;
    let keep = " ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes, packed = excluded.packed";
    rows::insert(connection, "INSERT INTO order_timeline (id, bytes, packed) ", new_rows, keep, |row, new| {
        let (bytes, packed) = &new.shown.timeline;
        row.push_bind(new.id).push_bind(*bytes).push_bind(packed);
    })
    .await?;
    Ok(())
}

/// Keys of orders: when an order began, and behind it as many bits of its uid as fit, so that newer orders have greater keys.
struct Ids {
    /// Of those wanted.
    taken: HashSet<i64>,
    given: HashSet<i64>,
}

impl Ids {
    const UID_BITS: u32 = 20;

    fn begin(at: Timestamp) -> i64 {
        at.as_millisecond().clamp(0, (1 << (63 - Self::UID_BITS)) - 1)
    }

    /// When the order of this key began.
    fn begins(id: i64) -> i64 {
        id >> Self::UID_BITS
    }

    /// The key an order should have.
    fn wanted((realm, uid): &OrderKey, begun: Timestamp) -> i64 {
        let digest = Sha256::new().chain_update(realm).chain_update([0]).chain_update(uid.as_str()).finalize();
        let bits = digest.iter().take(3).fold(0i64, |bits, byte| bits << 8 | i64::from(*byte)) >> 4;
        Self::begin(begun) << Self::UID_BITS | bits
    }

    async fn among(connection: &mut SqliteConnection, wanted: &[i64]) -> Result<Self, Error> {
        Ok(Self { taken: Self::taken(connection, wanted).await?, given: HashSet::new() })
    }

    async fn taken(connection: &mut SqliteConnection, ids: &[i64]) -> Result<HashSet<i64>, Error> {
        let taken: Vec<i64> =
            sqlx::query_scalar("SELECT o.id FROM json_each(?) k CROSS JOIN order_row o ON o.id = k.value")
                .bind(json(&ids)?)
                .fetch_all(connection)
                .await?;
        Ok(taken.into_iter().collect())
    }

    /// The key of an order, or the next one that nobody has.
    async fn free(
        &mut self,
        connection: &mut SqliteConnection,
        key: &OrderKey,
        begun: Timestamp,
    ) -> Result<i64, Error> {
        let mut id = Self::wanted(key, begun);
        let mut is_taken = self.taken.contains(&id);
        while is_taken || !self.given.insert(id) {
            id = id.wrapping_add(1) & i64::MAX;
            is_taken = !Self::taken(connection, &[id]).await?.is_empty();
        }
        Ok(id)
    }
}

/// The least key of an order that began at this moment or later.
pub(super) fn first_key(begun_ms: i64) -> i64 {
    Timestamp::from_millisecond(begun_ms).map_or(0, |at| Ids::begin(at) << Ids::UID_BITS)
}

/// How well a label names a value: a name better than a short code, anything better than the value itself. Whichever is heard
/// first, the same one stays.
fn naming<'a>(label: &'a str, value: &str) -> (bool, usize, &'a str) {
    (label != value, label.chars().count(), label)
}

/// The values orders can be filtered by, and how many orders have each.
struct Facets {
    /// The id of each value, and its name as far as one was heard.
    ids: HashMap<(String, String), (i64, String)>,
    counts: BTreeMap<i64, i64>,
}

impl Facets {
    async fn read(connection: &mut SqliteConnection) -> Result<Self, Error> {
        let rows: Vec<(i64, String, String, String)> =
            sqlx::query_as("SELECT id, kind, value, label FROM facet ORDER BY id").fetch_all(connection).await?;
        let ids = rows.into_iter().map(|(id, kind, value, label)| ((kind, value), (id, label))).collect();
        Ok(Self { ids, counts: BTreeMap::new() })
    }

    async fn of(&mut self, connection: &mut SqliteConnection, folded: &Folded) -> Result<BTreeSet<i64>, Error> {
        let mut has = BTreeSet::new();
        for facet in &folded.facets {
            let key = (facet.kind.to_owned(), facet.value.clone());
            let id = match self.ids.get_mut(&key) {
                Some((id, label)) => {
                    if naming(&facet.label, &facet.value) > naming(label, &facet.value) {
                        sqlx::query("UPDATE facet SET label = ? WHERE id = ?")
                            .bind(&facet.label)
                            .bind(*id)
                            .execute(&mut *connection)
                            .await?;
                        label.clone_from(&facet.label);
                    }
                    *id
                }
                None => {
                    let id = sqlx::query_scalar("INSERT INTO facet (kind, value, label) VALUES (?, ?, ?) RETURNING id")
                        .bind(facet.kind)
                        .bind(&facet.value)
                        .bind(&facet.label)
                        .fetch_one(&mut *connection)
                        .await?;
                    self.ids.insert(key, (id, facet.label.clone()));
                    id
                }
            };
            has.insert(id);
        }
        Ok(has)
    }

    async fn move_orders(
        &mut self,
        connection: &mut SqliteConnection,
        lost: &[(i64, i64)],
        gained: &[(i64, i64)],
    ) -> Result<(), Error> {
        for (facet, _) in lost {
            *self.counts.entry(*facet).or_default() -= 1;
        }
        for (facet, _) in gained {
            *self.counts.entry(*facet).or_default() += 1;
        }
        sqlx::query(
            "DELETE FROM order_facet WHERE (facet, id) IN (SELECT k.value ->> 0, k.value ->> 1 FROM json_each(?) k)",
        )
        .bind(json(&lost)?)
        .execute(&mut *connection)
        .await?;
        rows::insert(connection, "INSERT INTO order_facet (facet, id) ", gained, "", |row, (facet, id)| {
            row.push_bind(*facet).push_bind(*id);
        })
        .await?;
        Ok(())
    }

    async fn count(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        for (facet, more) in self.counts.into_iter().filter(|(_, more)| *more != 0) {
            sqlx::query("UPDATE facet SET orders = orders + ? WHERE id = ?")
                .bind(more)
                .bind(facet)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The order of this uid, else the one that owns the lane of this uid: at some providers ids are unique per kind only. The one
/// that changed last where several realms have it.
pub(crate) async fn find(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<Order, Error> {
    Ok(find_in(connection, uid).await?.1)
}

/// The same, and the realm it was found in.
pub(super) async fn find_in(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<(Realm, Order), Error> {
    let rows: Vec<OrderFactRow> = sqlx::query_as(FACTS_OF_ONE).bind(uid).fetch_all(connection).await?;
    let first = rows.first().ok_or(Error::Plain(Code::OrderUnknown))?;
    let (realm, key) = (first.realm.clone(), first.order_uid.clone().ok_or(Error::Plain(Code::OrderUnknown))?);
    let facts = rows.into_iter().map(OrderFactRow::fact).collect::<Result<Vec<_>, _>>()?;
    let order = Order::new(key.into(), facts).ok_or(Error::Plain(Code::OrderUnknown))?;
    Ok((realm, order))
}

/// The timeline of the order that [`find`] finds, as the fold left it.
pub(crate) async fn timeline(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<TimelineView, Error> {
    let stored: Option<(i64, Vec<u8>)> = sqlx::query_as(TIMELINE_OF_ONE).bind(uid).fetch_optional(connection).await?;
    let (bytes, packed) = stored.ok_or(Error::Plain(Code::OrderUnknown))?;
    let json = pack::unpack(&packed, bytes).ok_or(Error::Stored("timeline"))?;
    serde_json::from_slice(&json).map_err(|_| Error::Stored("timeline"))
}

/// Writes what events say about orders.
pub(crate) async fn insert_facts(
    connection: &mut SqliteConnection,
    facts: &[(i64, &str, &OrderFact)],
) -> Result<(), Error> {
    let mut packed = Vec::with_capacity(facts.len());
    for (event, realm, fact) in facts {
        packed.push((*event, *realm, *fact, json(fact)?));
    }
    rows::insert(
        connection,
        "INSERT INTO order_fact (event_id, realm, lane_uid, parent_uid, updated_at, name, data) ",
        &packed,
        "",
        |row, (event, realm, fact, data)| {
            row.push_bind(*event)
                .push_bind(*realm)
                .push_bind(&fact.lane)
                .push_bind(&fact.parent)
                .push_bind(fact.updated_at.map(Timestamp::as_millisecond))
                .push_bind(&fact.name)
                .push_bind(data);
        },
    )
    .await?;
    let handovers: Vec<_> = facts
        .iter()
        .flat_map(|(event, realm, fact)| fact.successors.iter().map(move |successor| (*event, *realm, successor)))
        .collect();
    rows::insert(
        connection,
        "INSERT OR IGNORE INTO order_handover (event_id, realm, successor) ",
        &handovers,
        "",
        |row, (event, realm, successor)| {
            row.push_bind(*event).push_bind(*realm).push_bind(*successor);
        },
    )
    .await?;
    Ok(())
}

/// Throws everything away that the fold made.
pub(crate) async fn clear(connection: &mut SqliteConnection) -> Result<(), Error> {
    for clear in [
        "DELETE FROM order_handover",
        "DELETE FROM order_fact",
        "DELETE FROM lane",
        "DELETE FROM order_row",
        "DELETE FROM order_timeline",
        "DELETE FROM order_facet",
        "DELETE FROM facet",
        "INSERT INTO order_search (order_search) VALUES ('delete-all')",
    ] {
        sqlx::query(clear).execute(&mut *connection).await?;
    }
    Ok(())
}
