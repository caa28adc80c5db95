//! An inbox on its way from or to another engine, as far as SQLite is one of the two.
//!
//! Deliberately decides nothing about the order of a migration; that is [`crate::migrate`].

use jiff::Timestamp;
use offizin_wire::{TokenHash, inlet::InletAnswer, pull::Segment};

use super::{
    Sqlite, integer, number,
    registry::{InletRow, bytes, hash, taken},
    time,
};
use crate::log::{InboxId, InboxRecord, LogError, Moving};

impl Sqlite {
    pub(crate) async fn hold(&self, name: &str) -> Result<Moving, LogError> {
        let mut tx = self.write().await?;
        let (key, id, head, version, created_at): (i64, String, i64, i64, i64) = sqlx::query_as(
            "UPDATE inbox SET held = 1, version = version + 1 WHERE name = ? RETURNING key, id, head, version, created_at",
        )
        .bind(name)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(LogError::NameUnknown)?;
        let inlets: Vec<InletRow> = sqlx::query_as(
            "SELECT id, token_hash, created_at, retired_at, deliveries FROM inlet WHERE inbox = ? ORDER BY created_at, id",
        )
        .bind(key)
        .fetch_all(&mut *tx)
        .await?;
        let codes: Vec<(Vec<u8>, i64)> =
            sqlx::query_as("SELECT hash, expires_at FROM pairing_code WHERE inbox = ? AND used_by IS NULL")
                .bind(key)
                .fetch_all(&mut *tx)
                .await?;
        self.commit(tx).await?;
        let id = InboxId::from(id);
        let devices = self.look(&id).await?.devices;
        let inlet = |row: InletRow| Ok((hash(row.token_hash.clone())?, InletAnswer::try_from(row)?));
        Ok(Moving {
            inbox: InboxRecord { id, name: name.to_owned(), head: number(head)?, version: number(version)? },
            created_at: time(created_at)?,
            devices,
            inlets: inlets.into_iter().map(inlet).collect::<Result<_, LogError>>()?,
            codes: codes
                .into_iter()
                .map(|(code, expires_at)| Ok((hash(code)?, time(expires_at)?)))
                .collect::<Result<Vec<(TokenHash, Timestamp)>, LogError>>()?,
        })
    }

    pub(crate) async fn import(&self, moving: &Moving) -> Result<(), LogError> {
        let mut tx = self.write().await?;
        let inserted: Result<i64, _> = sqlx::query_scalar(
            "INSERT INTO inbox (id, name, version, held, created_at) VALUES (?, ?, ?, 1, ?) RETURNING key",
        )
        .bind(moving.inbox.id.as_str())
        .bind(&moving.inbox.name)
        .bind(integer(moving.inbox.version))
        .bind(moving.created_at.as_millisecond())
        .fetch_one(&mut *tx)
        .await;
        let key = match inserted {
            Err(error) if taken(&error) => return Err(LogError::NameTaken),
            inserted => inserted?,
        };
        for device in &moving.devices {
            sqlx::query(
                "INSERT INTO device (id, inbox, name, recipient, token_hash, paired_at, last_seen_at, cursor, acked)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(device.id.as_str())
            .bind(key)
            .bind(&device.name)
            .bind(device.recipient.to_string())
            .bind(bytes(&device.token_hash))
            .bind(device.paired_at.as_millisecond())
            .bind(device.last_seen_at.map(Timestamp::as_millisecond))
            .bind(integer(device.cursor))
            .bind(integer(device.acked))
            .execute(&mut *tx)
            .await?;
        }
        for (token, inlet) in &moving.inlets {
            sqlx::query(
                "INSERT INTO inlet (inbox, id, token_hash, created_at, retired_at, deliveries) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(key)
            .bind(inlet.id.as_str())
            .bind(bytes(token))
            .bind(inlet.created_at.as_millisecond())
            .bind(inlet.retired_at.map(Timestamp::as_millisecond))
            .bind(integer(inlet.deliveries))
            .execute(&mut *tx)
            .await?;
        }
        for (code, expires_at) in &moving.codes {
            sqlx::query("INSERT INTO pairing_code (hash, inbox, expires_at) VALUES (?, ?, ?)")
                .bind(bytes(code))
                .bind(key)
                .bind(expires_at.as_millisecond())
                .execute(&mut *tx)
                .await?;
        }
        self.commit(tx).await
    }

    pub(crate) async fn restore(&self, inbox: &InboxId, segments: Vec<Segment>) -> Result<(), LogError> {
        let mut tx = self.write().await?;
        for segment in segments {
            let size = integer(segment.sealed.len() as u64);
            let key: i64 = sqlx::query_scalar(
                "UPDATE inbox SET head = ?1, segments = segments + 1, bytes = bytes + ?2
                 WHERE id = ?3 AND held = 1 AND head < ?1 RETURNING key",
            )
            .bind(integer(segment.sequence))
            .bind(size)
            .bind(inbox.as_str())
            .fetch_optional(&mut *tx)
            .await?
            .ok_or_else(|| LogError::Unavailable("the segment does not follow".into()))?;
            // How many deliveries were in it is known to the desks; here it was only ever for a statistic.
            sqlx::query(
                "INSERT INTO segment (inbox, sequence, committed_at, deliveries, bytes, sealed) VALUES (?, ?, ?, 0, ?, ?)",
            )
            .bind(key)
            .bind(integer(segment.sequence))
            .bind(segment.committed_at.as_millisecond())
            .bind(size)
            .bind(segment.sealed)
            .execute(&mut *tx)
            .await?;
        }
        self.commit(tx).await
    }

    pub(crate) async fn release(&self, inbox: &InboxId, head: u64) -> Result<(), LogError> {
        let mut tx = self.write().await?;
        sqlx::query("UPDATE inbox SET held = 0, head = max(head, ?), version = version + 1 WHERE id = ?")
            .bind(integer(head))
            .bind(inbox.as_str())
            .execute(&mut *tx)
            .await?;
        self.commit(tx).await
    }
}
