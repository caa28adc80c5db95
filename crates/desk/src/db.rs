//! The encrypted database: SQLCipher from the first byte, one writer, several readers.
//!
//! WAL with `synchronous=NORMAL`: a crash of the program loses nothing, a power cut may lose the last transactions. That is
//! harmless because the relay keeps what was not acknowledged; before an acknowledgement [`Db::barrier`] forces the
//! log to disk.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool,
    migrate::Migrator,
    pool::PoolConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{error::Error, home, interrupt, store::StoreError};

/// Memory each connection has for pages of the file, in KiB.
const CACHE_KIB: u32 = 16_384;
/// ... and one that goes through all of it: what is read twice is decrypted once.
const WIDE_CACHE_KIB: u32 = 262_144;

/// What the first migration was called before the first release.
const FIRST_OF_BEFORE: &str = "begin";

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    writer: SqlitePool,
    readers: SqlitePool,
    lock: WriteLock,
}

impl Db {
    /// Opens or creates the file with a raw 256-bit key (64 hex digits) and brings it to this build's shape.
    pub(crate) async fn open(path: &Path, key: &SecretString) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .pragma("key", format!("\"x'{}'\"", key.expose_secret()))
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging();
        probe(&options).await?;
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", format!("-{CACHE_KIB}"))
            .statement_cache_capacity(200);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let readers = async {
            home::make_private(path).await?;
            refuse_old(&writer).await?;
            MIGRATIONS.run(&writer).await?;
            let options = options.create_if_missing(false).pragma("query_only", "ON");
            // They live as long as the desk, for what they hold of the file and of statements is what makes a view quick; and a
            // file cannot hang up, so none is asked whether it is still there.
            let pool = SqlitePoolOptions::new()
                .max_connections(4)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false);
            Ok::<_, Error>(pool.connect_with(options).await?)
        };
        let readers = match readers.await {
            Ok(readers) => readers,
            Err(error) => {
                writer.close().await;
                return Err(error);
            }
        };
        Ok(Self { writer, readers, lock: WriteLock::default() })
    }

    /// For queries that change nothing.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// The one write transaction of this process; other processes wait in `BEGIN IMMEDIATE`.
    pub(crate) async fn write(&self) -> Result<Tx, Error> {
        let mut tx = Tx { connection: self.writer.acquire().await?, open: true, lock: self.lock.clone() };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *tx).await?;
        self.lock.taken();
        Ok(tx)
    }

    /// In debug builds, fails where the caller has a write transaction open: what may wait for a person or another machine
    /// must not keep everybody else from writing.
    pub(crate) fn assert_not_writing(&self, what: &str) {
        debug_assert!(!self.lock.is_mine(), "{what} was asked while a write transaction was open");
    }

    /// Forces everything committed so far to disk: one commit with `synchronous=FULL` syncs the whole log before it.
    pub(crate) async fn barrier(&self) -> Result<(), Error> {
        let mut connection = self.writer.acquire().await?;
        sqlx::query("PRAGMA synchronous=FULL").execute(&mut *connection).await?;
        let synced = sqlx::query(
            "INSERT INTO setting (name, value) VALUES ('barrier', '1') \
             ON CONFLICT (name) DO UPDATE SET value = value + 1",
        )
        .execute(&mut *connection)
        .await;
        sqlx::query("PRAGMA synchronous=NORMAL").execute(&mut *connection).await?;
        synced?;
        Ok(())
    }

    /// A number that changes when another process has written.
    pub(crate) async fn foreign_version(&self) -> Result<i64, Error> {
        // On the writer: its own commits do not move its own counter.
        Ok(sqlx::query_scalar("PRAGMA data_version").fetch_one(&self.writer).await?)
    }

    /// Closes both pools; the log is folded back into the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Does work that goes through the whole file with more memory than usual, and gives it back.
pub(crate) async fn with_room<T>(
    connection: &mut SqliteConnection,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    cache(connection, WIDE_CACHE_KIB).await?;
    let done = work(&mut *connection).await;
    cache(connection, CACHE_KIB).await?;
    sqlx::query("PRAGMA shrink_memory").execute(&mut *connection).await?;
    done
}

/// The tables were made anew before the first release. A database from before that has another first migration, and is
/// left as it is: there is no way from it to these tables but to start over.
async fn refuse_old(writer: &SqlitePool) -> Result<(), Error> {
    let has_any: bool = sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_one(writer)
        .await?;
    if !has_any {
        return Ok(());
    }
    let first: Option<String> =
        sqlx::query_scalar("SELECT description FROM _sqlx_migrations WHERE version = 1").fetch_optional(writer).await?;
    if first.as_deref() == Some(FIRST_OF_BEFORE) { Err(StoreError::Old.into()) } else { Ok(()) }
}

async fn cache(connection: &mut SqliteConnection, kib: u32) -> Result<(), Error> {
    // Negative: SQLite takes a positive number for pages.
    sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA cache_size = -{kib}"))).execute(connection).await?;
    Ok(())
}

/// Reads the first page, so that a wrong key or a damaged file is found out by a connection that is closed and awaited: one
/// that still closes while the process ends is torn down by SQLCipher's own exit handler.
async fn probe(options: &SqliteConnectOptions) -> Result<(), Error> {
    let mut connection = options.connect().await?;
    let read = async {
        // It would write to standard error by itself, for the whole process; the code says what went wrong.
        sqlx::query("PRAGMA cipher_log_level = NONE").execute(&mut connection).await?;
        sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&mut connection).await?;
        Ok::<_, sqlx::Error>(())
    };
    let read = read.await;
    connection.close().await?;
    Ok(read?)
}

/// A write transaction. Dropped before its end it takes its connection with it: after some errors (a full disk) SQLite has
/// rolled back by itself, after others it has not, and a fresh connection is right in both cases.
#[derive(Debug)]
pub(crate) struct Tx {
    connection: PoolConnection<Sqlite>,
    open: bool,
    lock: WriteLock,
}

impl Tx {
    /// Makes it permanent.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.end("COMMIT").await?;
        interrupt::point("commit").await;
        Ok(())
    }

    /// Leaves everything as it was.
    pub(crate) async fn rollback(self) -> Result<(), Error> {
        self.end("ROLLBACK").await
    }

    async fn end(mut self, how: &'static str) -> Result<(), Error> {
        sqlx::query(how).execute(&mut *self).await?;
        self.open = false;
        self.lock.given_back();
        Ok(())
    }
}

impl Deref for Tx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.open {
            self.connection.close_on_drop();
            self.lock.given_back();
        }
    }
}

/// Who has the write transaction, for the assertion above; in release builds it knows nothing. A task may move between
/// threads while it waits, so a task is told by its id; what runs outside of tasks stays on its thread.
#[derive(Clone, Debug, Default)]
struct WriteLock(#[cfg(debug_assertions)] std::sync::Arc<std::sync::Mutex<Option<Holder>>>);

#[cfg(debug_assertions)]
type Holder = (Option<tokio::task::Id>, Option<std::thread::ThreadId>);

#[cfg(debug_assertions)]
impl WriteLock {
    fn caller() -> Holder {
        let task = tokio::task::try_id();
        (task, task.is_none().then(|| std::thread::current().id()))
    }

    fn set(&self, holder: Option<Holder>) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = holder;
    }

    fn taken(&self) {
        self.set(Some(Self::caller()));
    }

    fn given_back(&self) {
        self.set(None);
    }

    fn is_mine(&self) -> bool {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) == Some(Self::caller())
    }
}

#[cfg(not(debug_assertions))]
impl WriteLock {
    fn taken(&self) {}

    fn given_back(&self) {}

    fn is_mine(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    async fn fill(tx: &mut Tx) -> Result<(), Error> {
        for name in 0..64 {
            sqlx::query("INSERT INTO setting (name, value) VALUES (?, hex(randomblob(65536)))")
                .bind(format!("filling {name}"))
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    async fn kept(db: &Db) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM setting WHERE name LIKE 'filling%'")
            .fetch_one(db.reader())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_full_disk_ends_one_transaction_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        for _ in 0..3 {
            let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&db.writer).await.unwrap();
            sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages + 16)))
                .execute(&db.writer)
                .await
                .unwrap();
            let mut tx = db.write().await.unwrap();
            assert_eq!(fill(&mut tx).await.unwrap_err().code(), Code::DiskFull);
            drop(tx);
            assert_eq!(kept(&db).await, 0, "all of it or nothing");
        }
        // There is room again: the desk goes on without being opened anew.
        let mut tx = db.write().await.unwrap();
        fill(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kept(&db).await, 64);
        db.barrier().await.unwrap();
        db.close().await;
    }

    #[tokio::test]
    async fn the_tables_are_those_of_the_snapshot() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        // What FTS5 makes for itself belongs to it.
        let schema: Vec<String> = sqlx::query_scalar(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'order_search\\_%' ESCAPE '\\' \
             AND name <> '_sqlx_migrations' ORDER BY rowid",
        )
        .fetch_all(db.reader())
        .await
        .unwrap();
        insta::assert_snapshot!(schema.join("\n"));
        db.close().await;
    }

    #[tokio::test]
    #[should_panic(expected = "the keyring was asked while a write transaction was open")]
    async fn the_keyring_is_never_asked_under_the_write_lock() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        db.assert_not_writing("the keyring");
        db.write().await.unwrap().rollback().await.unwrap();
        drop(db.write().await.unwrap());
        db.assert_not_writing("the keyring");
        let _tx = db.write().await.unwrap();
        db.assert_not_writing("the keyring");
    }

    #[tokio::test]
    async fn what_is_dropped_or_rolled_back_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        for rolled_back in [true, false] {
            let mut tx = db.write().await.unwrap();
            fill(&mut tx).await.unwrap();
            if rolled_back {
                tx.rollback().await.unwrap();
            }
        }
        assert_eq!(kept(&db).await, 0);
        db.close().await;
    }
}
