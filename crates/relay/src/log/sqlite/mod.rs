//! The log in one SQLite file: for a relay on one host.
//!
//! One writer connection (`BEGIN IMMEDIATE`), several readers, WAL, `synchronous=FULL`: when a commit returns, the
//! write-ahead log was flushed to the disk. Owns opening, migrating, claiming and probing the file; the tables are in
//! [`segments`] and [`registry`]. It deliberately keeps nothing in memory: other processes change the file too.

mod moving;
mod registry;
mod segments;

use std::{
    fs::{File, OpenOptions},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{
    ConnectOptions, Connection, Sqlite as Engine, SqliteConnection, SqlitePool,
    migrate::MigrateError,
    pool::PoolConnection,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::LogError;

/// What the first migration was called in relays from before the first release. Its tables are not ours.
const FIRST_OF_BEFORE: &str = "relay";
const PAGE_SIZE: u32 = 4096;
const READERS: u32 = 4;
/// How long one process waits for the other's transaction.
pub(crate) const BUSY: Duration = Duration::from_secs(8);
/// What a probe writes: large enough that a full store cannot take it from pages it still has.
const PROBE_BYTES: i64 = 64 * 1024;

/// The engine.
pub(crate) struct Sqlite {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    claim: Mutex<Option<File>>,
    /// A commit failed for a reason that leaves open what the disk holds.
    doubtful: AtomicBool,
}

impl Sqlite {
    /// Opens the file, creating it (0600, in a directory 0700) and bringing its tables up to date.
    pub(crate) async fn open(path: &Path, largest: Option<u64>) -> Result<Self, LogError> {
        Self::open_patiently(path, largest, BUSY).await
    }

    /// The same, waiting for other processes only so long.
    pub(crate) async fn open_patiently(path: &Path, largest: Option<u64>, busy: Duration) -> Result<Self, LogError> {
        create_private(path).map_err(|error| LogError::Unavailable(format!("{}: {error}", path.display())))?;
        // Two processes may open a fresh file at the same moment; the second finds the work done on its next try.
        let mut tries = 0;
        loop {
            match Self::open_once(path, largest, busy).await {
                Ok(log) => return Ok(log),
                Err(LogError::Unavailable(_)) if tries < 4 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn open_once(path: &Path, largest: Option<u64>, busy: Duration) -> Result<Self, LogError> {
        refuse_old(path, busy).await?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .page_size(PAGE_SIZE)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("journal_size_limit", (64 * 1024 * 1024).to_string())
            .busy_timeout(busy)
            .disable_statement_logging();
        let mut writing = options.clone();
        if let Some(bytes) = largest {
            writing = writing.pragma("max_page_count", (bytes / u64::from(PAGE_SIZE)).max(64).to_string());
        }
        let writer = pool(1, busy).connect_with(writing).await?;
        if let Err(error) = sqlx::migrate!("./migrations").run(&writer).await {
            writer.close().await;
            return Err(match error {
                MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => LogError::Newer,
                error => LogError::Unavailable(error.to_string()),
            });
        }
        let readers = pool(READERS, busy).connect_with(options.pragma("query_only", "on")).await?;
        Ok(Self { path: path.into(), writer, readers, claim: Mutex::new(None), doubtful: AtomicBool::new(false) })
    }

    /// A writing transaction. Nobody else writes until it ends.
    async fn write(&self) -> Result<Writing, LogError> {
        if self.doubtful.load(Ordering::Acquire) {
            // After a failed flush the kernel may believe pages to be on disk that are not, and the next flush would
            // succeed without them. Copying the whole write-ahead log into the file and flushing that ends the doubt.
            let (busy, _, _): (i64, i64, i64) =
                sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&self.writer).await?;
            if busy != 0 {
                return Err(LogError::Unavailable("the log is being recovered".into()));
            }
            self.doubtful.store(false, Ordering::Release);
        }
        let mut writing = Writing { connection: self.writer.acquire().await?, open: true };
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *writing).await?;
        Ok(writing)
    }

    /// Makes it durable.
    async fn commit(&self, mut writing: Writing) -> Result<(), LogError> {
        match sqlx::query("COMMIT").execute(&mut *writing).await {
            Ok(_) => {
                writing.open = false;
                Ok(())
            }
            Err(error) => {
                if io_failed(&error) {
                    self.doubtful.store(true, Ordering::Release);
                }
                Err(error.into())
            }
        }
    }

    /// One consistent copy, while others write.
    pub(crate) async fn copy_into(&self, to: &Path) -> Result<(), LogError> {
        let unusable = |error: &dyn std::fmt::Display| LogError::Unavailable(format!("{}: {error}", to.display()));
        create_private(to).map_err(|error| unusable(&error))?;
        let name = to.to_str().ok_or_else(|| unusable(&"the name is not text"))?;
        sqlx::query("VACUUM INTO ?").bind(name).execute(&self.writer).await?;
        Ok(())
    }

    pub(crate) async fn probe(&self) -> Result<(), LogError> {
        let mut tx = self.write().await?;
        sqlx::query("INSERT INTO probe (filling) VALUES (zeroblob(?))").bind(PROBE_BYTES).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM probe").execute(&mut *tx).await?;
        self.commit(tx).await
    }

    /// Everything is read and written; the claim is given up.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        self.claim.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(crate) fn claim(&self) -> Result<(), LogError> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        private(&mut options);
        let file = options.open(path).map_err(|error| LogError::Unavailable(error.to_string()))?;
        file.try_lock().map_err(|_| LogError::Claimed)?;
        *self.claim.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }
}

/// Refuses a store from before the first release, and leaves it as it is: its operator may still need it, with the relay
/// that made it. So this comes before the first pragma, on a connection of its own that cannot write.
pub(crate) async fn refuse_old(path: &Path, busy: Duration) -> Result<(), LogError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        // Without a write-ahead log, everything is in the file. SQLite would make an empty one just to read.
        .immutable(!has_log)
        .busy_timeout(busy)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    let first = first_migration(&mut connection).await;
    connection.close().await?;
    if first?.as_deref() == Some(FIRST_OF_BEFORE) { Err(LogError::Old) } else { Ok(()) }
}

/// What the first migration of a store is called; `None` before there was one.
async fn first_migration(connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    let has_any: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')")
            .fetch_one(&mut *connection)
            .await?;
    if !has_any {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT description FROM _sqlx_migrations WHERE version = 1").fetch_optional(connection).await
}

/// A writing transaction. Dropped without a commit it takes its connection with it: after some errors (a full disk) SQLite
/// has already rolled back by itself, after others it has not, and a fresh connection is right in both cases.
struct Writing {
    connection: PoolConnection<Engine>,
    open: bool,
}

impl Deref for Writing {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if self.open {
            self.connection.close_on_drop();
        }
    }
}

fn pool(connections: u32, busy: Duration) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(busy)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Creates the file for its owner only. The write-ahead log and its index inherit the mode of the file.
pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|d| !d.as_os_str().is_empty() && !d.exists()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// SQLite's primary result code, where the error is SQLite's.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse::<i32>().ok().map(|code| code & 0xff)
}

fn io_failed(error: &sqlx::Error) -> bool {
    const IOERR: i32 = 10;
    primary_code(error) == Some(IOERR)
}

impl From<sqlx::Error> for LogError {
    fn from(error: sqlx::Error) -> Self {
        const FULL: i32 = 13;
        match primary_code(&error) {
            Some(FULL) => Self::Full,
            // SQLite's own words name tables and reasons, never values.
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// What is stored cannot be what was written.
fn damaged() -> LogError {
    LogError::Unavailable("a stored value is damaged".into())
}

fn time(ms: i64) -> Result<Timestamp, LogError> {
    Timestamp::from_millisecond(ms).map_err(|_| damaged())
}

fn number(value: i64) -> Result<u64, LogError> {
    u64::try_from(value).map_err(|_| damaged())
}

/// Sequences and sizes stay far below 2^63.
fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_is_as_durable_and_as_private_as_promised() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/relay.db");
        let log = Sqlite::open(&path, None).await.unwrap();
        let ask = async |pragma| sqlx::query_scalar::<_, i64>(pragma).fetch_one(&log.writer).await.unwrap();
        assert_eq!(ask("PRAGMA synchronous").await, 2, "FULL");
        assert_eq!(ask("PRAGMA auto_vacuum").await, 2, "INCREMENTAL");
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&log.writer).await.unwrap();
        assert_eq!(mode, "wal");
        log.probe().await.unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            log.claim().unwrap();
            let bits = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(bits(path.parent().unwrap()), 0o700);
            let mut files = 0;
            for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
                assert_eq!(bits(&entry.unwrap().path()), 0o600);
                files += 1;
            }
            assert_eq!(files, 4, "the file, its log, its index, its lock");
        }
    }

    #[tokio::test]
    async fn only_one_relay_serves_a_store_and_a_newer_store_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("relay.db");
        let (one, two) = (Sqlite::open(&path, None).await.unwrap(), Sqlite::open(&path, None).await.unwrap());
        one.claim().unwrap();
        assert!(matches!(two.claim(), Err(LogError::Claimed)));
        one.close().await;
        two.claim().unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (99, 'later', 1, x'00', 0)",
        )
        .execute(&two.writer)
        .await
        .unwrap();
        assert!(matches!(Sqlite::open(&path, None).await, Err(LogError::Newer)));
    }

    #[tokio::test]
    async fn the_tables_are_those_of_the_snapshot() {
        let home = tempfile::tempdir().unwrap();
        let log = Sqlite::open(&home.path().join("relay.db"), None).await.unwrap();
        let schema: Vec<String> = sqlx::query_scalar(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> '_sqlx_migrations' ORDER BY rowid",
        )
        .fetch_all(&log.readers)
        .await
        .unwrap();
        insta::assert_snapshot!(schema.join("\n"));
    }

    /// Every file of a folder with its content, but for the index that only finds things in the write-ahead log.
    fn files(home: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
        let entries = std::fs::read_dir(home).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
            .filter(|(name, _)| !name.ends_with("-shm"))
            .collect()
    }

    /// Makes a store as a relay from before the first release left it.
    async fn old_store(path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut old = options.journal_mode(SqliteJournalMode::Wal).connect().await.unwrap();
        for statement in [
            "CREATE TABLE _sqlx_migrations (version INTEGER PRIMARY KEY, description TEXT NOT NULL)",
            "INSERT INTO _sqlx_migrations VALUES (1, 'relay'), (2, 'devices')",
            "CREATE TABLE inbox (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
            "INSERT INTO inbox VALUES (1, 'the only one')",
        ] {
            sqlx::query(statement).execute(&mut old).await.unwrap();
        }
        old
    }

    #[tokio::test]
    async fn a_store_from_before_the_first_release_is_refused_and_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("relay.db");
        old_store(&path).await.close().await.unwrap();
        let before = files(home.path());
        assert_eq!(before.keys().collect::<Vec<_>>(), ["relay.db"]);
        let Err(error) = Sqlite::open(&path, None).await else { panic!("it was opened") };
        assert!(matches!(error, LogError::Old), "{error:?}");
        assert!(error.to_string().ends_with("then move the file away"), "{error}");
        assert_eq!(files(home.path()), before);
    }

    #[tokio::test]
    async fn an_old_store_of_a_relay_that_crashed_is_left_as_it_is_too() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("relay.db");
        let running = old_store(&home.path().join("running.db")).await;
        // What a power cut leaves: the log was not folded back into the file.
        for end in ["", "-wal"] {
            std::fs::copy(home.path().join(format!("running.db{end}")), home.path().join(format!("relay.db{end}")))
                .unwrap();
        }
        let before = files(home.path());
        assert!(!before["relay.db-wal"].is_empty());
        assert!(matches!(Sqlite::open(&path, None).await, Err(LogError::Old)));
        assert_eq!(files(home.path()), before);
        running.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_fresh_file_may_be_opened_by_many_at_once() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("relay.db");
        let opened = futures_util::future::join_all((0..6).map(|_| Sqlite::open(&path, None))).await;
        for log in opened {
            log.unwrap().probe().await.unwrap();
        }
    }

    #[tokio::test]
    async fn doubt_after_a_failed_flush_ends_before_the_next_write() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("relay.db");
        let log = Sqlite::open(&path, None).await.unwrap();
        log.probe().await.unwrap();
        let wal = path.with_file_name("relay.db-wal");
        assert!(std::fs::metadata(&wal).unwrap().len() > 0);
        log.doubtful.store(true, Ordering::Release);
        drop(log.write().await.unwrap());
        assert_eq!(std::fs::metadata(&wal).unwrap().len(), 0, "everything was copied into the file");
        assert!(!log.doubtful.load(Ordering::Acquire));
    }
}
