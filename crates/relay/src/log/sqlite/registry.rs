//! The tables `inbox`, `pairing_code`, `device` and `inlet`: who may pull and which addresses exist.

use jiff::Timestamp;
use offizin_wire::{InletId, Recipient, TokenHash, inlet::InletAnswer};

use super::{Sqlite, damaged, number, time};
use crate::log::{
    Candidate, DeviceId, DeviceRecord, InboxId, InboxRecord, InboxSummary, InletPlace, InletRecord, LogError, Records,
    on_hold,
};

/// Columns of [`DeviceRow`].
macro_rules! select_device {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, i.id AS inbox, d.name, d.recipient, d.token_hash, d.paired_at, d.last_seen_at, d.cursor, d.acked \
             FROM device d JOIN inbox i ON i.key = d.inbox ",
            $rest
        )
    };
}

#[derive(sqlx::FromRow)]
struct DeviceRow {
    id: String,
    inbox: String,
    name: String,
    recipient: String,
    token_hash: Vec<u8>,
    paired_at: i64,
    last_seen_at: Option<i64>,
    cursor: i64,
    acked: i64,
}

impl TryFrom<DeviceRow> for DeviceRecord {
    type Error = LogError;

    fn try_from(row: DeviceRow) -> Result<Self, LogError> {
        Ok(Self {
            id: row.id.into(),
            inbox: row.inbox.into(),
            name: row.name,
            recipient: Recipient::try_from(row.recipient).map_err(|_| damaged())?,
            token_hash: hash(row.token_hash)?,
            paired_at: time(row.paired_at)?,
            last_seen_at: row.last_seen_at.map(time).transpose()?,
            cursor: number(row.cursor)?,
            acked: number(row.acked)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct InletRow {
    id: String,
    pub(super) token_hash: Vec<u8>,
    created_at: i64,
    retired_at: Option<i64>,
    deliveries: i64,
}

impl TryFrom<InletRow> for InletAnswer {
    type Error = LogError;

    fn try_from(row: InletRow) -> Result<Self, LogError> {
        Ok(Self {
            id: inlet_id(row.id)?,
            created_at: time(row.created_at)?,
            retired_at: row.retired_at.map(time).transpose()?,
            deliveries: number(row.deliveries)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct SummaryRow {
    inbox: String,
    name: String,
    created_at: i64,
    head: i64,
    devices: i64,
    inlets: i64,
    segments: i64,
    bytes: i64,
}

impl TryFrom<SummaryRow> for InboxSummary {
    type Error = LogError;

    fn try_from(row: SummaryRow) -> Result<Self, LogError> {
        Ok(Self {
            inbox: row.inbox,
            name: row.name,
            created_at: time(row.created_at)?,
            head: number(row.head)?,
            devices: number(row.devices)?,
            inlets: number(row.inlets)?,
            segments: number(row.segments)?,
            bytes: number(row.bytes)?,
        })
    }
}

pub(super) fn hash(bytes: Vec<u8>) -> Result<TokenHash, LogError> {
    bytes.try_into().map(TokenHash).map_err(|_| damaged())
}

fn inlet_id(text: String) -> Result<InletId, LogError> {
    InletId::try_from(text).map_err(|_| damaged())
}

pub(super) fn bytes(hash: &TokenHash) -> &[u8] {
    hash.0.as_slice()
}

pub(super) fn taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// From here on, what is sealed to the devices as they were is refused.
async fn new_version(connection: &mut sqlx::SqliteConnection, inbox: i64) -> Result<(), LogError> {
    sqlx::query("UPDATE inbox SET version = version + 1 WHERE key = ?").bind(inbox).execute(connection).await?;
    Ok(())
}

impl Sqlite {
    pub(crate) async fn records(&self) -> Result<Records, LogError> {
        self.read_records(None).await
    }

    pub(crate) async fn look(&self, inbox: &InboxId) -> Result<Records, LogError> {
        self.read_records(Some(inbox)).await
    }

    /// All inboxes, or one.
    async fn read_records(&self, only: Option<&InboxId>) -> Result<Records, LogError> {
        let only = only.map(InboxId::as_str);
        let mut tx = self.readers.begin().await?;
        let mut records = Records::default();
        let inboxes: Vec<(String, String, i64, i64)> =
            sqlx::query_as("SELECT id, name, head, version FROM inbox WHERE ?1 IS NULL OR id = ?1")
                .bind(only)
                .fetch_all(&mut *tx)
                .await?;
        for (id, name, head, version) in inboxes {
            records.inboxes.push(InboxRecord { id: id.into(), name, head: number(head)?, version: number(version)? });
        }
        let devices: Vec<DeviceRow> =
            sqlx::query_as(select_device!("WHERE d.revoked_at IS NULL AND (?1 IS NULL OR i.id = ?1) ORDER BY d.key"))
                .bind(only)
                .fetch_all(&mut *tx)
                .await?;
        for row in devices {
            records.devices.push(row.try_into()?);
        }
        let inlets: Vec<(String, String, Vec<u8>, bool)> = sqlx::query_as(
            "SELECT i.id, n.id, n.token_hash, n.retired_at IS NOT NULL FROM inlet n JOIN inbox i ON i.key = n.inbox
             WHERE ?1 IS NULL OR i.id = ?1",
        )
        .bind(only)
        .fetch_all(&mut *tx)
        .await?;
        for (inbox, id, token_hash, retired) in inlets {
            records.inlets.push(InletRecord {
                inbox: inbox.into(),
                id: inlet_id(id)?,
                token_hash: hash(token_hash)?,
                retired,
            });
        }
        Ok(records)
    }

    pub(crate) async fn add_inbox(
        &self,
        name: &str,
        code: TokenHash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<InboxId, LogError> {
        let id = InboxId::random()?;
        let mut tx = self.write().await?;
        let inserted: Result<i64, _> =
            sqlx::query_scalar("INSERT INTO inbox (id, name, created_at) VALUES (?, ?, ?) RETURNING key")
                .bind(id.as_str())
                .bind(name)
                .bind(now.as_millisecond())
                .fetch_one(&mut *tx)
                .await;
        let key = match inserted {
            Err(error) if taken(&error) => return Err(LogError::NameTaken),
            inserted => inserted?,
        };
        sqlx::query("INSERT INTO pairing_code (hash, inbox, expires_at) VALUES (?, ?, ?)")
            .bind(bytes(&code))
            .bind(key)
            .bind(expires_at.as_millisecond())
            .execute(&mut *tx)
            .await?;
        self.commit(tx).await?;
        Ok(id)
    }

    pub(crate) async fn add_code(
        &self,
        name: &str,
        code: TokenHash,
        expires_at: Timestamp,
    ) -> Result<InboxId, LogError> {
        let mut tx = self.write().await?;
        let (key, id): (i64, String) = sqlx::query_as("SELECT key, id FROM inbox WHERE name = ?")
            .bind(name)
            .fetch_optional(&mut *tx)
            .await?
            .ok_or(LogError::NameUnknown)?;
        sqlx::query("INSERT INTO pairing_code (hash, inbox, expires_at) VALUES (?, ?, ?)")
            .bind(bytes(&code))
            .bind(key)
            .bind(expires_at.as_millisecond())
            .execute(&mut *tx)
            .await?;
        self.commit(tx).await?;
        Ok(id.into())
    }

    pub(crate) async fn inboxes(&self) -> Result<Vec<InboxSummary>, LogError> {
        let rows: Vec<SummaryRow> = sqlx::query_as(
            "SELECT i.id AS inbox, i.name, i.created_at, i.head, i.segments, i.bytes,
                    (SELECT count(*) FROM device d WHERE d.inbox = i.key AND d.revoked_at IS NULL) AS devices,
                    (SELECT count(*) FROM inlet n WHERE n.inbox = i.key AND n.retired_at IS NULL) AS inlets
             FROM inbox i ORDER BY i.name",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(InboxSummary::try_from).collect()
    }

    pub(crate) async fn remove_inbox(&self, name: &str) -> Result<InboxId, LogError> {
        let key: i64 = sqlx::query_scalar("SELECT key FROM inbox WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.readers)
            .await?
            .ok_or(LogError::NameUnknown)?;
        // In small transactions, so that a relay that serves the other inboxes is not held up; the last one takes
        // what arrived meanwhile.
        while !self.delete_some(key, i64::MAX).await?.is_empty() {}
        let mut tx = self.write().await?;
        let id: Option<String> = sqlx::query_scalar("DELETE FROM inbox WHERE key = ? RETURNING id")
            .bind(key)
            .fetch_optional(&mut *tx)
            .await?;
        self.commit(tx).await?;
        self.give_back().await?;
        id.map(InboxId::from).ok_or(LogError::NameUnknown)
    }

    pub(crate) async fn code(&self, code: TokenHash, now: Timestamp) -> Result<Option<InboxRecord>, LogError> {
        let found: Option<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT i.id, i.name, i.head, i.version FROM pairing_code c JOIN inbox i ON i.key = c.inbox
             WHERE c.hash = ? AND c.expires_at > ?",
        )
        .bind(bytes(&code))
        .bind(now.as_millisecond())
        .fetch_optional(&self.readers)
        .await?;
        let record = |(id, name, head, version): (String, String, i64, i64)| {
            Ok(InboxRecord { id: id.into(), name, head: number(head)?, version: number(version)? })
        };
        found.map(record).transpose()
    }

    pub(crate) async fn pair(&self, candidate: Candidate, now: Timestamp) -> Result<Option<DeviceRecord>, LogError> {
        let mut tx = self.write().await?;
        let code: Option<(i64, i64, bool, Option<i64>)> = sqlx::query_as(
            "SELECT i.key, i.head, i.held, c.used_by FROM pairing_code c JOIN inbox i ON i.key = c.inbox
             WHERE c.hash = ? AND c.expires_at > ?",
        )
        .bind(bytes(&candidate.code))
        .bind(now.as_millisecond())
        .fetch_optional(&mut *tx)
        .await?;
        let Some((inbox, head, held, used_by)) = code else { return Ok(None) };
        if let Some(device) = used_by {
            let known: Option<DeviceRow> = sqlx::query_as(select_device!(
                "WHERE d.key = ? AND d.token_hash = ? AND d.recipient = ? AND d.revoked_at IS NULL"
            ))
            .bind(device)
            .bind(bytes(&candidate.token_hash))
            .bind(candidate.recipient.to_string())
            .fetch_optional(&mut *tx)
            .await?;
            return known.map(DeviceRecord::try_from).transpose();
        }
        if held {
            return Err(on_hold());
        }
        let id = DeviceId::random()?;
        let inserted: Result<i64, _> = sqlx::query_scalar(
            "INSERT INTO device (id, inbox, name, recipient, token_hash, paired_at, last_seen_at, cursor, acked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?7) RETURNING key",
        )
        .bind(id.as_str())
        .bind(inbox)
        .bind(&candidate.name)
        .bind(candidate.recipient.to_string())
        .bind(bytes(&candidate.token_hash))
        .bind(now.as_millisecond())
        .bind(head)
        .fetch_one(&mut *tx)
        .await;
        let device = match inserted {
            // The token belongs to another device; who made it knows, nobody else needs to.
            Err(error) if taken(&error) => return Ok(None),
            inserted => inserted?,
        };
        sqlx::query("UPDATE pairing_code SET used_by = ? WHERE hash = ?")
            .bind(device)
            .bind(bytes(&candidate.code))
            .execute(&mut *tx)
            .await?;
        new_version(&mut tx, inbox).await?;
        let row: DeviceRow = sqlx::query_as(select_device!("WHERE d.key = ?")).bind(device).fetch_one(&mut *tx).await?;
        self.commit(tx).await?;
        row.try_into().map(Some)
    }

    pub(crate) async fn revoke(&self, inbox: &InboxId, device: &str, now: Timestamp) -> Result<bool, LogError> {
        let mut tx = self.write().await?;
        let key: Option<i64> = sqlx::query_scalar(
            "UPDATE device SET revoked_at = coalesce(revoked_at, ?)
             WHERE id = ? AND inbox = (SELECT key FROM inbox WHERE id = ?) RETURNING inbox",
        )
        .bind(now.as_millisecond())
        .bind(device)
        .bind(inbox.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(key) = key {
            new_version(&mut tx, key).await?;
        }
        self.commit(tx).await?;
        Ok(key.is_some())
    }

    pub(crate) async fn rename(&self, inbox: &InboxId, device: &str, name: &str) -> Result<bool, LogError> {
        let mut tx = self.write().await?;
        let renamed = sqlx::query(
            "UPDATE device SET name = ? WHERE id = ? AND revoked_at IS NULL
             AND inbox = (SELECT key FROM inbox WHERE id = ?)",
        )
        .bind(name)
        .bind(device)
        .bind(inbox.as_str())
        .execute(&mut *tx)
        .await?;
        self.commit(tx).await?;
        Ok(renamed.rows_affected() > 0)
    }

    pub(crate) async fn put_inlet(
        &self,
        inbox: &InboxId,
        id: &InletId,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<InletPlace, LogError> {
        let mut tx = self.write().await?;
        let found: Option<(i64, bool)> = sqlx::query_as("SELECT key, held FROM inbox WHERE id = ?")
            .bind(inbox.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        let Some((key, held)) = found else { return Ok(InletPlace::NoInbox) };
        let known: Option<InletRow> = sqlx::query_as(
            "SELECT id, token_hash, created_at, retired_at, deliveries FROM inlet WHERE inbox = ? AND id = ?",
        )
        .bind(key)
        .bind(id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(row) = known {
            return if row.token_hash == bytes(&token) {
                row.try_into().map(InletPlace::Stored)
            } else {
                Ok(InletPlace::Taken)
            };
        }
        if held {
            return Err(on_hold());
        }
        let inserted = sqlx::query("INSERT INTO inlet (inbox, id, token_hash, created_at) VALUES (?, ?, ?, ?)")
            .bind(key)
            .bind(id.as_str())
            .bind(bytes(&token))
            .bind(now.as_millisecond())
            .execute(&mut *tx)
            .await;
        match inserted {
            Err(error) if taken(&error) => return Ok(InletPlace::Taken),
            inserted => inserted?,
        };
        self.commit(tx).await?;
        Ok(InletPlace::Stored(InletAnswer {
            id: id.clone(),
            created_at: time(now.as_millisecond())?,
            retired_at: None,
            deliveries: 0,
        }))
    }

    pub(crate) async fn inlets(&self, inbox: &InboxId) -> Result<Vec<InletAnswer>, LogError> {
        let rows: Vec<InletRow> = sqlx::query_as(
            "SELECT n.id, n.token_hash, n.created_at, n.retired_at, n.deliveries
             FROM inlet n JOIN inbox i ON i.key = n.inbox WHERE i.id = ? ORDER BY n.created_at, n.id",
        )
        .bind(inbox.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.into_iter().map(InletAnswer::try_from).collect()
    }

    pub(crate) async fn retire(
        &self,
        inbox: &InboxId,
        id: &InletId,
        now: Timestamp,
    ) -> Result<Option<TokenHash>, LogError> {
        let mut tx = self.write().await?;
        let token: Option<Vec<u8>> = sqlx::query_scalar(
            "UPDATE inlet SET retired_at = coalesce(retired_at, ?)
             WHERE id = ? AND inbox = (SELECT key FROM inbox WHERE id = ?) RETURNING token_hash",
        )
        .bind(now.as_millisecond())
        .bind(id.as_str())
        .bind(inbox.as_str())
        .fetch_optional(&mut *tx)
        .await?;
        self.commit(tx).await?;
        token.map(hash).transpose()
    }
}
