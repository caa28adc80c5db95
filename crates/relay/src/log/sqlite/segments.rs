//! The table `segment`: append, page, acknowledge, prune (steps 3 and 4 of the journey, on SQLite).

use jiff::Timestamp;
use offizin_wire::pull::{PAGE_SEGMENTS, Segment};

use super::{Sqlite, integer, number, time};
use crate::log::{DeviceId, Filled, Horizon, InboxId, LogError, Page, Place, Pruned, Sealed, read_by_all};

/// Segments deleted in one transaction: short enough that intake does not notice.
const PRUNED_AT_ONCE: i64 = 200;
/// Free pages that stay in the file: the next segments will want them.
const SPARE_PAGES: i64 = 128;
const VACUUM: &str = "PRAGMA incremental_vacuum(256)";

impl Sqlite {
    pub(crate) async fn append(&self, group: Vec<Sealed>, at: Timestamp) -> Result<Vec<Place>, LogError> {
        let mut tx = self.write().await?;
        let mut places = Vec::with_capacity(group.len());
        for segment in group {
            let size = integer(segment.bytes.len() as u64);
            let place: Option<(i64, i64)> = sqlx::query_as(
                "UPDATE inbox SET head = head + 1, segments = segments + 1, bytes = bytes + ?
                 WHERE id = ? AND version <= ? AND held = 0 RETURNING key, head",
            )
            .bind(size)
            .bind(segment.inbox.as_str())
            .bind(integer(segment.version))
            .fetch_optional(&mut *tx)
            .await?;
            let Some((inbox, sequence)) = place else {
                let known: Option<i64> = sqlx::query_scalar("SELECT key FROM inbox WHERE id = ?")
                    .bind(segment.inbox.as_str())
                    .fetch_optional(&mut *tx)
                    .await?;
                places.push(if known.is_some() { Place::Stale } else { Place::NoInbox });
                continue;
            };
            let deliveries: u64 = segment.deliveries.iter().map(|(_, count)| count).sum();
            sqlx::query(
                "INSERT INTO segment (inbox, sequence, committed_at, deliveries, bytes, sealed) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(inbox)
            .bind(sequence)
            .bind(at.as_millisecond())
            .bind(integer(deliveries))
            .bind(size)
            .bind(segment.bytes)
            .execute(&mut *tx)
            .await?;
            for (inlet, count) in &segment.deliveries {
                sqlx::query("UPDATE inlet SET deliveries = deliveries + ? WHERE inbox = ? AND id = ?")
                    .bind(integer(*count))
                    .bind(inbox)
                    .bind(inlet.as_str())
                    .execute(&mut *tx)
                    .await?;
            }
            places.push(Place::At(number(sequence)?));
        }
        self.commit(tx).await?;
        Ok(places)
    }

    pub(crate) async fn page(&self, inbox: &InboxId, after: u64) -> Result<Option<Page>, LogError> {
        // One transaction, so that head and segments are of the same moment.
        let mut tx = self.readers.begin().await?;
        let found: Option<(i64, i64)> = sqlx::query_as("SELECT key, head FROM inbox WHERE id = ?")
            .bind(inbox.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some((key, head)) = found else { return Ok(None) };
        // Sizes first: the sealed bytes beyond the page are never read.
        let sizes: Vec<(i64, i64)> = sqlx::query_as(
            "SELECT sequence, bytes FROM segment WHERE inbox = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        )
        .bind(key)
        .bind(integer(after))
        .bind(integer(PAGE_SEGMENTS as u64))
        .fetch_all(&mut *tx)
        .await?;
        let mut filled = Filled::default();
        let mut last = None;
        for (sequence, bytes) in sizes {
            if !filled.takes(number(bytes)?) {
                break;
            }
            last = Some(sequence);
        }
        let mut segments = Vec::new();
        if let Some(last) = last {
            let rows: Vec<(i64, i64, Vec<u8>)> = sqlx::query_as(
                "SELECT sequence, committed_at, sealed FROM segment WHERE inbox = ? AND sequence > ? AND sequence <= ?
                 ORDER BY sequence",
            )
            .bind(key)
            .bind(integer(after))
            .bind(last)
            .fetch_all(&mut *tx)
            .await?;
            for (sequence, committed_at, sealed) in rows {
                segments.push(Segment { sequence: number(sequence)?, committed_at: time(committed_at)?, sealed });
            }
        }
        Ok(Some(Page { head: number(head)?, segments }))
    }

    pub(crate) async fn ack(&self, device: &DeviceId, cursor: u64, at: Timestamp) -> Result<Option<u64>, LogError> {
        let mut tx = self.write().await?;
        let acked: Option<i64> = sqlx::query_scalar(
            "UPDATE device SET acked = max(acked, ?), last_seen_at = ? WHERE id = ? AND revoked_at IS NULL
             RETURNING acked",
        )
        .bind(integer(cursor))
        .bind(at.as_millisecond())
        .bind(device.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        self.commit(tx).await?;
        acked.map(number).transpose()
    }

    pub(crate) async fn seen(&self, devices: Vec<(DeviceId, Timestamp)>) -> Result<(), LogError> {
        if devices.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for (device, at) in devices {
            sqlx::query("UPDATE device SET last_seen_at = max(coalesce(last_seen_at, 0), ?) WHERE id = ?")
                .bind(at.as_millisecond())
                .bind(device.as_str())
                .execute(&mut *tx)
                .await?;
        }
        self.commit(tx).await
    }

    pub(crate) async fn prune(&self, horizon: Horizon) -> Result<Pruned, LogError> {
        let Horizon { read_before, before, seen_since, now } = horizon;
        let mut pruned = Pruned::default();
        let inboxes: Vec<(i64, i64)> = sqlx::query_as("SELECT key, head FROM inbox").fetch_all(&self.readers).await?;
        for (inbox, head) in inboxes {
            let devices: Vec<(i64, i64)> = sqlx::query_as(
                "SELECT acked, coalesce(last_seen_at, paired_at) FROM device WHERE inbox = ? AND revoked_at IS NULL",
            )
            .bind(inbox)
            .fetch_all(&self.readers)
            .await?;
            let devices = devices.into_iter().map(|(acked, seen)| Ok((number(acked)?, time(seen)?)));
            let devices = devices.collect::<Result<Vec<_>, LogError>>()?;
            let read = integer(read_by_all(number(head)?, &devices, seen_since));
            let old_and_read = self.last_before(inbox, read, read_before).await?;
            let too_old = self.last_before(inbox, head, before).await?;
            let upto = old_and_read.max(too_old);
            loop {
                let deleted = self.delete_some(inbox, upto).await?;
                for (sequence, bytes) in &deleted {
                    pruned.segments += 1;
                    pruned.bytes += number(*bytes)?;
                    pruned.unread += u64::from(*sequence > read);
                }
                if deleted.is_empty() {
                    break;
                }
            }
        }
        sqlx::query("DELETE FROM pairing_code WHERE expires_at <= ?")
            .bind(now.as_millisecond())
            .execute(&self.writer)
            .await?;
        if pruned.segments > 0 {
            self.give_back().await?;
        }
        Ok(pruned)
    }

    /// Deletes the oldest segments of an inbox, `upto` at the most, in one short transaction. Answers sequence and size
    /// of each; nothing is left when it answers nothing.
    pub(super) async fn delete_some(&self, inbox: i64, upto: i64) -> Result<Vec<(i64, i64)>, LogError> {
        let mut tx = self.write().await?;
        let deleted: Vec<(i64, i64)> = sqlx::query_as(
            "DELETE FROM segment WHERE id IN
               (SELECT id FROM segment WHERE inbox = ? AND sequence <= ? ORDER BY sequence LIMIT ?)
             RETURNING sequence, bytes",
        )
        .bind(inbox)
        .bind(upto)
        .bind(PRUNED_AT_ONCE)
        .fetch_all(&mut *tx)
        .await?;
        let (count, bytes) = deleted.iter().fold((0, 0), |(count, sum), (_, bytes)| (count + 1, sum + bytes));
        sqlx::query("UPDATE inbox SET segments = segments - ?, bytes = bytes - ? WHERE key = ?")
            .bind::<i64>(count)
            .bind::<i64>(bytes)
            .bind(inbox)
            .execute(&mut *tx)
            .await?;
        self.commit(tx).await?;
        Ok(deleted)
    }

    /// Gives free pages back to the file system, a few at a time, so that commits get their turn in between.
    pub(super) async fn give_back(&self) -> Result<(), LogError> {
        loop {
            let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&self.writer).await?;
            if free <= SPARE_PAGES {
                return Ok(());
            }
            sqlx::query(VACUUM).execute(&self.writer).await?;
        }
    }

    /// The last sequence, `upto` at the most, before the first segment that is not older than `moment`. Should the
    /// clock ever have been set back, this keeps more rather than less.
    async fn last_before(&self, inbox: i64, upto: i64, moment: Timestamp) -> Result<i64, LogError> {
        let young: Option<i64> = sqlx::query_scalar(
            "SELECT sequence FROM segment WHERE inbox = ? AND sequence <= ? AND committed_at >= ?
             ORDER BY sequence LIMIT 1",
        )
        .bind(inbox)
        .bind(upto)
        .bind(moment.as_millisecond())
        .fetch_optional(&self.readers)
        .await?;
        Ok(young.map_or(upto, |sequence| sequence - 1))
    }

    pub(crate) async fn size(&self) -> Result<(u64, u64), LogError> {
        let (segments, bytes): (i64, i64) =
            sqlx::query_as("SELECT coalesce(sum(segments), 0), coalesce(sum(bytes), 0) FROM inbox")
                .fetch_one(&self.readers)
                .await?;
        Ok((number(segments)?, number(bytes)?))
    }
}
