//! The desk: the one door of this crate. Each of its methods is one thing an administrator or the background does, and
//! stands beside what does it: `orders/desk.rs`, `subscriptions/desk.rs` and so on. Here it is opened and closed, and a
//! failure from inside becomes a [`Problem`].

use std::time::Duration;

use data_encoding::HEXLOWER;
use secrecy::SecretString;
use sqlx::SqliteConnection;

use crate::{
    db::Db,
    error::Error,
    ground::{Ground, Shell},
    home::Home,
    keychain::Keychain,
    ledger,
    network::Network,
    problem::Problem,
    store::StoreError,
    time::Clock,
};

const DATABASE_KEY: &str = "database-key";
/// Longer than this no file lies outside the database.
pub const LAID_OUT: Duration = Duration::from_secs(10 * 60);

/// Everything an administrator's desk knows and does. Cheap to clone; all clones are the same desk.
#[derive(Clone)]
pub struct Desk(Ground);

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("home", self.home()).finish_non_exhaustive()
    }
}

impl Desk {
    /// Opens the desk in a folder. The first time it makes the database and its key; later it needs the key from the keyring.
    ///
    /// Codes: `keyring_*`, `database_key_lost`, `database_unreadable`, `database_newer`, `database_busy`, `home_unusable`,
    /// `disk_full`.
    pub async fn open(home: Home, clock: Clock) -> Result<Self, Problem> {
        Ok(open(home, clock).await?)
    }

    /// The way out of a lost key or an unreadable database: sets the old file aside, beside the new one, and opens anew.
    /// Pairing and connections have to be made again; a desk that pairs anew begins with what arrives from then on.
    pub async fn start_over(home: Home, clock: Clock) -> Result<Self, Problem> {
        set_aside(home.clone(), &clock).await?;
        Ok(open(home, clock).await?)
    }

    /// The same desk, used through this shell: what is done is recorded as done there.
    pub fn through(self, shell: Shell) -> Self {
        Self(self.0.through(shell))
    }

    /// Closes the database; the log is folded back into the file.
    pub async fn close(&self) {
        self.0.db().close().await;
    }

    /// The data folder.
    pub fn home(&self) -> &Home {
        self.0.home()
    }

    /// Removes files that were laid out at least so long ago.
    pub async fn clear_away(&self, older_than: Duration) -> Result<(), Problem> {
        Ok(self.home().clear_away(older_than).await?)
    }

    /// A number that changes when another process (a second shell on the same folder) has written.
    pub async fn foreign_version(&self) -> Result<i64, Problem> {
        Ok(self.0.db().foreign_version().await?)
    }

    /// What the methods beside each room stand on.
    pub(crate) fn ground(&self) -> &Ground {
        &self.0
    }

    /// Asks the database something that changes nothing.
    pub(crate) async fn read<T>(
        &self,
        ask: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Error>,
    ) -> Result<T, Problem> {
        let asked = async { ask(&mut *self.0.reader().await?).await };
        Ok(asked.await?)
    }

    /// Changes the database in one transaction: all of it, or nothing where it fails.
    pub(crate) async fn write<T>(
        &self,
        change: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Error>,
    ) -> Result<T, Problem> {
        let changed = async {
            let mut tx = self.0.db().write().await?;
            let changed = change(&mut tx).await?;
            tx.commit().await?;
            Ok::<_, Error>(changed)
        };
        Ok(changed.await?)
    }
}

async fn open(home: Home, clock: Clock) -> Result<Desk, Error> {
    // Another process may be opening this folder just now: it is waited for.
    let lock = home.lock().await?;
    let keychain = Keychain::new(home.id(&lock).await?);
    let key = match keychain.read(DATABASE_KEY).await? {
        Some(key) => key,
        None if tokio::fs::try_exists(home.database()).await.unwrap_or(false) => return Err(StoreError::KeyLost.into()),
        None => {
            let mut bytes = zeroize::Zeroizing::new([0u8; 32]);
            getrandom::fill(bytes.as_mut()).map_err(|_| Error::Entropy)?;
            let key: SecretString = HEXLOWER.encode(bytes.as_ref()).into();
            keychain.store(DATABASE_KEY, &key).await?;
            key
        }
    };
    let db = Db::open(&home.database(), &key).await?;
    let opened = async {
        ledger::bring_up_to_date(&db).await?;
        Ok::<_, Error>(Network::open(&mut *db.reader().acquire().await?).await?)
    };
    let network = match opened.await {
        Ok(network) => network,
        Err(error) => {
            db.close().await;
            return Err(error);
        }
    };
    // What a crash left laid out is not left lying.
    home.clear_away(LAID_OUT).await?;
    drop(lock);
    Ok(Desk(Ground::new(home, clock, db, keychain, network)))
}

async fn set_aside(home: Home, clock: &Clock) -> Result<(), Error> {
    // Another process may be opening this folder just now: it is waited for.
    let lock = home.lock().await?;
    let keychain = Keychain::new(home.id(&lock).await?);
    // A keyring that does not answer must not cost anybody a database.
    keychain.read(DATABASE_KEY).await?;
    home.set_database_aside(&lock, clock()).await?;
    Ok(keychain.remove(DATABASE_KEY).await?)
}
