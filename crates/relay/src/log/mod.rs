//! The log: everything the relay promises to remember (steps 3 and 4 of the journey).
//!
//! Owns the one trait an engine has to fulfil and the words it speaks. What is behind it today is [`sqlite`]; a second
//! engine has to pass the same conformance suite. It deliberately never sees a plaintext body, a token or a private key.

pub(crate) mod sqlite;

#[cfg(test)]
mod conformance;

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use offizin_wire::{InletId, Recipient, TokenHash, inlet::InletAnswer, pull::Segment};

use crate::config::{Config, Store};

/// The log cannot do what was asked. Nothing was promised, nothing may be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk, or the size the operator allowed, is used up.
    #[error("the store is full")]
    Full,
    /// The engine cannot be reached or reports an error, in its own words (never client content).
    #[error("the store cannot be used: {0}")]
    Unavailable(String),
    /// The store was written by a newer relay.
    #[error("the store was made by a newer relay than this one")]
    Newer,
    /// Another relay serves this store.
    #[error("another relay is serving this store")]
    Claimed,
    /// The operating system gives no random bytes.
    #[error("there is no randomness")]
    NoRandomness,
    /// An inbox of this name exists.
    #[error("an inbox of this name exists")]
    NameTaken,
    /// The name is empty, longer than 80 characters or not printable.
    #[error("a name is 1 to 80 printable characters")]
    NameMalformed,
    /// No inbox of this name exists.
    #[error("there is no inbox of this name")]
    NameUnknown,
}

/// What the log answers, some time later.
pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, LogError>>;

/// An opaque random id that the relay made.
macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(Arc<str>);

        impl $name {
            /// A fresh random id (128 bits).
            pub(crate) fn random() -> Result<Self, LogError> {
                let mut bytes = [0u8; 16];
                getrandom::fill(&mut bytes).map_err(|_| LogError::NoRandomness)?;
                Ok(Self(data_encoding::BASE64URL_NOPAD.encode(&bytes).into()))
            }

            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }
    };
}

opaque_id!(
    /// Names an inbox.
    InboxId
);
opaque_id!(
    /// Names a paired device.
    DeviceId
);

/// One sealed segment on its way into the log.
pub(crate) struct Sealed {
    pub(crate) inbox: InboxId,
    /// How many deliveries of which inlet are in it.
    pub(crate) deliveries: Vec<(InletId, u64)>,
    /// The age file.
    pub(crate) bytes: Vec<u8>,
}

/// What a desk gets for one pull.
#[derive(Debug)]
pub(crate) struct Page {
    /// The highest sequence the inbox ever gave out.
    pub(crate) head: u64,
    /// Ascending, all after the cursor asked for.
    pub(crate) segments: Vec<Segment>,
}

/// What one round of retention removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Segments deleted.
    pub segments: u64,
    /// Their sealed size in bytes.
    pub bytes: u64,
    /// How many of them some paired device had not acknowledged: lost to that device.
    pub unread: u64,
}

/// An inbox as the log holds it.
#[derive(Clone, Debug)]
pub(crate) struct InboxRecord {
    pub(crate) id: InboxId,
    pub(crate) name: String,
    pub(crate) head: u64,
}

/// A paired, not revoked device as the log holds it.
#[derive(Clone, Debug)]
pub(crate) struct DeviceRecord {
    pub(crate) id: DeviceId,
    pub(crate) inbox: InboxId,
    pub(crate) name: String,
    pub(crate) recipient: Recipient,
    pub(crate) token_hash: TokenHash,
    pub(crate) paired_at: Timestamp,
    pub(crate) last_seen_at: Option<Timestamp>,
    /// The head of the inbox when it was paired.
    pub(crate) cursor: u64,
    pub(crate) acked: u64,
}

/// An inlet as the log holds it.
#[derive(Clone, Debug)]
pub(crate) struct InletRecord {
    pub(crate) inbox: InboxId,
    pub(crate) id: InletId,
    pub(crate) token_hash: TokenHash,
    pub(crate) retired: bool,
}

/// Everything a serving relay keeps in memory, read in one moment.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) inboxes: Vec<InboxRecord>,
    pub(crate) devices: Vec<DeviceRecord>,
    pub(crate) inlets: Vec<InletRecord>,
}

/// A desk that wants to be paired. The code and the token are hashes already.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) code: TokenHash,
    pub(crate) name: String,
    pub(crate) recipient: Recipient,
    pub(crate) token_hash: TokenHash,
}

/// An inbox in the operator's list.
#[derive(Clone, Debug, serde::Serialize)]
pub struct InboxSummary {
    /// Opaque id.
    pub inbox: String,
    /// The operator's name for it.
    pub name: String,
    /// By the relay's clock.
    pub created_at: Timestamp,
    /// The highest sequence it ever gave out.
    pub head: u64,
    /// Paired, not revoked devices.
    pub devices: u64,
    /// Inlets that are not retired.
    pub inlets: u64,
    /// Segments kept right now.
    pub segments: u64,
    /// Their sealed size in bytes.
    pub bytes: u64,
}

/// What came of asking for an inlet.
#[derive(Debug)]
pub(crate) enum InletPlace {
    /// It exists, now or since before.
    Stored(InletAnswer),
    /// The id or the token is taken by another inlet.
    Taken,
    /// The inbox was removed.
    NoInbox,
}

/// One engine. Every method that changes something returns only after the change is durable.
///
/// `None` for an inbox, a device or an inlet means that it does not exist (any more): an operator may remove an inbox
/// from another process at any time.
pub(crate) trait Log: Send + Sync {
    /// Keeps other relays from serving this store as long as this value lives.
    fn claim(&self) -> Result<(), LogError>;

    /// Step 3: all segments in one commit. Answers the sequence of each, in order.
    fn append(&self, group: Vec<Sealed>, at: Timestamp) -> Answer<'_, Vec<Option<u64>>>;
    /// Step 4: what follows the cursor, bounded by [`offizin_wire::pull::PAGE_BYTES`] and
    /// [`offizin_wire::pull::PAGE_SEGMENTS`], and at least one segment where there is one.
    fn page<'a>(&'a self, inbox: &'a InboxId, after: u64) -> Answer<'a, Option<Page>>;
    /// Moves the device's acknowledgement forward, never back. Answers where it stands.
    fn ack<'a>(&'a self, device: &'a DeviceId, cursor: u64, at: Timestamp) -> Answer<'a, Option<u64>>;
    /// Notes when devices were last seen.
    fn seen(&self, devices: Vec<(DeviceId, Timestamp)>) -> Answer<'_, ()>;
    /// Removes what everybody acknowledged and was committed before `read_before`, and everything committed before
    /// `before`; also pairing codes expired at `now`. Works in small transactions.
    fn prune(&self, read_before: Timestamp, before: Timestamp, now: Timestamp) -> Answer<'_, Pruned>;
    /// A real write, made durable.
    fn probe(&self) -> Answer<'_, ()>;
    /// Segments and bytes kept right now.
    fn size(&self) -> Answer<'_, (u64, u64)>;

    /// Everything a serving relay keeps in memory.
    fn records(&self) -> Answer<'_, Records>;
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

    /// Lets go of everything.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Opens the engine the configuration names, creating and migrating the store where needed.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn Log>, LogError> {
    match &config.store {
        Store::Sqlite(path) => Ok(Arc::new(sqlite::Sqlite::open(path, config.store_bytes).await?)),
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
