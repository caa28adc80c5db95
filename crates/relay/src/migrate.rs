//! Moves an inbox from one store to another: devices, inlets, codes, and every segment under its own sequence, so that
//! the desks notice nothing.
//!
//! Owns the order: hold, copy, compare, release. Whatever breaks it off, nothing was taken away: the old store keeps
//! everything, on hold, and doing it again goes on where it stopped. It deliberately removes nothing.

use crate::log::{InboxId, Log, LogError};

/// What was moved.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Moved {
    /// Opaque id, the same in both stores.
    pub inbox: String,
    /// The operator's name for it.
    pub name: String,
    /// Segments that were kept.
    pub segments: u64,
    /// Their sealed bytes.
    pub bytes: u64,
    /// The highest sequence it ever gave out.
    pub head: u64,
}

pub(crate) async fn migrate(name: &str, from: &Log, to: &Log) -> Result<Moved, LogError> {
    from.claim()?;
    to.claim()?;
    let moving = from.hold(name).await?;
    let id = &moving.inbox.id;
    let mut after = match to.import(&moving).await {
        Ok(()) => 0,
        // It may be ours, begun before.
        Err(LogError::NameTaken) => {
            let there = to.look(id).await?;
            there.inboxes.first().ok_or(LogError::NameTaken)?.head
        }
        Err(error) => return Err(error),
    };
    loop {
        let page = from.page(id, after).await?.ok_or(LogError::NameUnknown)?;
        let Some(last) = page.segments.last() else { break };
        after = last.sequence;
        to.restore(id, page.segments).await?;
    }
    let (segments, bytes) = compare(id, from, to).await?;
    to.release(id, moving.inbox.head).await?;
    Ok(Moved { inbox: id.as_str().into(), name: moving.inbox.name, segments, bytes, head: moving.inbox.head })
}

/// Reads both again, byte for byte. Answers how many segments there are, and their size.
async fn compare(id: &InboxId, from: &Log, to: &Log) -> Result<(u64, u64), LogError> {
    let (mut after, mut segments, mut bytes) = (0, 0, 0);
    loop {
        let here = from.page(id, after).await?.ok_or(LogError::NameUnknown)?.segments;
        let mut there = to.page(id, after).await?.ok_or(LogError::NameUnknown)?.segments;
        if here.is_empty() && there.is_empty() {
            return Ok((segments, bytes));
        }
        // The engines fill pages alike; should one ever stop earlier, the rest is in its next page.
        let both = here.len().min(there.len());
        there.truncate(both);
        let same = here.get(..both).is_some_and(|here| here == there.as_slice());
        let Some(last) = there.last().filter(|_| same) else {
            return Err(LogError::Unavailable("the copy is not the original; nothing was released".into()));
        };
        after = last.sequence;
        segments += both as u64;
        bytes += there.iter().map(|segment| segment.sealed.len() as u64).sum::<u64>();
    }
}
