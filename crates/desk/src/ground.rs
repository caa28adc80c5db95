//! What every use-case of the desk stands on: database, keychain, secrets, network, clock, and the turn at the providers.
//!
//! Use-cases take a [`Ground`]; they never see the desk, which is only the list of its public methods. Nothing here knows
//! an order, a subscription or a provider.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{Sqlite, pool::PoolConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};
use ts_rs::TS;

use crate::{
    db::Db,
    error::Error,
    home::{Home, HomeLock},
    id::ConnectionId,
    keychain::Keychain,
    network::Network,
    rate::RateLimit,
    secrets::SecretCache,
    time::Clock,
};

/// Through which program something was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum Shell {
    /// The window, or what goes on behind it.
    #[default]
    Window,
    /// `offizinctl`.
    CommandLine,
}

/// Cheap to clone; all clones share the same database, secrets and turn.
#[derive(Clone)]
pub(crate) struct Ground {
    shared: Arc<Shared>,
    shell: Shell,
}

struct Shared {
    home: Home,
    clock: Clock,
    db: Db,
    keychain: Keychain,
    secrets: SecretCache,
    network: Network,
    account: String,
    rates: Mutex<HashMap<ConnectionId, Arc<RateLimit>>>,
    turn: Arc<Mutex<()>>,
}

/// This desk's turn at the providers: while it is held, nobody else of this process or another one asks them.
#[derive(Debug)]
pub(crate) struct Turn {
    _among_processes: HomeLock,
    _in_this_process: OwnedMutexGuard<()>,
}

impl Ground {
    pub(crate) fn new(home: Home, clock: Clock, db: Db, keychain: Keychain, network: Network) -> Self {
        let shared = Shared {
            home,
            clock,
            db,
            keychain,
            secrets: SecretCache::default(),
            network,
            account: whoami::username().unwrap_or_else(|_| "?".to_owned()),
            rates: Mutex::default(),
            turn: Arc::default(),
        };
        Self { shared: Arc::new(shared), shell: Shell::default() }
    }

    /// The same, used through this program: the record of administration names it.
    pub(crate) fn through(self, shell: Shell) -> Self {
        Self { shell, ..self }
    }

    /// The data folder.
    pub(crate) fn home(&self) -> &Home {
        &self.shared.home
    }

    /// The database.
    pub(crate) fn db(&self) -> &Db {
        &self.shared.db
    }

    /// A connection for queries that change nothing.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, Error> {
        Ok(self.shared.db.reader().acquire().await?)
    }

    /// The keyring's entries of this desk. The keyring may wait for a person to unlock it, so it is never asked while a write
    /// transaction of the caller is open.
    pub(crate) fn keychain(&self) -> &Keychain {
        self.shared.db.assert_not_writing("the keyring");
        &self.shared.keychain
    }

    /// Signing secrets that were read from the keyring already.
    pub(crate) fn secrets(&self) -> &SecretCache {
        &self.shared.secrets
    }

    /// How the relay and the providers are reached; like the keyring never under the write lock.
    pub(crate) fn network(&self) -> &Network {
        self.shared.db.assert_not_writing("the network");
        &self.shared.network
    }

    /// The account of the operating system, for the record of administration.
    pub(crate) fn account(&self) -> &str {
        &self.shared.account
    }

    /// The program through which this is used.
    pub(crate) fn shell(&self) -> Shell {
        self.shell
    }

    /// The time, by the clock the desk was opened with.
    pub(crate) fn now(&self) -> Timestamp {
        (self.shared.clock)()
    }

    /// Waits for the turn at the providers. Registering, removing, rotating and listing subscriptions hold it, so that no
    /// other process changes subscriptions during a listing.
    pub(crate) async fn turn(&self) -> Result<Turn, Error> {
        let in_this_process = Arc::clone(&self.shared.turn).lock_owned().await;
        Ok(Turn { _among_processes: self.shared.home.turn().await?, _in_this_process: in_this_process })
    }

    /// The limit on requests per second of a connection's key.
    pub(crate) async fn rate(&self, id: &ConnectionId) -> Arc<RateLimit> {
        Arc::clone(self.shared.rates.lock().await.entry(id.clone()).or_default())
    }
}
