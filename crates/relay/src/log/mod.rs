//! The log: everything the relay promises to remember (steps 3 and 4 of the journey).
//!
//! Owns the one trait an engine has to fulfil and the words it speaks. Two engines are behind it: [`sqlite`] for a relay
//! on one host, [`jetstream`] for any number of relays on several; both pass the same conformance suite. It deliberately
//! never sees a plaintext body, a token or a private key.

#[macro_use]
mod alike;
mod error;
pub(crate) mod jetstream;
mod record;
pub(crate) mod sqlite;

#[cfg(test)]
mod conformance;

use std::{sync::Arc, time::Duration};

use futures_util::{future::BoxFuture, stream::BoxStream};
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
use crate::config::{Config, Store};

/// What the log answers, some time later.
pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, LogError>>;

/// One engine. Every method that changes something returns only after the change is durable.
///
/// `None` for an inbox, a device or an inlet means that it does not exist (any more): an operator may remove an inbox
/// from another process at any time.
pub(crate) trait Log: Send + Sync {
    /// Keeps other relays from serving this store as long as this value lives.
    fn claim(&self) -> Result<(), LogError>;

    /// Step 3: all segments of an inbox in their order. Answers what became of each.
    fn append(&self, group: Vec<Sealed>, at: Timestamp) -> Answer<'_, Vec<Place>>;
    /// Step 4: what follows the cursor, bounded by [`offizin_wire::pull::PAGE_BYTES`] and
    /// [`offizin_wire::pull::PAGE_SEGMENTS`], and at least one segment where there is one.
    fn page<'a>(&'a self, inbox: &'a InboxId, after: u64) -> Answer<'a, Option<Page>>;
    /// Moves the device's acknowledgement forward, never back. Answers where it stands.
    fn ack<'a>(&'a self, device: &'a DeviceId, cursor: u64, at: Timestamp) -> Answer<'a, Option<u64>>;
    /// What other relays change from now on; nothing ever where one relay alone may serve a store. A hint, to be quick:
    /// nothing depends on its coming.
    fn changes(&self) -> BoxStream<'static, Change>;
    /// Notes when devices were last seen.
    fn seen(&self, devices: Vec<(DeviceId, Timestamp)>) -> Answer<'_, ()>;
    /// Removes what lies behind the horizon. Works in small steps.
    fn prune(&self, horizon: Horizon) -> Answer<'_, Pruned>;
    /// A real write, made durable.
    fn probe(&self) -> Answer<'_, ()>;
    /// Segments and bytes kept right now.
    fn size(&self) -> Answer<'_, (u64, u64)>;

    /// Everything a serving relay keeps in memory.
    fn records(&self) -> Answer<'_, Records>;
    /// The same of one inbox, as of now; nothing where it was removed.
    fn look<'a>(&'a self, inbox: &'a InboxId) -> Answer<'a, Records>;
    /// The inbox in which another relay may have made this token. `None`, without looking, where no other relay can.
    fn owner(&self, token: TokenHash) -> Answer<'_, Option<InboxId>>;
    /// A new inbox with its first pairing code.
    fn add_inbox<'a>(
        &'a self,
        name: &'a str,
        code: TokenHash,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Answer<'a, InboxId>;
    /// Another pairing code for an inbox, by name.
    fn add_code<'a>(&'a self, name: &'a str, code: TokenHash, expires_at: Timestamp) -> Answer<'a, InboxId>;
    /// All inboxes, by name.
    fn inboxes(&self) -> Answer<'_, Vec<InboxSummary>>;
    /// Removes an inbox with everything in it.
    fn remove_inbox<'a>(&'a self, name: &'a str) -> Answer<'a, InboxId>;

    /// The inbox a code that is not expired belongs to; used or not. Cheap: anybody may ask.
    fn code(&self, code: TokenHash, now: Timestamp) -> Answer<'_, Option<InboxRecord>>;
    /// Uses up the code. The same candidate again gets the same device; another one, or an expired code, `None`.
    fn pair(&self, candidate: Candidate, now: Timestamp) -> Answer<'_, Option<DeviceRecord>>;
    /// Revokes a device. `true` if it exists in this inbox, revoked now or before.
    fn revoke<'a>(&'a self, inbox: &'a InboxId, device: &'a str, now: Timestamp) -> Answer<'a, bool>;

    /// Gives a device another name. `false` if this inbox has no such device, or no longer.
    fn rename<'a>(&'a self, inbox: &'a InboxId, device: &'a str, name: &'a str) -> Answer<'a, bool>;

    /// Creates an inlet, or finds it.
    fn put_inlet<'a>(
        &'a self,
        inbox: &'a InboxId,
        id: &'a InletId,
        token: TokenHash,
        now: Timestamp,
    ) -> Answer<'a, InletPlace>;
    /// All inlets of an inbox, oldest first.
    fn inlets<'a>(&'a self, inbox: &'a InboxId) -> Answer<'a, Vec<InletAnswer>>;
    /// Retires an inlet. Answers its token's hash, retired now or before.
    fn retire<'a>(&'a self, inbox: &'a InboxId, id: &'a InletId, now: Timestamp) -> Answer<'a, Option<TokenHash>>;

    /// Puts an inbox on hold and answers everything of it but its segments. On hold nothing is appended, paired or
    /// changed; pages are read as before.
    fn hold<'a>(&'a self, name: &'a str) -> Answer<'a, Moving>;
    /// Makes an inbox as another engine had it, on hold and empty.
    fn import<'a>(&'a self, inbox: &'a Moving) -> Answer<'a, ()>;
    /// Takes over segments of another engine under their own sequences: ascending, and above all that are there.
    fn restore<'a>(&'a self, inbox: &'a InboxId, segments: Vec<Segment>) -> Answer<'a, ()>;
    /// Ends the hold. The log is said to have reached `head`.
    fn release<'a>(&'a self, inbox: &'a InboxId, head: u64) -> Answer<'a, ()>;

    /// Lets go of everything.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Opens the engine the configuration names, creating and migrating the store where needed.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn Log>, LogError> {
    match &config.store {
        Store::Sqlite(path) => Ok(Arc::new(sqlite::Sqlite::open(path, config.store_bytes).await?)),
        Store::Nats(nats) => Ok(Arc::new(jetstream::JetStream::open(nats).await?)),
    }
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
