//! Commit groups: gather, seal, append, answer (steps 2 and 3 of the journey).
//!
//! Two tasks in a row. The sealer takes what has arrived (one delivery at low load, hundreds at high load), seals it per
//! inbox on blocking threads and drops the plaintext. The committer appends the group in one transaction and only then
//! answers everybody in it. One group is sealed while the one before is committed.
//!
//! While no commit is under way, a delivery is sealed at once. While one is, the sealer waits before it gathers, at most
//! [`LONGEST_GUESS`], so that the group is sealed just as that commit is expected to end ([`CommitEstimate`]).
//! It deliberately decides nothing about a delivery; duplicates are kept.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use offizin_wire::{
    Delivery, InletId, Recipient,
    seal::{MAX_DELIVERIES, MAX_GATHERED_BYTES},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet, spawn_blocking},
};
use zeroize::Zeroize;

use crate::{
    config::Clock,
    limits::Load,
    log::{InboxId, Log, LogError, Place, Sealed},
    metrics::Metrics,
    refusal::Refused,
    registry::{Inbox, Inlet, Recipients, Registry},
};

/// Asked once: the answer is read from several files.
static THREADS: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
/// Deliveries that may wait to be sealed. Beyond, intake refuses.
const WAITING: usize = 16 * 1024;
/// A group gathers at most this many deliveries, over all inboxes.
const GROUP_DELIVERIES: usize = 4 * MAX_DELIVERIES;
/// A group gathers no further delivery once it has this many body bytes.
const GROUP_BYTES: usize = 8 * MAX_GATHERED_BYTES;

/// A delivery that somebody waits for.
pub(crate) struct Waiting {
    pub(crate) inlet: Arc<Inlet>,
    pub(crate) delivery: Delivery,
    /// Its share of the bytes in flight, given back once it is sealed.
    pub(crate) load: Load,
    /// Told after the commit.
    pub(crate) answer: oneshot::Sender<Result<(), Refused>>,
}

/// Where intake puts deliveries. When every copy is dropped, the rest is sealed and committed and both tasks end.
pub(crate) type Queue = mpsc::Sender<Waiting>;

/// Starts both tasks; the handle ends when the queue is closed and everything in it was answered.
pub(crate) fn start(
    log: Arc<Log>,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    clock: Clock,
) -> (Queue, JoinHandle<()>) {
    let (queue, waiting) = mpsc::channel(WAITING);
    // One place: while a group is committed the next one is sealed, and gathering starts no earlier than that.
    let (sealed, groups) = mpsc::channel(1);
    let (estimate, committing) = watch::channel(CommitEstimate::default());
    let done = tokio::spawn(async move {
        let mut tasks = JoinSet::new();
        tasks.spawn(seal_groups(waiting, sealed, committing));
        tasks.spawn(commit_groups(groups, log, registry, metrics, clock, estimate));
        tasks.join_all().await;
    });
    (queue, done)
}

/// The deliveries of one inbox that become one segment.
struct Batch {
    inbox: Arc<Inbox>,
    bytes: usize,
    waiting: Vec<Waiting>,
}

/// A batch, sealed: the plaintext is gone.
struct SealedBatch {
    segment: Sealed,
    answers: Vec<oneshot::Sender<Result<(), Refused>>>,
}

/// What is committed together.
struct Group {
    batches: Vec<SealedBatch>,
    /// Held until the commit, so that pairing cannot come between sealing and committing.
    _recipients: Vec<Recipients>,
}

/// How long commits take, and since when one is under way.
///
/// Whoever is gathered early is sealed early and waits for the commit to end; whoever comes a moment later waits for one
/// more. So a group is gathered when sealing it will take as long as the commit under way still does: fewer groups, each
/// larger, for the same flushes. A guess that is wrong costs a moment, nothing else.
#[derive(Clone, Copy, Default)]
struct CommitEstimate {
    since: Option<Instant>,
    usual: Duration,
}

/// No guess is trusted for longer.
const LONGEST_GUESS: Duration = Duration::from_millis(20);
/// What is shorter is not worth a wait.
const SHORTEST_WAIT: Duration = Duration::from_micros(200);

/// What it usually is, moved a little towards what it was this time; one that stalled moves it no further.
fn damped_mean(usual: Duration, now: Duration) -> Duration {
    if usual.is_zero() { now } else { (usual * 7 + now.min(usual * 2)) / 8 }
}

impl CommitEstimate {
    /// How long to wait before gathering what takes so long to seal.
    fn rest(&self, sealing: Duration, now: Instant) -> Option<Duration> {
        let ends = self.since? + self.usual.min(LONGEST_GUESS);
        let rest = ends.saturating_duration_since(now).saturating_sub(sealing * 2);
        (rest >= SHORTEST_WAIT).then_some(rest)
    }
}

/// Waits until it is time to gather, or until the commit under way has ended.
async fn wait_for_commit(committing: &mut watch::Receiver<CommitEstimate>, sealing: Duration) {
    let Some(rest) = committing.borrow_and_update().rest(sealing, Instant::now()) else { return };
    // Tokio's own clock ticks in milliseconds: as long as many a commit takes.
    let wait = spawn_blocking(move || std::thread::sleep(rest));
    tokio::select! {
        _ = wait => {}
        _ = committing.changed() => {}
    }
}

async fn seal_groups(
    mut waiting: mpsc::Receiver<Waiting>,
    sealed: mpsc::Sender<Group>,
    mut committing: watch::Receiver<CommitEstimate>,
) {
    let mut sealing = Duration::ZERO;
    while let Ok(place) = sealed.reserve().await {
        let Some(first) = waiting.recv().await else { return };
        wait_for_commit(&mut committing, sealing).await;
        let started = Instant::now();
        place.send(seal_group(gather(first, &mut waiting)).await);
        sealing = damped_mean(sealing, started.elapsed());
    }
}

/// What is waiting right now, in batches, in the order of arrival within each inbox.
fn gather(first: Waiting, waiting: &mut mpsc::Receiver<Waiting>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    let mut open: HashMap<InboxId, usize> = HashMap::new();
    let (mut deliveries, mut bytes) = (0, 0);
    let mut next = Some(first);
    while let Some(one) = next {
        let size = one.delivery.body.len();
        deliveries += 1;
        bytes += size;
        let batch = open.get(&one.inlet.inbox.id).copied().and_then(|at| batches.get_mut(at));
        match batch {
            Some(batch) if batch.waiting.len() < MAX_DELIVERIES && batch.bytes + size <= MAX_GATHERED_BYTES => {
                batch.bytes += size;
                batch.waiting.push(one);
            }
            _ => {
                let inbox = one.inlet.inbox.clone();
                open.insert(inbox.id.clone(), batches.len());
                batches.push(Batch { inbox, bytes: size, waiting: vec![one] });
            }
        }
        next = if deliveries < GROUP_DELIVERIES && bytes < GROUP_BYTES { waiting.try_recv().ok() } else { None };
    }
    batches
}

async fn seal_group(batches: Vec<Batch>) -> Group {
    // One hold per inbox: asking twice for the same could wait for a pairing that waits for the first.
    let mut held: HashMap<InboxId, (Recipients, Keys)> = HashMap::new();
    let mut keyed = Vec::with_capacity(batches.len());
    for batch in batches {
        let keys = match held.get(&batch.inbox.id) {
            Some((_, keys)) => keys.clone(),
            None => {
                let recipients = batch.inbox.recipients().await;
                let keys = Keys { version: recipients.version, to: distinct(&recipients) };
                held.insert(batch.inbox.id.clone(), (recipients, keys.clone()));
                keys
            }
        };
        keyed.push((batch, keys));
    }
    // As many threads as there are processors, however many inboxes share the group.
    let share = keyed.len().div_ceil(*THREADS).max(1);
    let mut sealing = Vec::with_capacity(*THREADS);
    while !keyed.is_empty() {
        let rest = keyed.split_off(share.min(keyed.len()));
        let mine = std::mem::replace(&mut keyed, rest);
        sealing.push(spawn_blocking(move || {
            mine.into_iter().filter_map(|(batch, keys)| seal_batch(batch, &keys)).collect::<Vec<_>>()
        }));
    }
    // Where sealing broke down the answers were dropped, which refuses those deliveries.
    let batches = join_all(sealing).await.into_iter().filter_map(Result::ok).flatten().collect();
    Group { batches, _recipients: held.into_values().map(|(recipients, _)| recipients).collect() }
}

/// To whom a batch is sealed.
#[derive(Clone)]
struct Keys {
    version: u64,
    to: Arc<[Recipient]>,
}

/// Two devices with the same key need one stanza.
fn distinct(recipients: &Recipients) -> Arc<[Recipient]> {
    let mut keys: Vec<Recipient> = Vec::with_capacity(recipients.devices.len());
    for (_, key) in &recipients.devices {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys.into()
}

fn seal_batch(batch: Batch, keys: &Keys) -> Option<SealedBatch> {
    let mut deliveries = Vec::with_capacity(batch.waiting.len());
    let mut loads = Vec::with_capacity(batch.waiting.len());
    let mut answers = Vec::with_capacity(batch.waiting.len());
    let mut counts: Vec<(InletId, u64)> = Vec::new();
    for Waiting { inlet, delivery, load, answer } in batch.waiting {
        match counts.iter_mut().find(|(id, _)| *id == inlet.id) {
            Some((_, count)) => *count += 1,
            None => counts.push((inlet.id.clone(), 1)),
        }
        deliveries.push(delivery);
        loads.push(load);
        answers.push(answer);
    }
    let sealed = offizin_wire::seal::seal(&deliveries, &keys.to);
    for delivery in &mut deliveries {
        delivery.body.zeroize();
    }
    drop((deliveries, loads));
    match sealed {
        Ok(bytes) => {
            let inbox = batch.inbox.id.clone();
            Some(SealedBatch { segment: Sealed { inbox, deliveries: counts, version: keys.version, bytes }, answers })
        }
        Err(error) => {
            let refused = match error {
                offizin_wire::seal::SealError::NoRecipient => Refused::no_device(),
                offizin_wire::seal::SealError::Failed(_) => {
                    tracing::error!("sealing failed");
                    Refused::not_durable()
                }
            };
            answer_all(answers, &Err(refused));
            None
        }
    }
}

async fn commit_groups(
    mut groups: mpsc::Receiver<Group>,
    log: Arc<Log>,
    registry: Arc<Registry>,
    metrics: Arc<Metrics>,
    clock: Clock,
    estimate: watch::Sender<CommitEstimate>,
) {
    while let Some(Group { batches, _recipients }) = groups.recv().await {
        if batches.is_empty() {
            continue;
        }
        let started = Instant::now();
        let (mut segments, mut answers) = (Vec::with_capacity(batches.len()), Vec::with_capacity(batches.len()));
        let (mut count, mut bytes) = (0, 0);
        for batch in batches {
            count += 1;
            bytes += batch.segment.bytes.len() as u64;
            answers.push((batch.segment.inbox.clone(), batch.answers));
            segments.push(batch.segment);
        }
        estimate.send_modify(|estimate| estimate.since = Some(started));
        let appended = log.append(segments, clock.now()).await;
        estimate.send_modify(|estimate| {
            *estimate = CommitEstimate { since: None, usual: damped_mean(estimate.usual, started.elapsed()) };
        });
        match appended {
            Ok(places) => {
                metrics.committed(count, bytes, started.elapsed());
                for ((inbox, answers), place) in answers.into_iter().zip(places) {
                    match place {
                        Place::At(sequence) => {
                            registry.grown(&inbox, sequence);
                            answer_all(answers, &Ok(()));
                        }
                        Place::NoInbox => {
                            registry.forget(&inbox);
                            answer_all(answers, &Err(Refused::unknown_inlet()));
                        }
                        Place::Stale => {
                            registry.clone().look_again(inbox);
                            answer_all(answers, &Err(Refused::stale()));
                        }
                        Place::Failed(error) => {
                            warn(&error);
                            answer_all(answers, &Err(Refused::from(&error)));
                        }
                    }
                }
            }
            Err(error) => {
                warn(&error);
                let refused = Err(Refused::from(&error));
                for (_, answers) in answers {
                    answer_all(answers, &refused);
                }
            }
        }
    }
}

fn warn(error: &LogError) {
    tracing::error!(%error, "a commit failed; its deliveries were refused");
}

fn answer_all(answers: Vec<oneshot::Sender<Result<(), Refused>>>, answer: &Result<(), Refused>) {
    for waiting in answers {
        // Whoever hung up meanwhile is not told; the delivery stays, as every arrival does.
        let _ = waiting.send(answer.clone());
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use offizin_wire::{Identity, InletToken};

    use super::*;

    use crate::{
        config::Limits,
        log::{Candidate, sqlite::Sqlite},
    };

    /// A registry with a paired inbox of each name, and the inlet of each.
    async fn inlets(home: &std::path::Path, names: &[&str]) -> Vec<Arc<Inlet>> {
        let log = Sqlite::open(&home.join("relay.db"), None).await.unwrap();
        let now = Timestamp::now();
        let mut tokens = Vec::new();
        for name in names {
            let (code, token) = (InletToken::random().unwrap().hash(), InletToken::random().unwrap().hash());
            let inbox = log.add_inbox(name, code, Timestamp::MAX, now).await.unwrap();
            let recipient = Identity::random().recipient();
            log.pair(Candidate { code, name: "Desk".into(), recipient, token_hash: token }, now).await.unwrap();
            log.put_inlet(&inbox, &InletId::random().unwrap(), token, now).await.unwrap();
            tokens.push(token);
        }
        let registry = Registry::load(Arc::new(Log::Sqlite(log)), &Limits::default()).await.unwrap();
        tokens.iter().map(|token| registry.inlet(token).unwrap()).collect()
    }

    fn waiting(inlet: &Arc<Inlet>, body: Vec<u8>) -> (Waiting, oneshot::Receiver<Result<(), Refused>>) {
        let delivery = Delivery::new(inlet.id.clone(), Timestamp::now(), vec![], body);
        let (answer, answered) = oneshot::channel();
        (Waiting { inlet: inlet.clone(), delivery, load: Load::default(), answer }, answered)
    }

    #[tokio::test]
    async fn a_group_is_split_by_inbox_count_and_size_and_keeps_the_order() {
        let home = tempfile::tempdir().unwrap();
        let inlets = inlets(home.path(), &["a", "b"]).await;
        let (queue, mut queued) = mpsc::channel(2000);
        let mut answers = Vec::new();
        let mut put = |inlet: usize, body: Vec<u8>| {
            let (waiting, answered) = waiting(&inlets[inlet], body);
            answers.push(answered);
            queue.try_send(waiting).ok().unwrap();
        };
        for i in 0..300u16 {
            put(0, i.to_be_bytes().to_vec());
            if i < 3 {
                put(1, vec![0; 600 * 1024]);
            }
        }
        put(1, vec![0; 2 * MAX_GATHERED_BYTES]);
        let first = queued.recv().await.unwrap();
        let batches = gather(first, &mut queued);
        let sizes: Vec<_> =
            batches.iter().map(|batch| (batch.inbox.name.as_str(), batch.waiting.len(), batch.bytes)).collect();
        let large = 600 * 1024;
        let expected = [
            ("a", MAX_DELIVERIES, 512),
            ("b", 1, large),
            ("b", 1, large),
            ("b", 1, large),
            ("a", 44, 88),
            ("b", 1, 2 * MAX_GATHERED_BYTES),
        ];
        assert_eq!(sizes, expected);
        let of_a = batches.iter().filter(|batch| batch.inbox.name == "a").flat_map(|batch| &batch.waiting);
        assert!(of_a.map(|w| w.delivery.body.clone()).eq((0..300u16).map(|i| i.to_be_bytes().to_vec())));
        assert!(queued.try_recv().is_err(), "all of it was gathered");
    }

    #[test]
    fn gathering_waits_for_a_commit_under_way_less_the_time_to_seal_and_never_long() {
        let (begun, ms) = (Instant::now(), Duration::from_millis);
        let estimate = |usual| CommitEstimate { since: Some(begun), usual };
        assert_eq!(CommitEstimate { since: None, usual: ms(9) }.rest(ms(0), begun), None, "nothing is under way");
        assert_eq!(estimate(ms(9)).rest(ms(2), begun), Some(ms(5)));
        assert_eq!(estimate(ms(9)).rest(ms(2), begun + ms(3)), Some(ms(2)));
        assert_eq!(estimate(ms(9)).rest(ms(2), begun + ms(5)), None);
        assert_eq!(estimate(ms(9)).rest(ms(5), begun), None, "sealing takes longer: at once, and beside it");
        assert_eq!(estimate(ms(900)).rest(ms(0), begun), Some(LONGEST_GUESS));
        let stalled = damped_mean(ms(8), Duration::from_secs(3));
        assert_eq!((damped_mean(ms(0), ms(8)), damped_mean(ms(8), ms(0)), stalled), (ms(8), ms(7), ms(9)));
    }

    #[tokio::test]
    async fn a_group_ends_somewhere() {
        let home = tempfile::tempdir().unwrap();
        let inlets = inlets(home.path(), &["a"]).await;
        for (size, gathered) in [(0, GROUP_DELIVERIES), (MAX_GATHERED_BYTES, GROUP_BYTES / MAX_GATHERED_BYTES)] {
            let (queue, mut queued) = mpsc::channel(2000);
            for _ in 0..gathered + 5 {
                queue.try_send(waiting(&inlets[0], vec![0; size]).0).ok().unwrap();
            }
            let first = queued.recv().await.unwrap();
            let batches = gather(first, &mut queued);
            assert_eq!(batches.iter().map(|batch| batch.waiting.len()).sum::<usize>(), gathered);
            assert_eq!(queued.len(), 5);
        }
    }
}
