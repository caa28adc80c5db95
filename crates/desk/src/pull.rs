//! The pull: the whole of steps 4 to 9 for one page after another. Open, verify, journal, fold and move the cursor; then
//! force the log to disk; only then acknowledge.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use offizin_wire::{Identity, pull::Segment};
use sqlx::SqliteConnection;

use crate::{
    desk::Desk,
    error::Error,
    ground::Ground,
    inlets::unsigned,
    intake::{self, Opened, inlets},
    ledger::{self, Origin},
    pairing::{self, Failure},
    problem::Problem,
    refusal::Refusal,
    relay::{PageAnswer, Relay, RelayError},
    rows,
    status::PulledView,
    tag::Tag,
};

/// Acknowledge at least every so many segments while catching up.
const ACK_EVERY: u64 = 4096;

impl Desk {
    /// Pulls until nothing is left, waiting up to `wait` for something to arrive. Codes: `not_paired`, `relay_*`, `database_*`.
    pub async fn pull(&self, wait: Duration) -> Result<PulledView, Problem> {
        pull(self.ground(), wait, |_| {}).await
    }

    /// As [`Desk::pull`], and says after every page how far it is. Dropping the future between pages loses nothing.
    pub async fn pull_with(&self, wait: Duration, progress: impl Fn(&PulledView)) -> Result<PulledView, Problem> {
        pull(self.ground(), wait, progress).await
    }
}

/// Pulls until nothing is left. Waits up to `wait` for the first segment.
async fn pull(ground: &Ground, wait: Duration, progress: impl Fn(&PulledView)) -> Result<PulledView, Problem> {
    let mut pulled = PulledView::default();
    let result = pages(ground, wait, &mut pulled, progress).await;
    // What arrived before a failure is on disk and must be shown; the failure is remembered beside it.
    pulled.changed.push(Tag::Status);
    pulled.changed.sort_unstable();
    pulled.changed.dedup();
    match result {
        Ok(()) => {
            // The relay answers: a good moment. What fails now is tried again with the next pull.
            if let Err(error) = unsigned::retire_due(ground).await {
                error.noted("an address could not be retired yet");
            }
            Ok(pulled)
        }
        // There is no relay of which to remember it.
        Err(error @ Error::Refused(Refusal::NotPaired)) => Err(error.into()),
        Err(error) => {
            let refused = matches!(error, Error::Relay(RelayError::DeviceRefused | RelayError::CredentialLost(_)));
            // What is shown now and what is remembered is one failure, under one number.
            let problem = Problem::from(error);
            remember(ground, Failure { problem: &problem, refused }).await?;
            Err(problem)
        }
    }
}

async fn remember(ground: &Ground, failure: Failure<'_>) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    pairing::note(&mut tx, ground.now(), Some(failure)).await?;
    tx.commit().await
}

async fn pages(
    ground: &Ground,
    mut wait: Duration,
    pulled: &mut PulledView,
    progress: impl Fn(&PulledView),
) -> Result<(), Error> {
    let mut identity = None;
    loop {
        // First whether there is a relay at all: without one there is no identity to miss.
        let (relay, row) = pairing::client(ground).await?;
        let identity = match &identity {
            Some(identity) => Arc::clone(identity),
            None => {
                let read = pairing::identity(ground.keychain()).await?;
                let read = read.ok_or(RelayError::CredentialLost("key"))?;
                Arc::clone(identity.insert(Arc::new(read)))
            }
        };
        let after = u64::try_from(row.cursor).unwrap_or(0);
        // An acknowledgement that did not get through is made up for first.
        if row.acked < row.cursor {
            acknowledge(ground, &relay, after).await?;
        }
        let page = relay.page(after, wait).await?;
        wait = Duration::ZERO;
        let cursor = page.segments.last().map_or(after, |segment| segment.sequence);
        let head = page.head;
        // An empty page ends it too: what lies before the head may have been deleted unread.
        let done = cursor >= head || page.segments.is_empty();
        if !take(ground, &row.inbox, after, page, identity, pulled).await? {
            // Go on from where it is now.
            continue;
        }
        pulled.cursor = cursor;
        pulled.behind = head.saturating_sub(cursor);
        progress(pulled);
        let acked = u64::try_from(row.acked).unwrap_or(0);
        if cursor > acked && (done || cursor - acked >= ACK_EVERY) {
            acknowledge(ground, &relay, cursor).await?;
        }
        if done {
            return Ok(());
        }
    }
}

/// Tells the relay what is on this disk, after it is certain to be.
async fn acknowledge(ground: &Ground, relay: &Relay, cursor: u64) -> Result<(), Error> {
    ground.db().barrier().await?;
    relay.ack(cursor).await?;
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE relay SET acked = max(acked, ?)").bind(stored(cursor)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one page in one transaction. `false` where it has to be fetched again: another process took it meanwhile, or the
/// inlets and secrets it was judged by are no longer those of the database.
async fn take(
    ground: &Ground,
    inbox: &str,
    after: u64,
    page: PageAnswer,
    identity: Arc<Identity>,
    pulled: &mut PulledView,
) -> Result<bool, Error> {
    let PageAnswer { segments, head, clock } = page;
    let cursor = segments.last().map_or(after, |segment| segment.sequence);
    let (secrets, inlets) = {
        let mut reader = ground.reader().await?;
        let secrets = ground.secrets().of_all_inlets(&mut reader, ground.keychain()).await?;
        let inlets = inlets::load(&mut reader, &secrets).await?;
        (secrets, Arc::new(inlets))
    };
    let judged_by = Arc::clone(&inlets);
    let opened: Vec<(Segment, Opened)> = rows::spread(segments, move |segment: Segment| {
        let opened = intake::open(&segment, &identity, &inlets);
        (segment, opened)
    })
    .await?;

    let mut tx = ground.db().write().await?;
    let current: Option<(String, i64)> =
        sqlx::query_as("SELECT inbox, cursor FROM relay").fetch_optional(&mut *tx).await?;
    let is_ours = current == Some((inbox.to_owned(), stored(after)));
    // A secret that was stored while this page was judged has already looked through the quarantine, before this page gets
    // there, and nobody would look again. So the page is judged once more instead.
    if !is_ours || !inlets::is_current(&mut tx, &judged_by, &secrets).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    let segments = opened.len() as u64;
    let mut unopened = 0;
    let mut arrived = Vec::new();
    for (segment, opened) in opened {
        let sequence = stored(segment.sequence);
        match opened {
            Opened::Deliveries(deliveries) => {
                arrived.extend(deliveries.into_iter().enumerate().map(|(position, judged)| {
                    let position = i64::try_from(position).unwrap_or(i64::MAX);
                    (Origin::Relay { inbox: inbox.to_owned(), sequence, position }, judged)
                }));
            }
            Opened::Unopened(reason) => {
                unopened += 1;
                keep_unopened(&mut tx, inbox, segment, reason).await?;
            }
        }
    }
    let taken = ledger::take_in(&mut tx, arrived).await?;
    // "Complete until" may only be claimed when this page reaches the head the relay saw at that moment.
    let complete_until = clock.filter(|_| cursor >= head);
    sqlx::query("UPDATE relay SET cursor = ?, head = ?, complete_until = coalesce(?, complete_until)")
        .bind(stored(cursor))
        .bind(stored(head))
        .bind(complete_until.map(Timestamp::as_millisecond))
        .execute(&mut *tx)
        .await?;
    pairing::note(&mut tx, ground.now(), None).await?;
    tx.commit().await?;

    pulled.segments += segments;
    pulled.deliveries += taken.deliveries;
    pulled.events += taken.events;
    pulled.duplicates += taken.duplicates;
    pulled.rejected += taken.rejected;
    pulled.unopened += unopened;
    pulled.changed.extend(taken.changed);
    if taken.deliveries + unopened > 0 {
        pulled.changed.extend([Tag::Events, Tag::Subscriptions]);
    }
    Ok(true)
}

/// Keeps a segment that could not be opened, as it came.
async fn keep_unopened(
    connection: &mut SqliteConnection,
    inbox: &str,
    segment: Segment,
    reason: &str,
) -> Result<(), Error> {
    sqlx::query("INSERT INTO unopened_segment (inbox, sequence, committed_at, reason, sealed) VALUES (?, ?, ?, ?, ?)")
        .bind(inbox)
        .bind(stored(segment.sequence))
        .bind(segment.committed_at.as_millisecond())
        .bind(reason)
        .bind(segment.sealed)
        .execute(connection)
        .await?;
    Ok(())
}

fn stored(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
