//! The provider's API when it fails: keys that are refused, wrong paths, answers that never come. The desk sends
//! nothing twice, shows nothing as known that it does not know, and sends a key to no other host.

use std::time::Duration;

use offizin_desk::{
    Code,
    connections::view::{Api, CheckState, CheckStep, CheckView, ConnectionInput, ConnectionSettings, DeleteStrategy},
    event::{QuarantineReason, Verdict},
    subscriptions::view::{SecretState, SubscriptionState, SubscriptionView},
};
use offizin_journey::{CONNECTION, TYPES, World, arrivals, connection, connection_removal, pull, removal};
use offizin_sandbox::{
    AnswerFault, AnswerRule, Call, Config, DEMO_KEY, DeleteBy, Faults, Odds, PharmacyBase, Switches, UnknownUid,
    Unrouted,
};
use tokio::{io::AsyncReadExt, sync::mpsc};

const CREATED: &str = TYPES[0];

fn once(on: Call, fault: AnswerFault) -> Faults {
    Faults { answers: vec![AnswerRule { on, fault, odds: Odds::next(1) }], ..Faults::default() }
}

fn always(on: Call, fault: AnswerFault) -> Faults {
    Faults { answers: vec![AnswerRule { on, fault, odds: Odds::ALWAYS }], ..Faults::default() }
}

async fn ours(world: &World) -> Vec<SubscriptionView> {
    let list = world.desk.subscription_list(None, true).await.unwrap();
    assert_eq!(list.problems, []);
    list.rows
}

/// The first line of a check that failed, and why.
fn failed(check: &CheckView) -> Option<(CheckStep, Code)> {
    assert_eq!(check.ok, check.lines.iter().all(|line| line.state != CheckState::Failed));
    check.lines.iter().find_map(|line| Some((line.step, line.problem.as_ref()?.code)))
}

async fn check(world: &World, input: ConnectionInput) -> CheckView {
    let connection = world.desk.connection_add(ConnectionInput { name: "Checked".into(), ..input }).await.unwrap();
    let check = world.desk.connection_check(&connection.id).await.unwrap();
    world.desk.connection_remove(&connection_removal(&connection.id)).await.unwrap();
    check
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_which_step_fails_and_changes_nothing() {
    let world = World::begin().await;
    let with = |key: &str| connection(&world.sandbox, key);
    let good = check(&world, with(DEMO_KEY)).await;
    assert_eq!(failed(&good), None);
    assert_eq!(good.lines.last().unwrap().state, CheckState::Unknown, "writing is known only from doing it");
    assert_eq!(failed(&check(&world, with("not-a-key")).await), Some((CheckStep::Key, Code::ProviderKeyRefused)));
    let narrow = check(&world, with("sandbox-organisation-no-webhooks")).await;
    assert_eq!(failed(&narrow), Some((CheckStep::ReadSubscriptions, Code::ProviderPermissionMissing)));
    let detail = narrow.lines.iter().find_map(|line| line.problem.as_ref()?.detail.clone()).unwrap();
    assert!(detail.contains("notification_subscription:read"), "{detail}");

    // A path nobody routes answers in three ways, none of them the API's.
    for unrouted in [Unrouted::Xml, Unrouted::Html] {
        world.sandbox.set_switches(Switches { unrouted, ..world.sandbox.switches() });
        let mut input = with(DEMO_KEY);
        input.settings.base_path = "/v2/management".into();
        let wrong = check(&world, input).await;
        assert_eq!(failed(&wrong), Some((CheckStep::BasePath, Code::ProviderWrongBasePath)), "{unrouted:?}");
        assert_eq!(wrong.suggested_base_path.as_deref(), Some("/v1/management"));
    }
    // The documents disagree on the pharmacy's path: the other one is found.
    world.sandbox.set_switches(Switches { pharmacy_base: PharmacyBase::Hyphen, ..world.sandbox.switches() });
    let pharmacy = ConnectionInput { api: Api::Pharmacy, ..with("sandbox-pharmacy") };
    let moved = check(&world, pharmacy).await;
    assert_eq!(failed(&moved), Some((CheckStep::BasePath, Code::ProviderWrongBasePath)));
    assert_eq!(moved.suggested_base_path.as_deref(), Some("/v1/external-pharmacy-api-v1"));

    let nobody = ConnectionInput { base_url: Some("http://127.0.0.1:9".into()), ..with(DEMO_KEY) };
    assert_eq!(failed(&check(&world, nobody).await), Some((CheckStep::Reachable, Code::ProviderUnreachable)));
    for (fault, code) in [
        (AnswerFault::Html, Code::ProviderWrongBasePath),
        (AnswerFault::Status(503), Code::ProviderFailed),
        (AnswerFault::Status(429), Code::ProviderRateLimited),
    ] {
        world.sandbox.set_faults(always(Call::List, fault.clone()));
        let broken = check(&world, with(DEMO_KEY)).await;
        assert_eq!(failed(&broken), Some((CheckStep::ReadSubscriptions, code)), "{fault:?}");
    }
    world.sandbox.set_faults(Faults::default());
    assert!(world.sandbox.requests().iter().all(|request| request.method == "GET"), "a check only reads");
    assert!(world.sandbox.subscriptions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_create_leaves_nothing_half_made() {
    let world = World::begin().await;
    for (key, code) in
        [("sandbox-organisation-read-only", Code::ProviderPermissionMissing), ("not-a-key", Code::ProviderKeyRefused)]
    {
        let input = ConnectionInput { name: key.into(), ..connection(&world.sandbox, key) };
        let other = world.desk.connection_add(input).await.unwrap();
        let input = offizin_desk::subscriptions::view::RegisterInput {
            connection: other.id.clone(),
            types: vec![CREATED.into(), "".into()],
        };
        assert_eq!(world.desk.subscription_register(input.clone()).await.unwrap_err().code, Code::InputInvalid);
        let input = offizin_desk::subscriptions::view::RegisterInput { types: vec![CREATED.into()], ..input };
        let outcome = world.desk.subscription_register(input).await.unwrap();
        assert_eq!(outcome[0].problem.as_ref().unwrap().code, code);
        assert_eq!(outcome[0].subscription, None);
        world.desk.connection_remove(&connection_removal(&other.id)).await.unwrap();
    }
    let outcome = world.try_register(&["no_such_type"]).await;
    assert_eq!(outcome[0].problem.as_ref().unwrap().code, Code::ProviderRejected);
    world.sandbox.set_switches(Switches { duplicate_conflict: true, ..world.sandbox.switches() });
    world.register(&[CREATED, CREATED]).await;
    assert_eq!(ours(&world).await.len(), 2, "each has an address of its own, so none is a duplicate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_not_follow_a_redirect() {
    let world = World::begin().await;
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", elsewhere.local_addr().unwrap());
    let (heard, mut said) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = elsewhere.accept().await {
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).await.unwrap_or(0);
            bytes.truncate(read);
            let _ = heard.send(bytes);
        }
    });
    world.sandbox.set_faults(always(Call::Any, AnswerFault::Redirect(url.parse().unwrap())));
    let checked = world.desk.connection_check(&world.connection.id).await.unwrap();
    assert_eq!(failed(&checked), Some((CheckStep::BasePath, Code::ProviderRedirected)));
    let outcome = world.try_register(&[CREATED]).await;
    assert_eq!(outcome[0].problem.as_ref().unwrap().code, Code::ProviderRedirected);
    let list = world.desk.subscription_list(None, true).await.unwrap();
    assert_eq!(list.problems[0].problem.code, Code::ProviderRedirected);
    assert!(said.try_recv().is_err(), "somebody else was spoken to");

    // The other server does hear who speaks to it.
    let _ = reqwest::get(&url).await;
    assert!(said.recv().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_an_answer_is_settled_by_listing() {
    let world = World::with(Config { orders: 3, ..Config::default() }).await;
    // It never arrived: nothing is there, here or at the provider.
    world.sandbox.set_faults(once(Call::Create, AnswerFault::Cut));
    let outcome = world.try_register(&[CREATED]).await;
    assert_eq!(outcome[0].problem.as_ref().unwrap().code, Code::ProviderAmbiguous);
    assert_eq!(outcome[0].subscription, None);
    assert!(ours(&world).await.is_empty() && world.sandbox.subscriptions().is_empty());

    // It did: it is there, and its secret went by unseen.
    for fault in [AnswerFault::Lost, AnswerFault::Empty] {
        world.sandbox.set_faults(once(Call::Create, fault));
        let outcome = world.try_register(&[CREATED]).await;
        assert_eq!(outcome[0].problem.as_ref().unwrap().code, Code::ProviderAmbiguous);
        let found = outcome[0].subscription.as_ref().unwrap();
        assert_eq!((found.state, found.secret), (SubscriptionState::Orphaned, SecretState::Missing));
        assert!(found.provider_uid.is_some());
    }
    let creates = world.sandbox.requests().iter().filter(|request| request.method == "POST").count();
    assert_eq!(creates, 3, "nothing was sent twice");

    // What it delivers waits; a pasted secret releases it, or it can be deleted.
    world.sandbox.emit_all();
    world.arrive().await;
    let waiting = arrivals(&world.desk, Some(Verdict::Rejected)).await;
    assert!(waiting.iter().all(|row| row.quarantine == Some(QuarantineReason::SecretMissing)));
    let orphans = ours(&world).await;
    let secret = world.sandbox.secret(orphans[0].provider_uid.as_deref().unwrap()).unwrap();
    let pasted = world.desk.subscription_paste_secret(&orphans[0].id, secret).await.unwrap();
    assert_eq!((pasted.state, pasted.rejected), (SubscriptionState::Active, 0));
    assert!(pasted.verified > 0);
    world.desk.subscription_remove(&removal(&orphans[1].id)).await.unwrap();
    assert_eq!(ours(&world).await.len(), 1);
    assert_eq!(world.sandbox.swept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_without_an_answer_is_settled_by_listing() {
    let world = World::begin().await;
    let made = world.register(&TYPES).await;
    world.sandbox.set_faults(once(Call::Delete, AnswerFault::Lost));
    world.desk.subscription_remove(&removal(&made[0].id)).await.unwrap();
    world.sandbox.set_faults(once(Call::Delete, AnswerFault::Cut));
    let cut = world.desk.subscription_remove(&removal(&made[1].id)).await.unwrap_err();
    assert_eq!(cut.code, Code::ProviderAmbiguous);
    let rows = ours(&world).await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.state == SubscriptionState::Active));
    assert_eq!(world.sandbox.subscriptions().len(), 2);
    world.desk.subscription_remove(&removal(&made[1].id)).await.unwrap();
    assert_eq!(ours(&world).await.len(), 1);
    assert_eq!(world.sandbox.swept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_already_can_be_removed() {
    for unknown_uid in [UnknownUid::NotFound, UnknownUid::BadRequest] {
        let world = World::begin().await;
        world.sandbox.set_switches(Switches { unknown_uid, ..world.sandbox.switches() });
        let made = world.register(&TYPES[..2]).await;
        assert!(world.sandbox.vanish(made[0].provider_uid.as_deref().unwrap()));
        let rows = ours(&world).await;
        let states: Vec<_> = rows.iter().map(|row| row.state).collect();
        assert_eq!(states, [SubscriptionState::Vanished, SubscriptionState::Active]);
        world.desk.subscription_remove(&removal(&made[0].id)).await.unwrap();
        // And one of which nobody knew yet that it is gone.
        assert!(world.sandbox.vanish(made[1].provider_uid.as_deref().unwrap()));
        world.desk.subscription_remove(&removal(&made[1].id)).await.unwrap();
        assert!(ours(&world).await.is_empty(), "{unknown_uid:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_a_secret_says_so() {
    let world = World::with(Config { orders: 2, ..Config::default() }).await;
    world.sandbox.set_faults(once(Call::Create, AnswerFault::NoSecret));
    let made = world.register(&[CREATED]).await.remove(0);
    assert_eq!((made.state, made.secret), (SubscriptionState::Active, SecretState::NotIssued));
    world.sandbox.emit_all();
    world.arrive().await;
    let rows = ours(&world).await;
    assert_eq!((rows[0].state, rows[0].secret), (SubscriptionState::Active, SecretState::NotIssued));
    assert!(rows[0].rejected > 0 && rows[0].verified == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_delete_takes_exactly_one() {
    let world = World::begin().await;
    let ways = [
        (DeleteBy::Path, DeleteStrategy::Path),
        (DeleteBy::Query, DeleteStrategy::Query),
        (DeleteBy::Body, DeleteStrategy::Body),
        (DeleteBy::Query, DeleteStrategy::Body),
    ];
    for (n, (delete_by, delete)) in ways.into_iter().enumerate() {
        world.sandbox.set_switches(Switches { delete_by, ..world.sandbox.switches() });
        let settings = ConnectionSettings { delete: Some(delete), ..ConnectionSettings::default() };
        let input = ConnectionInput { name: format!("way {n}"), settings, ..connection(&world.sandbox, DEMO_KEY) };
        let connection = world.desk.connection_add(input).await.unwrap();
        let types = TYPES.iter().map(|name| (*name).to_owned()).collect();
        let input = offizin_desk::subscriptions::view::RegisterInput { connection: connection.id.clone(), types };
        let made = world.desk.subscription_register(input).await.unwrap();
        let before = world.sandbox.subscriptions().len();
        let one = made[1].subscription.as_ref().unwrap();
        world.desk.subscription_remove(&removal(&one.id)).await.unwrap();
        let left = world.sandbox.subscriptions();
        assert_eq!(left.len(), before - 1, "{delete_by:?} {delete:?}");
        assert!(left.iter().all(|other| Some(&other.uid) != one.provider_uid.as_ref()));
    }
    assert_eq!(world.sandbox.swept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_known_how_nothing_is_deleted() {
    let world = World::begin().await;
    let settings = ConnectionSettings::default();
    let input = ConnectionInput { name: "Unsure".into(), settings, ..connection(&world.sandbox, DEMO_KEY) };
    let unsure = world.desk.connection_add(input).await.unwrap();
    let input =
        offizin_desk::subscriptions::view::RegisterInput { connection: unsure.id.clone(), types: vec![CREATED.into()] };
    let made = world.desk.subscription_register(input).await.unwrap().remove(0).subscription.unwrap();
    assert_eq!(world.desk.subscription_remove(&removal(&made.id)).await.unwrap_err().code, Code::DeleteNotConfigured);
    assert_eq!(world.desk.subscription_test(&made.id).await.unwrap_err().code, Code::TestNotConfigured);
    assert_eq!(
        world.desk.connection_remove(&connection_removal(&unsure.id)).await.unwrap_err().code,
        Code::ConnectionInUse
    );
    assert!(world.sandbox.requests().iter().all(|request| request.method != "DELETE"));
    assert_eq!(world.sandbox.subscriptions().len(), 1);

    // What a colleague made is shown and never touched.
    let target = "https://elsewhere.example/hook".parse().unwrap();
    let foreign = world.sandbox.subscribe_elsewhere(CREATED, &target).unwrap();
    let rows = world.desk.subscription_list(Some(&world.connection.id), true).await.unwrap().rows;
    assert!(rows.iter().any(|row| row.id.as_str() == foreign && row.state == SubscriptionState::Foreign));
    let touched = world.desk.subscription_remove(&removal(&foreign.as_str().into())).await.unwrap_err();
    assert_eq!(touched.code, Code::SubscriptionForeign);
    assert_eq!(world.sandbox.subscriptions().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_arrives_and_is_proof() {
    let world = World::begin().await;
    world.sandbox.set_switches(Switches { test_after_registration: false, ..world.sandbox.switches() });
    let made = world.register(&[CREATED]).await.remove(0);
    assert_eq!(world.arrive().await.deliveries, 0);
    world.desk.subscription_test(&made.id).await.unwrap();
    assert_eq!(world.arrive().await.events, 1);
    let row = ours(&world).await.remove(0);
    assert_eq!((row.verified, row.rejected), (1, 0));
    assert!(row.last_verified_at.is_some());
    let listed = world.desk.connection_find(CONNECTION).await.unwrap();
    assert_eq!(listed.last_verified_at, row.last_verified_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_subscription_keeps_its_proofs_and_its_late_deliveries_are_refused() {
    let world = World::with(Config { orders: 2, ..Config::default() }).await;
    let made = world.register(&[CREATED]).await.remove(0);
    world.sandbox.emit_all();
    world.arrive().await;
    let before = arrivals(&world.desk, None).await;
    world.desk.subscription_remove(&removal(&made.id)).await.unwrap();
    assert!(ours(&world).await.is_empty());
    for row in &before {
        let again = world.desk.event_verify(&row.id).await.unwrap();
        assert!(again.signature_matches, "an old proof is checked with the secret of its day");
    }
    let target = &world.sandbox.ledger()[0].target;
    let late = reqwest::Client::new().post(target.clone()).body("{}").send().await.unwrap();
    assert_eq!(late.status(), reqwest::StatusCode::GONE);
    assert_eq!(pull(&world.desk).await.deliveries, 0);
    assert_eq!(arrivals(&world.desk, None).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_relay_nothing_is_registered() {
    let world = World::begin().await;
    let World { relay, sandbox, desk, connection, .. } = &world;
    let _ = (sandbox, connection);
    relay.relay.remove_inbox("Adler-Apotheke").await.unwrap();
    let outcome = world.try_register(&[CREATED]).await;
    assert_eq!(outcome[0].problem.as_ref().unwrap().code, Code::RelayRefused);
    assert!(world.sandbox.subscriptions().is_empty(), "the provider never heard of it");
    assert_eq!(desk.pull(Duration::ZERO).await.unwrap_err().code, Code::RelayRefused);
}
