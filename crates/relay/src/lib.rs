//! The public relay: takes deliveries from providers, seals them to the paired desks and keeps them until every desk
//! has them. Steps 1 to 4 of the journey: intake → seal → log → outlet.
//!
//! One door: [`Relay`]. It reads neither flags nor environment, so a test opens one on port 0 exactly as the program
//! does. It cannot read what it keeps, never judges duplicates and knows no provider.
//!
//! The invariant everything here serves: a 2xx leaves only after the delivery is durable.

mod access;
mod addresses;
mod app;
mod backup;
pub mod config;
mod connections;
mod devices;
mod disk;
mod inlets;
mod intake;
mod limits;
mod log;
mod metrics;
mod migrate;
mod openapi;
mod outlet;
mod pairing;
mod refusal;
mod registry;
mod retention;
mod seal;
mod server;
mod tls;

use std::sync::Arc;

use jiff::Timestamp;
use offizin_wire::{PairingCode, name};
use tokio::net::TcpListener;

pub use config::{Clock, Config, IpNet, Limits, Nats, Retention, Store, TlsError, TlsFiles};
pub use log::{InboxSummary, LogError, Pruned};
pub use migrate::Moved;
pub use server::{Serving, StartError};

/// A relay with its log open. Copies share the log.
#[derive(Clone)]
pub struct Relay {
    config: Config,
    log: Arc<log::Log>,
}

impl Relay {
    /// Opens the store, creating it where there is none. Several processes may; only one may serve.
    pub async fn open(config: Config) -> Result<Self, LogError> {
        let log = Arc::new(log::open(&config).await?);
        Ok(Self { config, log })
    }

    /// Makes an inbox and its first pairing code, which can be used once and expires [`Config::code_life`] after `now`.
    pub async fn add_inbox(&self, name: &str, now: Timestamp) -> Result<PairingCode, LogError> {
        let name = inbox_name(name)?;
        let code = self.new_code()?;
        self.log.add_inbox(name, code.hash(), log::after(now, self.config.code_life), now).await?;
        Ok(code)
    }

    /// Makes another pairing code for an inbox: one per desk.
    pub async fn add_code(&self, name: &str, now: Timestamp) -> Result<PairingCode, LogError> {
        let code = self.new_code()?;
        self.log.add_code(inbox_name(name)?, code.hash(), log::after(now, self.config.code_life)).await?;
        Ok(code)
    }

    /// All inboxes, by name.
    pub async fn inboxes(&self) -> Result<Vec<InboxSummary>, LogError> {
        self.log.inboxes().await
    }

    /// Removes an inbox with its devices, its inlets and everything nobody fetched. A serving relay notices with the
    /// next delivery or pull.
    pub async fn remove_inbox(&self, name: &str) -> Result<(), LogError> {
        self.log.remove_inbox(inbox_name(name)?).await.map(|_| ())
    }

    /// Moves an inbox with everything in it to another store; afterwards it is on hold here, and in use there. Refused
    /// while a relay serves either store, as far as the engine can tell. What was broken off can be done again.
    pub async fn move_inbox(&self, name: &str, to: &Self) -> Result<Moved, LogError> {
        migrate::migrate(inbox_name(name)?, self.log.as_ref(), to.log.as_ref()).await
    }

    /// Ends the hold of an inbox that was to be moved.
    pub async fn release_inbox(&self, name: &str) -> Result<(), LogError> {
        let held = self.log.hold(inbox_name(name)?).await?;
        self.log.release(&held.inbox.id, held.inbox.head).await
    }

    /// One round of retention as of `now`. A serving relay does this by itself.
    pub async fn prune(&self, now: Timestamp) -> Result<Pruned, LogError> {
        retention::prune(self.log.as_ref(), self.config.retention, now).await
    }

    /// Gets everything ready to serve; connections already wait at the listener. Refused while another relay serves
    /// the same store.
    pub async fn start(&self, listener: TcpListener) -> Result<Serving, StartError> {
        Serving::start(&self.config, self.log.clone(), listener).await
    }

    /// Serves until `shutdown` is done, then answers what was accepted, wakes who waits, and closes the log.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        self.start(listener).await?.run(shutdown).await;
        Ok(())
    }

    /// Closes the log.
    pub async fn close(&self) {
        self.log.close().await;
    }

    fn new_code(&self) -> Result<PairingCode, LogError> {
        PairingCode::random(self.config.public_url.clone()).map_err(|_| LogError::NoRandomness)
    }
}

/// Copies a SQLite store into a file of its own, while a relay serves it. Refused for NATS, which has its own means.
pub async fn backup(store: &Store, to: &std::path::Path) -> Result<(), LogError> {
    match store {
        Store::Sqlite(path) => backup::backup(path, to).await,
        Store::Nats(_) => Err(LogError::Unavailable("a store in NATS is backed up with `nats account backup`".into())),
    }
}

/// Makes a SQLite store of a back-up; no sequence that may have been given out since is given out again. Answers how many
/// inboxes there are.
pub async fn restore(from: &std::path::Path, store: &Store, now: Timestamp) -> Result<u64, LogError> {
    match store {
        Store::Sqlite(path) => backup::restore(from, path, now).await,
        Store::Nats(_) => Err(LogError::Unavailable("a store in NATS is restored with `nats account restore`".into())),
    }
}

fn inbox_name(text: &str) -> Result<&str, LogError> {
    name::printable(text).ok_or(LogError::NameMalformed)
}
