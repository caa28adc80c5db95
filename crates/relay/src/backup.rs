//! Back-up of a SQLite store while it serves, and what makes a restored one safe to use.
//!
//! A back-up is older than what it replaces: sequences given out since would be given out again, and desks, whose cursors
//! are ahead, would never fetch them. So restoring passes over many, with one empty segment at the end of the leap for
//! the desks to move their cursors over. It deliberately invents nothing: what was lost with the disk is lost.

use std::{fs, io, path::Path};

use jiff::Timestamp;
use offizin_wire::{Recipient, pull::Segment, seal};

use crate::log::{
    LogError,
    sqlite::{BUSY, Sqlite, refuse_old},
};

/// Sequences passed over: more than any inbox gives out between two back-ups, and few enough never to run out.
const LEAP: u64 = 1_000_000;

pub(crate) async fn backup(store: &Path, to: &Path) -> Result<(), LogError> {
    if !store.exists() {
        return Err(failed(store, "there is no store"));
    }
    if to.exists() {
        return Err(failed(to, "a file is there already"));
    }
    let log = Sqlite::open(store, None).await?;
    let done = log.copy_into(to).await;
    log.close().await;
    done
}

pub(crate) async fn restore(from: &Path, store: &Path, now: Timestamp) -> Result<u64, LogError> {
    if store.exists() {
        return Err(failed(store, "a store is there already"));
    }
    for rest in ["-wal", "-shm", "-journal"] {
        let mut path = store.as_os_str().to_owned();
        path.push(rest);
        // SQLite would take it for this store's own, and put pages of the lost one into it.
        if Path::new(&path).exists() {
            return Err(failed(Path::new(&path), "this belongs to another store; move it away as well"));
        }
    }
    if from.exists() {
        // Before there is a copy that would have to be taken away again.
        refuse_old(from, BUSY).await?;
    }
    copy(from, store).map_err(|error| failed(from, error))?;
    let log = Sqlite::open(store, None).await?;
    let inboxes = log.inboxes().await?;
    for inbox in &inboxes {
        let held = log.hold(&inbox.name).await?;
        let head = held.inbox.head + LEAP;
        let recipients: Vec<Recipient> = held.devices.into_iter().map(|device| device.recipient).collect();
        if !recipients.is_empty() {
            let sealed = seal::seal(&[], &recipients).map_err(|error| failed(store, error))?;
            let nothing = Segment { sequence: head, committed_at: now, sealed };
            log.restore(&held.inbox.id, vec![nothing]).await?;
        }
        log.release(&held.inbox.id, head).await?;
    }
    log.close().await;
    Ok(inboxes.len() as u64)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    // First the empty file, which only its owner may read; then what is in it.
    let from = fs::read(from)?;
    crate::log::sqlite::create_private(to)?;
    fs::write(to, from)
}

fn failed(path: &Path, why: impl std::fmt::Display) -> LogError {
    LogError::Unavailable(format!("{}: {why}", path.display()))
}
