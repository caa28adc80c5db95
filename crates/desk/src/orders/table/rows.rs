//! Rows of orders in SQL: what the fold made of each order, written where the list and the timeline read it.

use std::collections::{BTreeSet, HashMap};

use sqlx::SqliteConnection;

use super::{facets::Facets, keys::Ids};
use crate::{
    error::Error,
    id::Realm,
    keyword,
    orders::{
        fold::{Order, row::Folded},
        touched::{OrderKey, json},
    },
    pack, rows,
    store::Stored,
};

/// An order as the tables hold it.
pub(super) struct Shown {
    folded: Folded,
    /// JSON of its row.
    view: String,
    /// Bytes of its timeline's JSON, and that packed.
    timeline: (i64, Vec<u8>),
}

impl Shown {
    pub(super) fn of(order: &Order) -> Result<Option<Self>, Error> {
        let Some(folded) = order.folded() else { return Ok(None) };
        let timeline = json(&order.timeline())?;
        let bytes = i64::try_from(timeline.len()).stored("timeline")?;
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
    realm: Realm,
    uid: String,
    id: i64,
    facets: String,
    search: String,
}

pub(super) async fn write_rows(
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
            Some(before) if keeps => serde_json::from_str(&before.facets).stored("facets")?,
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
        let had: BTreeSet<i64> = serde_json::from_str(&row.facets).stored("facets")?;
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
                .push_bind(keyword::of(&folded.row.status_group))
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
