//! The administrators' record: who did what, when, and how it ended. Append-only: an act has a row before anything
//! happens and another when it has ended, so that one without an end tells of a crash.
//!
//! It names connections, desks, event types, addresses of relays, fingerprints, and by its id an order a provider was asked of. It
//! never holds content of an event, a secret or a key, and it does not record who *read* what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;
use ts_rs::TS;

mod desk;

pub use crate::ground::Shell;
use crate::{
    error::Error,
    ground::Ground,
    page::{self, Page, PageInput},
    problem::Code,
    time,
};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum AuditAction {
    /// Paired with a relay.
    Pair,
    /// Left the relay.
    Unpair,
    /// Gave a desk of the inbox another name.
    DeviceRename,
    /// Took another desk's right to fetch anything.
    DeviceRevoke,
    /// Added a connection.
    ConnectionAdd,
    /// Changed a connection, or replaced its key.
    ConnectionEdit,
    /// Removed a connection.
    ConnectionRemove,
    /// Registered a subscription.
    SubscriptionRegister,
    /// Asked for a test event.
    SubscriptionTest,
    /// Stored a pasted secret.
    SubscriptionSecret,
    /// Took over a subscription that was made elsewhere.
    SubscriptionAdopt,
    /// Removed a subscription of ours.
    SubscriptionRemove,
    /// Removed a subscription that was made elsewhere.
    ForeignRemove,
    /// Began to rotate a subscription.
    RotationStart,
    /// The new one was proven: the old one was removed.
    RotationSwitch,
    /// The grace period ended.
    RotationFinish,
    /// The new one was given up; the old one never stopped.
    RotationRollBack,
    /// Made an inlet by hand.
    InletAdd,
    /// Stored the secret of an inlet made by hand.
    InletSecret,
    /// Changed the settings of an inlet made by hand.
    InletSet,
    /// Replaced the address of an inlet made by hand.
    InletRotate,
    /// Stored or forgot the key with which orders of an inlet are confirmed.
    InletKey,
    /// Retired an inlet made by hand.
    InletRemove,
    /// Asked a provider's API of an order.
    OrderConfirm,
    /// Changed the rules.
    RulesSet,
    /// Changed how this desk reaches the network.
    NetworkSet,
    /// Folded the journal anew.
    LedgerRebuild,
    /// Set an unreadable database aside and began anew.
    StartOver,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It failed; the code says how.
    Failed,
    /// It was begun and nothing was written after it: it is going on, or the program ended meanwhile.
    Unfinished,
}

/// One act of an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AuditEntryView {
    /// Its place in the record.
    #[ts(type = "number")]
    pub id: i64,
    /// When it began.
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Account of the operating system.
    pub account: String,
    /// Through which shell.
    pub shell: Shell,
    /// What was done.
    pub action: AuditAction,
    /// To what: a connection and an event type, a relay, an inlet.
    pub subject: String,
    /// A fact that belongs to it, such as a fingerprint.
    pub detail: Option<String>,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// How it failed.
    pub code: Option<Code>,
}

/// Does something and records it: before, and after with how it ended. What cannot be recorded is not done.
pub(crate) async fn recorded<T>(
    ground: &Ground,
    action: AuditAction,
    subject: &str,
    detail: Option<String>,
    act: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let begun = begin(ground, action, subject, detail).await?;
    let ended = act.await;
    end(ground, begun, ended.as_ref().err().map(Error::code)).await?;
    ended
}

async fn begin(ground: &Ground, action: AuditAction, subject: &str, detail: Option<String>) -> Result<i64, Error> {
    let mut tx = ground.db().write().await?;
    let id = insert(&mut tx, ground, action, subject, detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes an act into the transaction that does it: with that it is done.
pub(crate) async fn done(
    connection: &mut SqliteConnection,
    ground: &Ground,
    action: AuditAction,
    subject: &str,
    detail: Option<String>,
) -> Result<(), Error> {
    let begun = insert(connection, ground, action, subject, detail).await?;
    close(connection, ground, begun, None).await
}

/// The same for an act of the desk's own, with what led to it in the place of a fact.
pub(crate) async fn done_because(
    connection: &mut SqliteConnection,
    ground: &Ground,
    action: AuditAction,
    subject: &str,
    why: &Error,
) -> Result<(), Error> {
    done(connection, ground, action, subject, Some(why.code().as_str())).await
}

async fn insert(
    connection: &mut SqliteConnection,
    ground: &Ground,
    action: AuditAction,
    subject: &str,
    detail: Option<String>,
) -> Result<i64, Error> {
    let id = sqlx::query_scalar(
        "INSERT INTO audit (at, account, shell, action, subject, detail) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(ground.now().as_millisecond())
    .bind(ground.account())
    .bind(ground.shell())
    .bind(action)
    .bind(subject)
    .bind(detail)
    .fetch_one(connection)
    .await?;
    Ok(id)
}

async fn end(ground: &Ground, begun: i64, code: Option<Code>) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    close(&mut tx, ground, begun, code).await?;
    tx.commit().await
}

/// Writes how an act ended.
async fn close(
    connection: &mut SqliteConnection,
    ground: &Ground,
    begun: i64,
    code: Option<Code>,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO audit (begun, at, account, shell, action, subject, code) \
         SELECT id, ?2, account, shell, action, subject, ?3 FROM audit WHERE id = ?1",
    )
    .bind(begun)
    .bind(ground.now().as_millisecond())
    .bind(code.map(Code::as_str))
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    at: i64,
    account: String,
    shell: Shell,
    action: AuditAction,
    subject: String,
    detail: Option<String>,
    ended: bool,
    code: Option<String>,
}

impl Row {
    fn view(self) -> Result<AuditEntryView, Error> {
        let code: Option<Code> = self.code.and_then(|code| serde_json::from_value(code.into()).ok());
        Ok(AuditEntryView {
            id: self.id,
            at: time::from_ms(self.at)?,
            account: self.account,
            shell: self.shell,
            action: self.action,
            subject: self.subject,
            detail: self.detail,
            outcome: match (self.ended, code) {
                (false, _) => AuditOutcome::Unfinished,
                (true, None) => AuditOutcome::Done,
                (true, Some(_)) => AuditOutcome::Failed,
            },
            code,
        })
    }
}

/// One page of the record, newest first.
pub(crate) async fn list(connection: &mut SqliteConnection, input: &PageInput) -> Result<Page<AuditEntryView>, Error> {
    let before = input.after_key()?.map_or(i64::MAX, |(id, _)| id);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT b.id, b.at, b.account, b.shell, b.action, b.subject, b.detail, e.id IS NOT NULL AS ended, e.code \
         FROM audit b LEFT JOIN audit e ON e.begun = b.id \
         WHERE b.begun IS NULL AND b.id < ? ORDER BY b.id DESC LIMIT ?",
    )
    .bind(before)
    .bind(input.rows() + 1)
    .fetch_all(connection)
    .await?;
    page::page(rows, input.rows(), |row| (row.id, String::new()), Row::view)
}

#[cfg(test)]
mod tests {
    use crate::db::Db;

    #[tokio::test]
    async fn the_record_is_neither_changed_nor_shortened() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        let mut tx = db.write().await.unwrap();
        sqlx::query("INSERT INTO audit (at, account, shell, action, subject) VALUES (0, 'a', 'window', 'pair', 's')")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for forbidden in ["UPDATE audit SET account = 'b'", "DELETE FROM audit", "DELETE FROM audit WHERE id = 1"] {
            let mut tx = db.write().await.unwrap();
            let refused = sqlx::query(sqlx::AssertSqlSafe(forbidden)).execute(&mut *tx).await.unwrap_err();
            assert!(refused.to_string().contains("append-only"), "{forbidden}");
            drop(tx);
        }
        db.close().await;
    }
}
