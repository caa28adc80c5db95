//! The log: everything the relay promises to remember (steps 3 and 4 of the journey).
//!
//! Owns what every engine can be asked, by role. There are two engines: [`sqlite`] for a relay on one host, [`jetstream`] for
//! any number of relays on several; both pass the same conformance suite. What they speak of stands in `record.rs`. The log
//! deliberately never sees a plaintext body, a token or a private key.

mod error;
pub(crate) mod jetstream;
mod record;
pub(crate) mod sqlite;

#[cfg(test)]
mod conformance;

use std::time::Duration;

use futures_util::{StreamExt, stream::BoxStream};
use jiff::Timestamp;
use offizin_wire::{InletId, TokenHash, inlet::InletAnswer, pull::Segment};

pub use self::{
    error::LogError,
    record::{InboxSummary, Pruned},
};
pub(crate) use self::{
    error::on_hold,
    record::{
        Candidate, Change, DeviceId, DeviceRecord, Filled, Horizon, InboxId, InboxRecord, InletPlace, InletRecord,
        Moving, Page, Place, Records, Sealed, read_by_all,
    },
};
use self::{jetstream::JetStream, sqlite::Sqlite};
use crate::config::{Config, Store};

/// One of the engines. Every method that changes something returns only after the change is durable.
///
/// `None` for an inbox, a device or an inlet means that it does not exist (any more): an operator may remove an inbox
/// from another process at any time.
pub(crate) enum Log {
    /// One file on this host.
    Sqlite(Sqlite),
    /// NATS servers, shared with other relays.
    JetStream(Box<JetStream>),
}

/// Asks whichever engine it is, by a method that both have. Where the engines differ, the method below says how.
macro_rules! engine {
    ($log:expr, $engine:ident => $asked:expr) => {
        match $log {
            Log::Sqlite($engine) => $asked,
            Log::JetStream($engine) => $asked,
        }
    };
}

/// What a serving relay does with the store as such.
impl Log {
    /// Keeps other relays from serving this store as long as this value lives.
    pub(crate) fn claim(&self) -> Result<(), LogError> {
        match self {
            Self::Sqlite(log) => log.claim(),
            // Any number of relays may serve.
            Self::JetStream(_) => Ok(()),
        }
    }

    /// A real write, made durable.
    pub(crate) async fn probe(&self) -> Result<(), LogError> {
        engine!(self, log => log.probe().await)
    }

    /// Segments and bytes kept right now.
    pub(crate) async fn size(&self) -> Result<(u64, u64), LogError> {
        engine!(self, log => log.size().await)
    }

    /// What other relays change from now on; nothing ever where one relay alone may serve a store. A hint, to be quick:
    /// nothing depends on its coming.
    pub(crate) fn changes(&self) -> BoxStream<'static, Change> {
        match self {
            // Only one relay serves, and it knows what it changed.
            Self::Sqlite(_) => futures_util::stream::pending().boxed(),
            Self::JetStream(log) => log.changes(),
        }
    }

    /// Lets go of everything.
    pub(crate) async fn close(&self) {
        engine!(self, log => log.close().await)
    }
}

/// Deliveries on their way in.
impl Log {
    /// Step 3: all segments of an inbox in their order. Answers what became of each.
    pub(crate) async fn append(&self, group: Vec<Sealed>, at: Timestamp) -> Result<Vec<Place>, LogError> {
        engine!(self, log => log.append(group, at).await)
    }
}

/// Segments on their way out, until nobody needs them any more.
impl Log {
    /// Step 4: what follows the cursor, bounded by [`offizin_wire::pull::PAGE_BYTES`] and
    /// [`offizin_wire::pull::PAGE_SEGMENTS`], and at least one segment where there is one.
    pub(crate) async fn page(&self, inbox: &InboxId, after: u64) -> Result<Option<Page>, LogError> {
        engine!(self, log => log.page(inbox, after).await)
    }

    /// Moves the device's acknowledgement forward, never back. Answers where it stands.
    pub(crate) async fn ack(&self, device: &DeviceId, cursor: u64, at: Timestamp) -> Result<Option<u64>, LogError> {
        engine!(self, log => log.ack(device, cursor, at).await)
    }

    /// Notes when devices were last seen.
    pub(crate) async fn seen(&self, devices: Vec<(DeviceId, Timestamp)>) -> Result<(), LogError> {
        engine!(self, log => log.seen(devices).await)
    }

    /// Removes what lies behind the horizon. Works in small steps.
    pub(crate) async fn prune(&self, horizon: Horizon) -> Result<Pruned, LogError> {
        engine!(self, log => log.prune(horizon).await)
    }
}

/// Who may pull and which addresses exist.
impl Log {
    /// Everything a serving relay keeps in memory.
    pub(crate) async fn records(&self) -> Result<Records, LogError> {
        engine!(self, log => log.records().await)
    }

    /// The same of one inbox, as of now; nothing where it was removed.
    pub(crate) async fn look(&self, inbox: &InboxId) -> Result<Records, LogError> {
        engine!(self, log => log.look(inbox).await)
    }

    /// The inbox in which another relay may have made this token. `None`, without looking, where no other relay can.
    pub(crate) async fn owner(&self, token: TokenHash) -> Result<Option<InboxId>, LogError> {
        match self {
            // Only one relay serves, and it has every token in memory.
            Self::Sqlite(_) => Ok(None),
            Self::JetStream(log) => log.owner(token).await,
        }
    }

    /// The inbox a code that is not expired belongs to; used or not. Cheap: anybody may ask.
    pub(crate) async fn code(&self, code: TokenHash, now: Timestamp) -> Result<Option<InboxRecord>, LogError> {
        engine!(self, log => log.code(code, now).await)
    }

    /// Uses up the code. The same candidate again gets the same device; another one, or an expired code, `None`.
    pub(crate) async fn pair(&self, candidate: Candidate, now: Timestamp) -> Result<Option<DeviceRecord>, LogError> {
        engine!(self, log => log.pair(candidate, now).await)
    }

    /// Revokes a device. `true` if it exists in this inbox, revoked now or before.
    pub(crate) async fn revoke(&self, inbox: &InboxId, device: &str, now: Timestamp) -> Result<bool, LogError> {
        engine!(self, log => log.revoke(inbox, device, now).await)
    }

    /// Gives a device another name. `false` if this inbox has no such device, or no longer.
    pub(crate) async fn rename(&self, inbox: &InboxId, device: &str, name: &str) -> Result<bool, LogError> {
        engine!(self, log => log.rename(inbox, device, name).await)
    }

    /// Creates an inlet, or finds it.
    pub(crate) async fn put_inlet(
        &self,
        inbox: &InboxId,
        id: &InletId,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<InletPlace, LogError> {
        engine!(self, log => log.put_inlet(inbox, id, token, now).await)
    }

    /// All inlets of an inbox, oldest first.
    pub(crate) async fn inlets(&self, inbox: &InboxId) -> Result<Vec<InletAnswer>, LogError> {
        engine!(self, log => log.inlets(inbox).await)
    }

    /// Retires an inlet. Answers its token's hash, retired now or before.
    pub(crate) async fn retire(
        &self,
        inbox: &InboxId,
        id: &InletId,
        now: Timestamp,
    ) -> Result<Option<TokenHash>, LogError> {
        engine!(self, log => log.retire(inbox, id, now).await)
    }
}

/// What an operator does: inboxes made, listed, removed, moved.
impl Log {
    /// A new inbox with its first pairing code.
    pub(crate) async fn add_inbox(
        &self,
        name: &str,
        code: TokenHash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<InboxId, LogError> {
        engine!(self, log => log.add_inbox(name, code, expires_at, now).await)
    }

    /// Another pairing code for an inbox, by name.
    pub(crate) async fn add_code(
        &self,
        name: &str,
        code: TokenHash,
        expires_at: Timestamp,
    ) -> Result<InboxId, LogError> {
        engine!(self, log => log.add_code(name, code, expires_at).await)
    }

    /// All inboxes, by name.
    pub(crate) async fn inboxes(&self) -> Result<Vec<InboxSummary>, LogError> {
        engine!(self, log => log.inboxes().await)
    }

    /// Removes an inbox with everything in it.
    pub(crate) async fn remove_inbox(&self, name: &str) -> Result<InboxId, LogError> {
        engine!(self, log => log.remove_inbox(name).await)
    }

    /// Puts an inbox on hold and answers everything of it but its segments. On hold nothing is appended, paired or
    /// changed; pages are read as before.
    pub(crate) async fn hold(&self, name: &str) -> Result<Moving, LogError> {
        engine!(self, log => log.hold(name).await)
    }

    /// Makes an inbox as another engine had it, on hold and empty.
    pub(crate) async fn import(&self, inbox: &Moving) -> Result<(), LogError> {
        engine!(self, log => log.import(inbox).await)
    }

    /// Takes over segments of another engine under their own sequences: ascending, and above all that are there.
    pub(crate) async fn restore(&self, inbox: &InboxId, segments: Vec<Segment>) -> Result<(), LogError> {
        engine!(self, log => log.restore(inbox, segments).await)
    }

    /// Ends the hold. The log is said to have reached `head`.
    pub(crate) async fn release(&self, inbox: &InboxId, head: u64) -> Result<(), LogError> {
        engine!(self, log => log.release(inbox, head).await)
    }
}

/// Opens the engine the configuration names, creating and migrating the store where needed.
pub(crate) async fn open(config: &Config) -> Result<Log, LogError> {
    Ok(match &config.store {
        Store::Sqlite(path) => Log::Sqlite(Sqlite::open(path, config.store_bytes).await?),
        Store::Nats(nats) => Log::JetStream(Box::new(JetStream::open(nats).await?)),
    })
}

/// `now` minus `age`, not before the epoch.
pub(crate) fn before(now: Timestamp, age: Duration) -> Timestamp {
    let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(now.as_millisecond().saturating_sub(age).max(0)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// `now` plus `life`, not after the end of the calendar.
pub(crate) fn after(now: Timestamp, life: Duration) -> Timestamp {
    let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(now.as_millisecond().saturating_add(life)).unwrap_or(Timestamp::MAX)
}
