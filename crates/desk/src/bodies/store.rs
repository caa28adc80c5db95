//! The tables of bodies: `body`, `body_cut`, `attachment`. What was written is never changed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use sqlx::SqliteConnection;

use super::cut::{Body, Packed, Piece, join};
use crate::{error::Error, rows};

/// Writes the bodies of new events. What several of them share is written once.
pub(crate) async fn insert(connection: &mut SqliteConnection, bodies: &[(i64, &Body)]) -> Result<(), Error> {
    let mut attachments = HashMap::new();
    let mut cuts = Vec::new();
    for (event, body) in bodies {
        for (number, cut) in body.cuts.iter().enumerate() {
            let id = match attachments.get(&cut.hash) {
                Some(id) => *id,
                None => attachment(connection, &cut.hash, cut.bytes, &cut.packed).await?,
            };
            attachments.insert(cut.hash, id);
            cuts.push((*event, stored(number), stored(cut.place), id, cut.escaped));
        }
    }
    rows::insert(connection, "INSERT INTO body (event_id, own_bytes, packed) ", bodies, "", |row, (id, body)| {
        row.push_bind(*id).push_bind(stored(body.own_bytes)).push_bind(body.packed.as_slice());
    })
    .await?;
    let head = "INSERT INTO body_cut (event_id, number, place, attachment, escaped) ";
    rows::insert(connection, head, &cuts, "", |row, (event, number, place, attachment, escaped)| {
        row.push_bind(*event).push_bind(*number).push_bind(*place).push_bind(*attachment).push_bind(*escaped);
    })
    .await?;
    Ok(())
}

/// The row of a content, written if it is not there. It is asked for first: an upsert would write the whole content again.
async fn attachment(
    connection: &mut SqliteConnection,
    hash: &[u8; 32],
    bytes: usize,
    packed: &[u8],
) -> Result<i64, Error> {
    let known: Option<i64> = sqlx::query_scalar("SELECT id FROM attachment WHERE hash = ?")
        .bind(hash.as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let id = sqlx::query_scalar("INSERT INTO attachment (hash, bytes, packed) VALUES (?, ?, ?) RETURNING id")
        .bind(hash.as_slice())
        .bind(stored(bytes))
        .bind(packed)
        .fetch_one(connection)
        .await?;
    Ok(id)
}

fn stored(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A body as it was read, with everything that belongs into it.
#[derive(Debug)]
pub(crate) struct Kept {
    own: Packed,
    pieces: Vec<Piece>,
    bytes: i64,
}

impl Kept {
    /// The raw body, or `None` where it is damaged. It takes a while where the body is large: not on the runtime's threads
    /// where there are many.
    pub(crate) fn raw(&self) -> Option<Vec<u8>> {
        join(&self.own, &self.pieces, self.bytes)
    }
}

/// The raw body of one event, by its row; `None` where there is none or it is damaged.
pub(crate) async fn read(connection: &mut SqliteConnection, event: i64) -> Result<Option<Vec<u8>>, Error> {
    Ok(kept(connection, event, event).await?.remove(&event).and_then(|kept| kept.raw()))
}

/// The bodies of the events from one row to another, both included.
pub(crate) async fn kept(
    connection: &mut SqliteConnection,
    first: i64,
    last: i64,
) -> Result<BTreeMap<i64, Kept>, Error> {
    let bodies: Vec<(i64, i64, i64, Vec<u8>)> = sqlx::query_as(
        "SELECT b.event_id, e.body_bytes, b.own_bytes, b.packed FROM body b CROSS JOIN event e ON e.id = b.event_id \
         WHERE b.event_id BETWEEN ? AND ?",
    )
    .bind(first)
    .bind(last)
    .fetch_all(&mut *connection)
    .await?;
    let is_cut = bodies.iter().any(|(_, bytes, own_bytes, _)| bytes != own_bytes);
    let mut kept: BTreeMap<i64, Kept> = bodies
        .into_iter()
        .map(|(id, bytes, own_bytes, packed)| {
            (id, Kept { own: Packed { bytes: own_bytes, packed }, pieces: Vec::new(), bytes })
        })
        .collect();
    if !is_cut {
        return Ok(kept);
    }
    let cuts: Vec<(i64, i64, i64, bool)> = sqlx::query_as(
        "SELECT event_id, place, attachment, escaped FROM body_cut WHERE event_id BETWEEN ? AND ? \
         ORDER BY event_id, number",
    )
    .bind(first)
    .bind(last)
    .fetch_all(&mut *connection)
    .await?;
    let mut contents = HashMap::new();
    for id in cuts.iter().map(|cut| cut.2).collect::<HashSet<_>>() {
        let (bytes, packed): (i64, Vec<u8>) = sqlx::query_as("SELECT bytes, packed FROM attachment WHERE id = ?")
            .bind(id)
            .fetch_one(&mut *connection)
            .await?;
        contents.insert(id, Arc::new(Packed { bytes, packed }));
    }
    for (event, place, attachment, escaped) in cuts {
        let (Some(kept), Some(content)) = (kept.get_mut(&event), contents.get(&attachment)) else { continue };
        // A place that is no number is damage; the length then tells.
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        kept.pieces.push(Piece { place, escaped, content: Arc::clone(content) });
    }
    Ok(kept)
}
