//! The encrypted database: SQLCipher from the first byte, one writer, several readers.
//!
//! WAL with `synchronous=NORMAL`: a crash of the program loses nothing, a power cut may lose the last transactions. That is
//! harmless because the relay keeps what was not acknowledged; before an acknowledgement [`Db::barrier`] forces the
//! log to disk.

use std::{path::Path, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Sqlite, SqlitePool, Transaction,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::error::Error;

pub(crate) type Tx = Transaction<'static, Sqlite>;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The open database.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Db {
    /// Opens or creates the file with a raw 256-bit key (64 hex digits) and brings it to this build's shape.
    pub(crate) async fn open(path: &Path, key: &SecretString) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .pragma("key", format!("\"x'{}'\"", key.expose_secret()))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-16384")
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await?;
        private(path)?;
        MIGRATIONS.run(&writer).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options.create_if_missing(false).pragma("query_only", "ON"))
            .await?;
        Ok(Self { writer, readers })
    }

    /// For queries that change nothing.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.readers
    }

    /// The one write transaction of this process; other processes wait in `BEGIN IMMEDIATE`.
    pub(crate) async fn write(&self) -> Result<Tx, Error> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
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

#[cfg(unix)]
fn private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(Error::Home)
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), Error> {
    Ok(())
}
