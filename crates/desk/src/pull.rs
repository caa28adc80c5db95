//! The pull: the whole of steps 4 to 9 for one page after another. Open, verify, journal, fold and move the cursor; then
//! force the log to disk; only then acknowledge.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use offizin_wire::pull::Segment;

use crate::{
    desk::Desk,
    error::Error,
    inlets::unsigned,
    intake::{self, Opened, inlets, journal},
    pairing,
    problem::{Code, Problem},
    relay::{PageAnswer, Relay},
    rows,
    status::{PulledView, Tag},
};

/// Acknowledge at least every so many segments while catching up.
const ACK_EVERY: u64 = 4096;

/// Pulls until nothing is left. Waits up to `wait` for the first segment.
pub(crate) async fn pull(desk: &Desk, wait: Duration, progress: impl Fn(&PulledView)) -> Result<PulledView, Error> {
    let mut pulled = PulledView::default();
    let result = pages(desk, wait, &mut pulled, progress).await;
    // What arrived before a failure is on disk and must be shown; the failure is remembered beside it.
    pulled.changed.push(Tag::Status);
    pulled.changed.sort_unstable();
    pulled.changed.dedup();
    match result {
        Ok(()) => {
            // The relay answers: a good moment. What fails now is tried again with the next pull.
            if let Err(error) = unsigned::retire_due(desk).await {
                tracing::info!(code = %error.code(), "an address could not be retired yet");
            }
            Ok(pulled)
        }
        Err(error) if matches!(error.code(), Code::NotPaired) => Err(error),
        Err(error) => {
            let code = error.code();
            let problem = Problem::from(error);
            let mut tx = desk.db().write().await?;
            pairing::note(&mut tx, desk.now(), Some(&problem)).await?;
            tx.commit().await?;
            Err(problem.detail.map_or(Error::Plain(code), |detail| Error::Told(code, detail)))
        }
    }
}

async fn pages(
    desk: &Desk,
    mut wait: Duration,
    pulled: &mut PulledView,
    progress: impl Fn(&PulledView),
) -> Result<(), Error> {
    let mut identity = None;
    loop {
        // First whether there is a relay at all: without one there is no identity to miss.
        let (relay, row) = pairing::client(desk).await?;
        let identity = match &identity {
            Some(identity) => Arc::clone(identity),
            None => {
                let read = pairing::identity(desk.keychain()).await?.ok_or(Error::Plain(Code::RelayRefused))?;
                Arc::clone(identity.insert(Arc::new(read)))
            }
        };
        let after = u64::try_from(row.cursor).unwrap_or(0);
        // An acknowledgement that did not get through is made up for first.
        if row.acked < row.cursor {
            acknowledge(desk, &relay, after).await?;
        }
        let page = relay.page(after, wait).await?;
        wait = Duration::ZERO;
        let cursor = page.segments.last().map_or(after, |segment| segment.sequence);
        let head = page.head;
        // An empty page ends it too: what lies before the head may have been deleted unread.
        let done = cursor >= head || page.segments.is_empty();
        if !take(desk, &row.inbox, after, page, identity, pulled).await? {
            // Another process took it meanwhile: go on from where it is now.
            continue;
        }
        pulled.cursor = cursor;
        pulled.behind = head.saturating_sub(cursor);
        progress(pulled);
        let acked = u64::try_from(row.acked).unwrap_or(0);
        if cursor > acked && (done || cursor - acked >= ACK_EVERY) {
            acknowledge(desk, &relay, cursor).await?;
        }
        if done {
            return Ok(());
        }
    }
}

/// Tells the relay what is on this disk, after it is certain to be.
async fn acknowledge(desk: &Desk, relay: &Relay, cursor: u64) -> Result<(), Error> {
    desk.db().barrier().await?;
    relay.ack(cursor).await?;
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE relay SET acked = max(acked, ?)").bind(stored(cursor)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one page in one transaction. `false` where another process took it meanwhile.
async fn take(
    desk: &Desk,
    inbox: &str,
    after: u64,
    page: PageAnswer,
    identity: Arc<offizin_wire::Identity>,
    pulled: &mut PulledView,
) -> Result<bool, Error> {
    let PageAnswer { segments, head, clock } = page;
    let cursor = segments.last().map_or(after, |segment| segment.sequence);
    let inlets = {
        let mut reader = desk.db().reader().acquire().await?;
        Arc::new(inlets::load(&mut reader, desk.keychain(), desk.secrets()).await?)
    };
    let judged_by = Arc::clone(&inlets);
    let opened: Vec<(Segment, Opened)> = rows::spread(segments, move |segment: Segment| {
        let opened = intake::open(&segment, &identity, &inlets);
        (segment, opened)
    })
    .await?;

    let now = desk.now();
    let mut tally = journal::Tally::default();
    let mut unopened = 0;
    let segments = opened.len() as u64;
    let mut tx = desk.db().write().await?;
    let current: Option<(String, i64)> =
        sqlx::query_as("SELECT inbox, cursor FROM relay").fetch_optional(&mut *tx).await?;
    if current != Some((inbox.to_owned(), stored(after))) {
        return Ok(false);
    }
    let mut arrived = Vec::new();
    for (segment, opened) in opened {
        match opened {
            Opened::Deliveries(deliveries) => {
                arrived.extend(deliveries.into_iter().enumerate().map(|(position, judged)| {
                    let (sequence, position) = (stored(segment.sequence), i64::try_from(position).unwrap_or(i64::MAX));
                    (journal::Origin { inbox: inbox.to_owned(), sequence, position }, judged)
                }));
            }
            Opened::Unopened(reason) => {
                unopened += 1;
                sqlx::query(
                    "INSERT INTO unopened_segment (inbox, sequence, committed_at, reason, sealed) VALUES (?, ?, ?, ?, ?)",
                )
                .bind(inbox)
                .bind(stored(segment.sequence))
                .bind(segment.committed_at.as_millisecond())
                .bind(reason)
                .bind(segment.sealed)
                .execute(&mut *tx)
                .await?;
            }
        }
    }
    journal::write(&mut tx, arrived, &mut tally).await?;
    tally.touched.refold(&mut tx).await?;
    journal::count(&mut tx, &tally).await?;
    let mut released = journal::Tally::default();
    if tally.rejected > 0 {
        // A secret stored while this page was being judged has already looked through the quarantine, before the page got
        // there. Nobody would look again: so what its inlet holds is judged once more, now that nobody else can write.
        let inlets = inlets::load(&mut tx, desk.keychain(), desk.secrets()).await?;
        for (id, inlet) in &inlets {
            if judged_by.get(id).is_none_or(|before| before.fingerprints() != inlet.fingerprints()) {
                journal::release(&mut tx, &inlets, id, &mut released).await?;
            }
        }
        released.touched.refold(&mut tx).await?;
        journal::count(&mut tx, &released).await?;
    }
    // "Complete until" may only be claimed when this page reaches the head the relay saw at that moment.
    let complete_until = clock.filter(|_| cursor >= head);
    sqlx::query("UPDATE relay SET cursor = ?, head = ?, complete_until = coalesce(?, complete_until)")
        .bind(stored(cursor))
        .bind(stored(head))
        .bind(complete_until.map(Timestamp::as_millisecond))
        .execute(&mut *tx)
        .await?;
    pairing::note(&mut tx, now, None).await?;
    tx.commit().await?;

    pulled.segments += segments;
    pulled.deliveries += tally.deliveries;
    pulled.events += tally.events + released.events;
    pulled.duplicates += tally.duplicates + released.duplicates;
    pulled.rejected += tally.rejected.saturating_sub(released.deliveries);
    pulled.unopened += unopened;
    pulled.changed.extend(tally.touched.tags());
    pulled.changed.extend(released.touched.tags());
    if tally.deliveries + unopened > 0 {
        pulled.changed.extend([Tag::Events, Tag::Subscriptions]);
    }
    Ok(true)
}

fn stored(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
