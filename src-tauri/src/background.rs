//! What goes on while nobody looks: pulling from the relay (steps 4 to 9 happen inside the desk), noticing what another
//! process wrote, and telling the window which views changed (step 10). Tags travel, never rows.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use offizin_desk::{
    Desk,
    status::{PulledView, Tag},
};
use tauri::Emitter;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep},
};

use crate::{
    attention,
    shell::Shell,
    work::{self, Work},
};

/// How long one pull waits at the relay for something to arrive.
const WAIT: Duration = Duration::from_secs(25);
/// An empty answer sooner than this came from a relay that does not wait; it is not asked again at once.
const SOON: Duration = Duration::from_secs(1);
/// The longest pause after failures.
const LONGEST: Duration = Duration::from_secs(60);
/// How often to look whether another process wrote.
const LOOK: Duration = Duration::from_secs(1);
/// The window is told at most once in this time.
const PACE: Duration = Duration::from_millis(100);

/// Every tag there is.
const ALL: [Tag; 7] =
    [Tag::Orders, Tag::Stock, Tag::Doctors, Tag::Events, Tag::Subscriptions, Tag::Status, Tag::Settings];

/// Starts everything for a desk that has just opened.
pub(crate) async fn start(shell: &Shell, desk: &Desk) {
    // What a crash left lying for other programs: nobody else opens any for this window.
    work::forget(desk, Duration::ZERO).await;
    shell.run(pull(shell.clone(), desk.clone()));
    shell.run(tend(shell.clone(), desk.clone()));
    shell.run(look(shell.clone(), desk.clone()));
    shell.run(attention::keep(shell.clone(), desk.clone()));
    if let Some(changes) = shell.take_changes() {
        shell.run(tell(shell.clone(), changes));
    }
}

/// Pulls for ever: as soon as something arrives while all is well, ever more seldom while it is not.
async fn pull(shell: Shell, desk: Desk) {
    let mut pauses = pauses();
    // The first answer is wanted at once, whatever it is: until then nobody knows whether the relay is there.
    let mut wait = Duration::ZERO;
    if !paired(&desk).await {
        shell.hurry().notified().await;
    }
    loop {
        let mut paused = shell.paused().subscribe();
        if *paused.borrow_and_update() {
            _ = paused.wait_for(|paused| !paused).await;
        }
        let began = Instant::now();
        let pages = AtomicU64::new(0);
        let told = |pulled: &PulledView| {
            shell.changed(pulled.changed.iter().copied().chain([Tag::Status]));
            // One page is no wait worth showing.
            if pages.fetch_add(1, Ordering::Relaxed) > 0 || pulled.behind > 0 {
                work::tell(shell.app(), Work::Pull, pulled.segments, Some(pulled.segments + pulled.behind), false);
            }
        };
        let pulled = tokio::select! {
            pulled = desk.pull_with(wait, told) => pulled,
            // What is on the disk by then stays; it is gone on with from there.
            _ = paused.wait_for(|paused| *paused) => {
                work::tell(shell.app(), Work::Pull, 0, None, true);
                continue;
            }
        };
        if pages.load(Ordering::Relaxed) > 0 {
            work::tell(shell.app(), Work::Pull, 0, None, true);
        }
        match pulled {
            Ok(pulled) => {
                if pulled.deliveries > 0 {
                    shell.tend().notify_one();
                }
                shell.changed(pulled.changed);
                pauses = self::pauses();
                if pulled.segments == 0 && wait > SOON && began.elapsed() < SOON {
                    sleep(SOON).await;
                }
                wait = WAIT;
            }
            Err(problem) => {
                wait = Duration::ZERO;
                shell.changed([Tag::Status]);
                if paired(&desk).await {
                    let pause = pauses.next().unwrap_or(LONGEST).min(LONGEST);
                    tracing::info!(code = %problem.code, duration_ms = pause.as_millis(), "pulling pauses");
                    tokio::select! {
                        () = sleep(pause) => {}
                        () = shell.hurry().notified() => pauses = self::pauses(),
                    }
                } else {
                    shell.hurry().notified().await;
                    pauses = self::pauses();
                }
            }
        }
    }
}

/// Tends the desk: at once, after what arrived or was done, and when something is due.
async fn tend(shell: Shell, desk: Desk) {
    loop {
        let pause = match desk.tend().await {
            Ok(tended) => {
                shell.changed(tended.changed);
                Duration::from_millis(tended.next_in_ms)
            }
            Err(problem) => {
                tracing::info!(code = %problem.code, "tending pauses");
                LONGEST
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = shell.tend().notified() => {}
        }
    }
}

/// Whether there is a relay to ask. Where the desk cannot say, asking the relay will tell.
async fn paired(desk: &Desk) -> bool {
    desk.status().await.map_or(true, |status| status.relay.is_some())
}

/// One, two, four … seconds and a random part of as much again, never more than [`LONGEST`].
fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(LONGEST)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}

/// Notices what another process (`offizinctl` on the same folder) wrote. It may have paired, too.
async fn look(shell: Shell, desk: Desk) {
    let mut known = None;
    loop {
        if let Ok(version) = desk.foreign_version().await {
            if known.is_some_and(|known| known != version) {
                shell.changed(ALL);
                shell.hurry().notify_one();
                shell.tend().notify_one();
            }
            known = Some(version);
        }
        sleep(LOOK).await;
    }
}

/// Tells the window: the first of a burst at once, the rest gathered.
async fn tell(shell: Shell, mut changes: UnboundedReceiver<Tag>) {
    while let Some(tags) = gather(&mut changes).await {
        if let Err(error) = shell.app().emit("changed", &tags) {
            tracing::warn!(%error, "the window could not be told");
        }
        shell.told().notify_one();
        sleep(PACE).await;
    }
}

/// Waits for a tag and takes along all that lie there, each once. `None` at the end.
async fn gather(changes: &mut UnboundedReceiver<Tag>) -> Option<BTreeSet<Tag>> {
    let mut tags = BTreeSet::from([changes.recv().await?]);
    while let Ok(tag) = changes.try_recv() {
        tags.insert(tag);
    }
    Some(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_their_bound() {
        let pauses: Vec<Duration> = pauses().take(12).map(|pause| pause.min(LONGEST)).collect();
        assert!(pauses[0] >= Duration::from_secs(1) && pauses[0] <= Duration::from_secs(2), "{pauses:?}");
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&LONGEST));
    }

    #[test]
    fn every_view_asks_again_after_another_process_wrote() {
        use ts_rs::TS;
        let declared = Tag::inline(&ts_rs::Config::new());
        let mut declared: Vec<&str> = declared.split(" | ").map(|tag| tag.trim_matches('"')).collect();
        let told = serde_json::to_value(ALL).unwrap();
        let mut told: Vec<&str> = told.as_array().unwrap().iter().filter_map(serde_json::Value::as_str).collect();
        declared.sort_unstable();
        told.sort_unstable();
        assert_eq!(told, declared);
    }

    #[tokio::test]
    async fn a_burst_is_told_once_and_each_tag_once() {
        let (send, mut changes) = tokio::sync::mpsc::unbounded_channel();
        for tag in [Tag::Status, Tag::Orders, Tag::Status, Tag::Orders] {
            send.send(tag).unwrap();
        }
        assert_eq!(gather(&mut changes).await, Some(BTreeSet::from([Tag::Orders, Tag::Status])));
        drop(send);
        assert_eq!(gather(&mut changes).await, None);
    }
}
