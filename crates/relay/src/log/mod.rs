//! The log: everything the relay promises to remember (steps 3 and 4 of the journey).
//!
//! Owns the one trait an engine has to fulfil and the words it speaks. Two engines are behind it: [`sqlite`] for a relay
//! on one host, [`jetstream`] for any number of relays on several; both pass the same conformance suite. It deliberately
//! never sees a plaintext body, a token or a private key.

#[macro_use]
mod alike;
pub(crate) mod jetstream;
pub(crate) mod sqlite;

#[cfg(test)]
mod conformance;

use std::{sync::Arc, time::Duration};

use futures_util::{future::BoxFuture, stream::BoxStream};
use jiff::Timestamp;
use offizin_wire::{
    InletId, Recipient, TokenHash,
    inlet::InletAnswer,
    pull::{PAGE_BYTES, PAGE_SEGMENTS, Segment},
};

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
    /// The engine answers, but would acknowledge what it may still lose.
    #[error("the store does not keep its word: {0}")]
    Unsafe(String),
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
    /// [`InboxRecord::version`] of the devices it is sealed to.
    pub(crate) version: u64,
    /// The age file.
    pub(crate) bytes: Vec<u8>,
}

/// What became of one segment of a group.
#[derive(Debug)]
pub(crate) enum Place {
    /// It is durable, under this sequence.
    At(u64),
    /// The inbox was removed.
    NoInbox,
    /// Another relay paired or revoked a device since: not everybody could read it. Nothing was kept.
    Stale,
    /// It may or may not have become durable.
    Failed(LogError),
}

/// What a desk gets for one pull.
#[derive(Debug)]
pub(crate) struct Page {
    /// The highest sequence the inbox ever gave out.
    pub(crate) head: u64,
    /// Ascending, all after the cursor asked for.
    pub(crate) segments: Vec<Segment>,
}

/// What still fits onto a page: at least one segment, however large.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    segments: usize,
    bytes: u64,
}

impl Filled {
    /// Takes one more segment of so many bytes; `false` if the page ends before it.
    pub(crate) fn takes(&mut self, bytes: u64) -> bool {
        let (segments, bytes) = (self.segments + 1, self.bytes.saturating_add(bytes));
        let fits = self.segments == 0 || (segments <= PAGE_SEGMENTS && bytes <= PAGE_BYTES as u64);
        if fits {
            *self = Self { segments, bytes };
        }
        fits
    }
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
    /// Grows with every device that is paired or revoked. What is sealed to an older set of devices is not appended.
    pub(crate) version: u64,
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

/// What changed in the store, possibly through another relay.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// The log of an inbox has grown to this sequence.
    Grown(InboxId, u64),
    /// Devices or inlets of an inbox changed, or the inbox itself is new or gone.
    Inbox(InboxId),
    /// A device acknowledged, or was seen.
    Seen(DeviceId, u64, Option<Timestamp>),
}

/// Until when retention reaches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Horizon {
    /// What everybody acknowledged goes if it was committed before.
    pub(crate) read_before: Timestamp,
    /// Everything committed before goes.
    pub(crate) before: Timestamp,
    /// A device not seen since holds nothing back, as long as another device of its inbox was.
    pub(crate) seen_since: Timestamp,
    /// Pairing codes expired by then go.
    pub(crate) now: Timestamp,
}

/// For retention: which devices count, as `(acknowledged, last seen or paired)`. Answers the highest sequence that nobody
/// who counts still waits for.
pub(crate) fn read_by_all(head: u64, devices: &[(u64, Timestamp)], seen_since: Timestamp) -> u64 {
    let lowest = |devices: &mut dyn Iterator<Item = &(u64, Timestamp)>| devices.map(|(acked, _)| *acked).min();
    // Where all of them are away, each may be the one that comes back: then all count.
    lowest(&mut devices.iter().filter(|(_, seen)| *seen >= seen_since))
        .or_else(|| lowest(&mut devices.iter()))
        .unwrap_or(head)
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

/// An inbox on its way to another engine: everything but its segments.
#[derive(Clone, Debug)]
pub(crate) struct Moving {
    pub(crate) inbox: InboxRecord,
    pub(crate) created_at: Timestamp,
    pub(crate) devices: Vec<DeviceRecord>,
    /// With the hash of each one's token.
    pub(crate) inlets: Vec<(TokenHash, InletAnswer)>,
    /// Pairing codes nobody used yet, and when each expires.
    pub(crate) codes: Vec<(TokenHash, Timestamp)>,
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

/// The inbox is on its way from or to another store.
pub(crate) fn on_hold() -> LogError {
    LogError::Unavailable("the inbox is being moved".into())
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
