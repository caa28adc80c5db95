//! What goes into the log and comes out of it: ids, segments, inboxes, devices, inlets.
//!
//! Shared by both engines and by everybody who uses the log. It deliberately stores nothing: how an engine keeps a record
//! stands beside that engine.

use std::sync::Arc;

use jiff::Timestamp;
use offizin_wire::{
    InletId, Recipient, TokenHash,
    inlet::InletAnswer,
    pull::{PAGE_BYTES, PAGE_SEGMENTS, Segment},
};

use super::error::LogError;

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
