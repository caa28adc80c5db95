//! Rotation: nothing is lost, whatever interrupts it. The desk is killed at every point where it makes something
//! permanent and at every request, both before it is sent and after it was answered. And the answer to every request is
//! lost, before and after the provider or the relay acted on it. In the end there is exactly one subscription, and its
//! secret is in the keyring.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use offizin_desk::{
    Clock, Code, Desk,
    connections::view::{ConnectionEditInput, ConnectionSettings, ConnectionView, DeleteStrategy},
    event::Verdict,
    id::SubscriptionId,
    interrupt::{Interrupt, watched},
    rotation::view::{RotateInput, RotationStep, RotationView, RotationWait},
    subscriptions::view::{RegisterInput, SecretState, SubscriptionState, SubscriptionView},
};
use offizin_journey::{
    Cut, OpenDesk, ServedRelay, TYPES, Tunnel, World, arrivals, connection, desk_at, keyring_entry, pair, pull, removal,
};
use offizin_sandbox::{
    AnswerFault, AnswerRule, Call, Config, DEMO_KEY, Faults, Odds, Outcome, Pace, Sandbox, Switches,
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Semaphore, oneshot},
    task::JoinSet,
};

const UPDATED: &str = TYPES[1];

/// A clock that can be put forward.
#[derive(Clone, Default)]
struct Later(Arc<AtomicI64>);

impl Later {
    fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.0);
        Arc::new(move || Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::SeqCst)))
    }

    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

fn rotate(ids: &[SubscriptionId]) -> RotateInput {
    RotateInput { subscriptions: ids.to_vec(), grace_hours: None }
}

async fn rotations(desk: &Desk) -> Vec<RotationView> {
    desk.subscription_list(None, false).await.unwrap().rotations
}

async fn listed(desk: &Desk) -> Vec<SubscriptionView> {
    desk.subscription_list(None, true).await.unwrap().rows
}

/// Tends and pulls until every rotation is over or in grace.
async fn settle(sandbox: &Sandbox, desk: &Desk, later: &Later) -> Vec<RotationView> {
    for _ in 0..40 {
        desk.tend().await.unwrap();
        sandbox.settled().await;
        let _ = desk.pull(Duration::ZERO).await;
        let all = rotations(desk).await;
        if all.iter().all(|rotation| rotation.step.is_over() || rotation.step == RotationStep::Grace) {
            return all;
        }
        later.pass(90);
    }
    panic!("{:?}", rotations(desk).await);
}

/// What a run is disturbed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    /// The desk is killed at this point.
    Kill(usize),
    /// The answer to the question at this point is lost, after the other side acted or before.
    Lose(usize, Cut),
}

/// One rotation from beginning to end, disturbed at one point; answers the points that were passed.
async fn run(trouble: Trouble) -> Vec<&'static str> {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let sandbox = Arc::new(Sandbox::start(Config { orders: 40, ..Config::default() }).await.unwrap());
    let (relay, tunnel) = ServedRelay::behind_tunnel(&dir.path().join("relay")).await;
    let tunnel = Arc::new(tunnel);
    let later = Later::default();
    let desk = desk_at(&home, later.clock()).await.unwrap();
    pair(&desk, &relay.invite("Adler-Apotheke").await).await.unwrap();
    let connected = desk.connection_add(connection(&sandbox, DEMO_KEY)).await.unwrap();
    let old = registered(&desk, &connected, &[UPDATED]).await.remove(0);
    sandbox.emit(3);
    sandbox.settled().await;
    pull(&desk).await;

    let points = disturbed(desk, &sandbox, &tunnel, &old, trouble).await;

    later.pass(120);
    let desk = desk_at(&home, later.clock()).await.unwrap();
    settle(&sandbox, &desk, &later).await;
    later.pass(73 * 3600);
    settle(&sandbox, &desk, &later).await;
    sandbox.emit(2);
    sandbox.settled().await;
    pull(&desk).await;
    proven(&sandbox, &desk, &home, &old, trouble).await;
    drop(desk);
    relay.stop().await;
    points
}

async fn registered(desk: &Desk, on: &ConnectionView, types: &[&str]) -> Vec<SubscriptionView> {
    let types = types.iter().map(|name| (*name).to_owned()).collect();
    let outcome = desk.subscription_register(RegisterInput { connection: on.id.clone(), types }).await.unwrap();
    outcome.into_iter().map(|one| one.subscription.unwrap()).collect()
}

/// Rotates, with trouble at one point; the desk is gone afterwards.
async fn disturbed(
    desk: OpenDesk,
    sandbox: &Arc<Sandbox>,
    tunnel: &Arc<Tunnel>,
    old: &SubscriptionView,
    trouble: Trouble,
) -> Vec<&'static str> {
    let passed = Arc::new(Mutex::new(Vec::new()));
    let (stopped, on_stop) = oneshot::channel();
    let stopped = Mutex::new(Some(stopped));
    let (points, provider, relay) = (Arc::clone(&passed), Arc::clone(sandbox), Arc::clone(tunnel));
    let watcher = move |what| {
        let number = {
            let mut points = points.lock().unwrap();
            points.push(what);
            points.len() - 1
        };
        // Life goes on at the provider whatever the desk is doing.
        if number.is_multiple_of(7) {
            provider.emit(1);
        }
        match trouble {
            Trouble::Kill(at) if at == number => {
                if let Some(stopped) = stopped.lock().unwrap().take() {
                    let _ = stopped.send(());
                }
                return Interrupt::Stop;
            }
            Trouble::Lose(at, cut) if at == number && what == "provider, asked" => {
                let fault = if cut == Cut::Before { AnswerFault::Cut } else { AnswerFault::Lost };
                let rule = AnswerRule { on: Call::Any, fault, odds: Odds::next(1) };
                provider.set_faults(Faults { answers: vec![rule], ..Faults::default() });
            }
            Trouble::Lose(at, cut) if at == number => relay.cut(cut),
            _ => {}
        }
        Interrupt::Go
    };
    let (provider, id) = (Arc::clone(sandbox), old.id.clone());
    let rotating = async {
        desk.subscription_rotate(rotate(&[id])).await.unwrap();
        for _ in 0..3 {
            let _ = desk.tend().await;
            provider.settled().await;
            let _ = desk.pull(Duration::ZERO).await;
        }
        let _ = desk.tend().await;
    };
    tokio::select! {
        () = watched(watcher, rotating) => {}
        _ = on_stop => {}
    }
    sandbox.set_faults(Faults::default());
    drop(desk);
    Arc::try_unwrap(passed).map_or_else(|held| held.lock().unwrap().clone(), |points| points.into_inner().unwrap())
}

/// Exactly one subscription, ours, with its secret in the keyring; nothing lost, nothing rejected.
async fn proven(sandbox: &Sandbox, desk: &Desk, home: &Path, old: &SubscriptionView, trouble: Trouble) {
    let theirs = sandbox.subscriptions();
    assert_eq!(theirs.len(), 1, "{trouble:?}: {theirs:?}");
    let rows = listed(desk).await;
    assert_eq!(rows.len(), 1, "{trouble:?}: {rows:?}");
    let row = &rows[0];
    assert_eq!((row.state, row.secret), (SubscriptionState::Active, SecretState::Stored), "{trouble:?}");
    assert_eq!(row.provider_uid.as_deref(), Some(theirs[0].uid.as_str()), "{trouble:?}");
    let kept = keyring_entry(home, &format!("signing/{}", row.fingerprint.as_deref().unwrap())).get_password().unwrap();
    assert_eq!(kept, sandbox.secret(&theirs[0].uid).unwrap().expose_secret(), "{trouble:?}");
    match rotations(desk).await.as_slice() {
        // It had not been written down when the desk was killed.
        [] => assert!(matches!(trouble, Trouble::Kill(_)) && row.id == old.id, "{trouble:?}"),
        [rotation] if rotation.step == RotationStep::Done => assert_eq!(row.id, rotation.new, "{trouble:?}"),
        [rotation] => {
            assert_eq!((rotation.step, &row.id), (RotationStep::RolledBack, &old.id), "{trouble:?}");
            assert!(rotation.problem.is_some(), "{trouble:?}");
        }
        more => panic!("{trouble:?}: {more:?}"),
    }
    assert_eq!(sandbox.swept(), 0, "{trouble:?}");
    nothing_is_missing(sandbox, desk, &format!("{trouble:?}"), row.id == old.id).await;
    let status = desk.status().await.unwrap();
    assert_eq!((status.counts.watched.rotations_open, status.counts.watched.subscriptions_vanished), (0, 0));
}

/// Every body the provider told is in the journal, verified. Nothing is in quarantine but, where the new subscription was
/// given up because nobody has its secret, what came through it: copies of what the old one brought, and test events.
async fn nothing_is_missing(sandbox: &Sandbox, desk: &Desk, when: &str, given_up: bool) {
    let (mut verified, mut rejected) = (BTreeSet::new(), BTreeSet::new());
    for row in arrivals(desk, None).await {
        let sha256 = desk.event_show(&row.id).await.unwrap().sha256;
        let side = if row.verdict == Verdict::Rejected { &mut rejected } else { &mut verified };
        side.insert(sha256);
    }
    let ledger = sandbox.ledger();
    let events = ledger.iter().filter(|entry| entry.event.is_some());
    let told: BTreeSet<String> = events.map(|entry| HEXLOWER.encode(&Sha256::digest(&entry.body))).collect();
    assert!(!told.is_empty());
    assert_eq!(told.difference(&verified).collect::<Vec<_>>(), Vec::<&String>::new(), "{when}: lost");
    assert!(given_up || rejected.is_empty(), "{when}: rejected");
}

/// Every point of the story, a few at a time.
async fn everywhere(troubles: impl Iterator<Item = Trouble>) -> usize {
    let (at_once, done) = (Arc::new(Semaphore::new(6)), Arc::new(AtomicUsize::new(0)));
    let mut runs = JoinSet::new();
    for trouble in troubles {
        let (at_once, done) = (Arc::clone(&at_once), Arc::clone(&done));
        runs.spawn(async move {
            let _one = at_once.acquire().await.unwrap();
            run(trouble).await;
            done.fetch_add(1, Ordering::SeqCst);
        });
    }
    while let Some(ended) = runs.join_next().await {
        ended.unwrap();
    }
    done.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_point_it_goes_on_or_gives_up_and_loses_nothing() {
    let points = run(Trouble::None).await;
    for kind in
        ["commit", "keyring, stored", "provider, asked", "provider, answered", "relay, asked", "relay, answered"]
    {
        assert!(points.contains(&kind), "{kind} is not among the points: {points:?}");
    }
    // The way through is not the same to the last point each time: a few more than there were are tried.
    let tried = everywhere((0..points.len() + 2).map(Trouble::Kill)).await;
    assert_eq!(tried, points.len() + 2, "none is skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_any_answer_lost_it_goes_on_or_gives_up_and_loses_nothing() {
    let points = run(Trouble::None).await;
    let asked: Vec<usize> = (0..points.len()).filter(|at| points[*at].ends_with(", asked")).collect();
    assert!(asked.len() > 8, "{points:?}");
    let troubles = asked.iter().flat_map(|at| [Trouble::Lose(*at, Cut::Before), Trouble::Lose(*at, Cut::After)]);
    assert_eq!(everywhere(troubles).await, asked.len() * 2, "none is skipped");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_at_once_under_load_lose_and_reject_nothing() {
    let provider = Config { orders: 0, pace: Pace::Rate(200.0), parallel: 8, ..Config::default() };
    let world = World::with(provider).await;
    let types = [TYPES[0], TYPES[1], TYPES[2], "patient_doctor_meeting_updated", "appointment_reminder_due"];
    let before: Vec<SubscriptionId> = world.register(&types).await.into_iter().map(|made| made.id).collect();
    world.desk.pull(Duration::from_secs(1)).await.unwrap();
    let started = world.desk.subscription_rotate(rotate(&before)).await.unwrap();
    assert!(started.iter().all(|one| one.problem.is_none()));
    loop {
        world.desk.tend().await.unwrap();
        world.desk.pull(Duration::ZERO).await.unwrap();
        let all = rotations(&world.desk).await;
        assert!(all.iter().all(|rotation| rotation.problem.is_none()), "{all:?}");
        if all.iter().all(|rotation| rotation.step == RotationStep::Grace) {
            break;
        }
    }
    let sandbox = world.sandbox;
    let emitted = sandbox.ledger().iter().filter_map(|entry| entry.event).max().unwrap();
    assert!(emitted > 100, "{emitted} events are no load");
    // What is told from here on is not waited for.
    let told: Vec<_> = sandbox.ledger().into_iter().filter(|entry| entry.event.is_some_and(|e| e <= emitted)).collect();
    tokio::time::timeout(Duration::from_secs(30), async {
        let waits =
            || sandbox.ledger().iter().any(|e| e.event.is_some_and(|n| n <= emitted) && e.outcome == Outcome::Waiting);
        while waits() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .unwrap();
    pull(&world.desk).await;
    let mut here = BTreeSet::new();
    for row in arrivals(&world.desk, None).await {
        assert_ne!(row.verdict, Verdict::Rejected, "{row:?}");
        here.insert(world.desk.event_show(&row.id).await.unwrap().sha256);
    }
    for entry in &told {
        let hash = HEXLOWER.encode(&Sha256::digest(&entry.body));
        assert!(here.contains(&hash), "{} of event {:?} is missing", entry.event_type, entry.event);
    }
    let rows = listed(&world.desk).await;
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.state == SubscriptionState::Active && !before.contains(&row.id)));
    let duplicates: u32 = rows.iter().map(|row| row.health.duplicates).sum();
    assert!(duplicates > 0, "both generations brought the same events, and each is there once");
    assert_eq!(sandbox.subscriptions().len(), 5);
    assert_eq!(sandbox.swept(), 0);
}

/// A world with one verified subscription, and its id.
async fn one(provider: Config) -> (World, SubscriptionId) {
    let world = World::with(provider).await;
    let made = world.register(&[UPDATED]).await.remove(0);
    world.arrive().await;
    (world, made.id)
}

async fn only(desk: &Desk) -> RotationView {
    let mut all = rotations(desk).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_the_first_event_and_can_be_rolled_back_until_then() {
    let (world, old) = one(Config::default()).await;
    let silent = Switches { test_after_registration: false, test_endpoint: false, ..world.sandbox.switches() };
    world.sandbox.set_switches(silent);
    world.desk.subscription_rotate(rotate(std::slice::from_ref(&old))).await.unwrap();
    let again = world.desk.subscription_rotate(rotate(std::slice::from_ref(&old))).await.unwrap();
    assert_eq!(again[0].problem.as_ref().unwrap().code, Code::RotationUnderWay);
    world.desk.tend().await.unwrap();
    let waiting = only(&world.desk).await;
    assert_eq!(waiting.step, RotationStep::Proving);
    assert!(waiting.can_roll_back && waiting.can_test, "{waiting:?}");
    assert_eq!(world.sandbox.subscriptions().len(), 2, "the old one is untouched");
    assert_eq!(world.desk.subscription_remove(&removal(&old)).await.unwrap_err().code, Code::RotationUnderWay);
    let row = listed(&world.desk).await.into_iter().find(|row| row.replaces.is_some()).unwrap();
    assert_eq!((row.replaces, row.rotation), (Some(old.clone()), Some(waiting.id.clone())));

    world.desk.rotation_roll_back(&waiting.id).await.unwrap();
    world.desk.tend().await.unwrap();
    let over = only(&world.desk).await;
    assert_eq!((over.step, over.can_roll_back, over.problem), (RotationStep::RolledBack, false, None));
    assert_eq!(world.sandbox.subscriptions().len(), 1);
    assert_eq!(listed(&world.desk).await[0].id, old);

    // Once the old one is gone there is no way back.
    world.sandbox.set_switches(Switches { test_after_registration: true, ..world.sandbox.switches() });
    world.desk.subscription_rotate(rotate(&[old])).await.unwrap();
    settle(&world.sandbox, &world.desk, &Later::default()).await;
    let done = rotations(&world.desk).await.remove(0);
    assert_eq!((done.step, done.waits_for), (RotationStep::Grace, Some(RotationWait::Grace)));
    assert_eq!(world.desk.rotation_roll_back(&done.id).await.unwrap_err().code, Code::RotationTooLate);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_nothing_is_removed_until_one_is_pasted() {
    let (world, old) = one(Config::default()).await;
    world.sandbox.set_switches(Switches { management_secret: false, ..world.sandbox.switches() });
    world.desk.subscription_rotate(rotate(&[old])).await.unwrap();
    world.desk.tend().await.unwrap();
    world.arrive().await;
    world.desk.tend().await.unwrap();
    let waiting = only(&world.desk).await;
    assert_eq!((waiting.step, waiting.waits_for), (RotationStep::Proving, Some(RotationWait::Secret)));
    assert_eq!(world.desk.status().await.unwrap().counts.watched.rotations_stuck, 1);
    assert_eq!(world.sandbox.subscriptions().len(), 2);
    // What came meanwhile is in quarantine; with its secret it is verified, and that is the proof.
    let new = listed(&world.desk).await.into_iter().find(|row| row.id == waiting.new).unwrap();
    let secret = world.sandbox.secret(new.provider_uid.as_deref().unwrap()).unwrap();
    world.desk.subscription_paste_secret(&waiting.new, secret).await.unwrap();
    settle(&world.sandbox, &world.desk, &Later::default()).await;
    assert_eq!(only(&world.desk).await.step, RotationStep::Grace);
    assert_eq!(world.sandbox.subscriptions().len(), 1);
    assert_eq!(world.desk.status().await.unwrap().counts.quarantine, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_on_one_folder_ask_once() {
    let (world, old) = one(Config::default()).await;
    let other = desk_at(&world.dir.path().join("home"), offizin_desk::system_clock()).await.unwrap();
    world.desk.subscription_rotate(rotate(&[old])).await.unwrap();
    for _ in 0..4 {
        let (here, there) = tokio::join!(world.desk.tend(), other.tend());
        here.unwrap();
        there.unwrap();
        world.sandbox.settled().await;
        let _ = tokio::join!(world.desk.pull(Duration::ZERO), other.pull(Duration::ZERO));
    }
    assert_eq!(only(&world.desk).await.step, RotationStep::Grace);
    let asked = |method: &str, path: &str| {
        let requests = world.sandbox.requests();
        requests.iter().filter(|request| request.method == method && request.path.ends_with(path)).count()
    };
    assert_eq!(asked("POST", "/notification-subscriptions/"), 2, "the old one and the new one, each created once");
    assert_eq!(asked("DELETE", "/notification-subscriptions/"), 1);
    assert_eq!(world.sandbox.subscriptions().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_to_delete_has_to_be_known_before_anything_is_begun() {
    let (world, old) = one(Config::default()).await;
    let now = world.desk.connection_find(&world.connection.name).await.unwrap();
    let edit = |delete| ConnectionEditInput {
        id: now.id.clone(),
        name: now.name.clone(),
        pharmacy_uid: None,
        api_key: None,
        settings: ConnectionSettings { delete, ..now.settings.clone() },
    };
    world.desk.connection_edit(edit(Some(DeleteStrategy::Off))).await.unwrap();
    let refused = world.desk.subscription_rotate(rotate(std::slice::from_ref(&old))).await.unwrap().remove(0);
    assert_eq!(refused.problem.unwrap().code, Code::DeleteNotConfigured);
    assert_eq!(world.sandbox.subscriptions().len(), 1);
    world.desk.connection_edit(edit(Some(DeleteStrategy::Query))).await.unwrap();
    assert_eq!(world.desk.subscription_rotate(rotate(&[old])).await.unwrap().remove(0).problem, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_to_the_old_address_within_its_grace_is_believed_however_late_it_is_pulled() {
    let later = Later::default();
    let (world, old) = one(Config::default()).await;
    let World { sandbox, desk, dir, relay: _relay, .. } = world;
    let target = sandbox.subscriptions()[0].target.clone();
    let secret = sandbox.secret(&sandbox.subscriptions()[0].uid).unwrap();
    desk.subscription_rotate(rotate(&[old])).await.unwrap();
    settle(&sandbox, &desk, &later).await;
    // A retry that was on its way: signed with the old secret, received by the relay now.
    let body = br#"{"event_type":"pharmacy_order_updated","timestamp":1760000100,"payload_version":"1","data":{"uid":"po-late","status":"init"}}"#;
    let signed = offizin_wire::SigningSecret::new(secret.expose_secret().to_owned()).unwrap().sign(body);
    let late = reqwest::Client::new().post(target.clone()).header("X-Webhook-Signature", &signed).body(body.to_vec());
    assert!(late.send().await.unwrap().status().is_success());
    drop(desk);
    // The desk sleeps through the rest of the grace period.
    later.pass(100 * 3600);
    let desk = desk_at(&dir.path().join("home"), later.clock()).await.unwrap();
    assert_eq!(pull(&desk).await.rejected, 0);
    desk.tend().await.unwrap();
    assert_eq!(only(&desk).await.step, RotationStep::Done);
    let closed = reqwest::Client::new().post(target).header("X-Webhook-Signature", &signed).body(body.to_vec());
    assert_eq!(closed.send().await.unwrap().status(), reqwest::StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_act_is_in_the_record_and_no_secret_is() {
    let (world, old) = one(Config::default()).await;
    world.desk.subscription_rotate(rotate(&[old])).await.unwrap();
    settle(&world.sandbox, &world.desk, &Later::default()).await;
    let page = world.desk.audit_list(&Default::default()).await.unwrap();
    let told: Vec<String> =
        page.rows.iter().map(|row| serde_json::to_value(row.action).unwrap().as_str().unwrap().into()).collect();
    assert_eq!(told, ["rotation_switch", "rotation_start", "subscription_register", "connection_add", "pair"]);
    assert!(page.rows.iter().all(|row| !row.account.is_empty()));
    // Nor in anything else that crosses to the window.
    let list = world.desk.subscription_list(None, true).await.unwrap();
    let (inlets, network) = (world.desk.inlet_list().await.unwrap(), world.desk.network_view().await.unwrap());
    let status = world.desk.status().await.unwrap();
    let text = serde_json::to_string(&(page, list, inlets, network, status)).unwrap();
    assert!(!text.contains("whsec_") && !text.contains(DEMO_KEY), "{text}");
}
