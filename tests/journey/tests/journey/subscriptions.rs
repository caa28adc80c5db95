//! Subscriptions as the desk watches them: requests whose answer is missing, those made in the portal, those that
//! vanished or became silent, and a network with a proxy. Each failure has its code and leaves nothing half-made.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use offizin_desk::{
    Code, Source,
    connections::view::{
        CheckState, CheckStep, ConnectionEditInput, ConnectionInput, ConnectionSettings, DeleteStrategy,
    },
    event::Verdict,
    inlets::InletInput,
    interrupt::{Interrupt, watched},
    network::{NetworkInput, Proxy},
    subscriptions::view::{AdoptInput, RemoveForeignInput, Rhythm, SecretState, SubscriptionState, SubscriptionView},
};
use offizin_journey::{Office, TYPES, World, arrivals, connection, connection_removal, desk_at, pull, removal};
use offizin_sandbox::{
    AnswerFault, AnswerRule, Call, Config, DEMO_KEY, DeleteBy, Faults, Odds, RateLimit, RefusedFields, Switches,
};
use offizin_wire::SigningSecret;

const CREATED: &str = TYPES[0];

fn once(on: Call, fault: AnswerFault) -> Faults {
    Faults { answers: vec![AnswerRule { on, fault, odds: Odds::next(1) }], ..Faults::default() }
}

fn impatient() -> NetworkInput {
    NetworkInput { proxy: Proxy::System, proxy_url: None, root_certificates_pem: None, timeout_seconds: 1 }
}

async fn rows(world: &World) -> Vec<SubscriptionView> {
    world.desk.subscription_list(None, true).await.unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_leaves_nothing_half_made() {
    let world = World::begin().await;
    world.desk.network_set(impatient()).await.unwrap();
    world.sandbox.set_faults(once(Call::Create, AnswerFault::Hang));
    let never = world.try_register(&[CREATED]).await.remove(0);
    assert_eq!((never.problem.unwrap().code, never.subscription), (Code::ProviderAmbiguous, None));
    assert!(world.sandbox.subscriptions().is_empty());

    world.sandbox.set_faults(once(Call::Create, AnswerFault::HangAfter));
    let unseen = world.try_register(&[CREATED]).await.remove(0).subscription.unwrap();
    assert_eq!((unseen.state, unseen.secret), (SubscriptionState::Orphaned, SecretState::Missing));
    assert_eq!(world.desk.status().await.unwrap().counts.watched.subscriptions_unverifiable, 1);

    world.sandbox.set_faults(once(Call::Delete, AnswerFault::HangAfter));
    world.desk.subscription_remove(&removal(&unseen.id)).await.unwrap();
    assert!(rows(&world).await.is_empty() && world.sandbox.subscriptions().is_empty());

    let rule = AnswerRule { on: Call::List, fault: AnswerFault::Hang, odds: Odds::ALWAYS };
    world.sandbox.set_faults(Faults { answers: vec![rule], ..Faults::default() });
    let list = world.desk.subscription_list(None, true).await.unwrap();
    assert_eq!(list.problems[0].problem.code, Code::ProviderTimeout);
    let check = world.desk.connection_check(&world.connection.id).await.unwrap();
    let problem = check.lines.into_iter().find_map(|line| line.problem).unwrap();
    assert_eq!(problem.code, Code::ProviderTimeout);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_says_which_field_it_does_not_accept() {
    let world = World::begin().await;
    world.sandbox.set_switches(Switches { refused_fields: RefusedFields::Fields, ..world.sandbox.switches() });
    let refused = world.try_register(&["no_such_type"]).await.remove(0).problem.unwrap();
    assert_eq!(refused.code, Code::ProviderRejected);
    let detail = refused.detail.unwrap();
    assert!(detail.contains("notification_type") && detail.contains("not a valid"), "{detail}");
    assert!(rows(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_waited_for_when_reading_and_told_when_writing() {
    for retry_after in [Some(1), None] {
        let limit = RateLimit { per_second: 1, per_minute: 0 };
        let world = World::with(Config { rate_limit: limit, ..Config::default() }).await;
        world.sandbox.set_switches(Switches { retry_after, ..world.sandbox.switches() });
        // Reads come too fast and are asked again a little later.
        for _ in 0..2 {
            assert_eq!(world.desk.subscription_list(None, true).await.unwrap().problems, [], "{retry_after:?}");
        }
        let limited = world.try_register(&[CREATED, CREATED]).await;
        let problem = limited.into_iter().find_map(|one| one.problem).unwrap();
        assert_eq!(problem.code, Code::ProviderRateLimited);
        assert_eq!(problem.detail.as_deref(), Some(if retry_after.is_some() { "1 s" } else { "" }));
        let creates = world.sandbox.requests().iter().filter(|request| request.method == "POST").count();
        assert!(creates <= 2, "a create is never repeated");
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(rows(&world).await.iter().all(|row| row.state == SubscriptionState::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_delete_takes_more_than_one_however_wrong_it_is_set() {
    for theirs in [DeleteBy::Query, DeleteBy::Body, DeleteBy::Path] {
        let world = World::begin().await;
        world.sandbox.set_switches(Switches { delete_by: theirs, ..world.sandbox.switches() });
        let made = world.register(&TYPES).await;
        let now = world.desk.connection_find(&world.connection.name).await.unwrap();
        for ours in [DeleteStrategy::Path, DeleteStrategy::Query, DeleteStrategy::Body] {
            let settings = ConnectionSettings { delete: Some(ours), ..now.settings.clone() };
            let edit = ConnectionEditInput {
                id: now.id.clone(),
                name: now.name.clone(),
                pharmacy_uid: None,
                api_key: None,
                settings,
            };
            world.desk.connection_edit(edit).await.unwrap();
            let before = world.sandbox.subscriptions().len();
            let Some(row) = rows(&world).await.into_iter().next() else { break };
            let removed = world.desk.subscription_remove(&removal(&row.id)).await.is_ok();
            let after = world.sandbox.subscriptions().len();
            assert_eq!(before - after, usize::from(removed), "{theirs:?} {ours:?}");
        }
        assert!(world.sandbox.subscriptions().len() < made.len(), "one of them is right");
        assert_eq!(world.sandbox.swept(), 0, "{theirs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_lost_or_gained_more_is_told() {
    let world = World::begin().await;
    let made = world.register(&TYPES).await;
    // Between the delete and the listing after it somebody else removes another one.
    let other = made[1].provider_uid.clone().unwrap();
    let sandbox = Arc::new(world.sandbox);
    let (provider, done) = (Arc::clone(&sandbox), AtomicBool::new(false));
    let watcher = move |what: &str| {
        let deleted = provider.requests().last().is_some_and(|request| request.method == "DELETE");
        if what == "provider, answered" && deleted && !done.swap(true, Ordering::SeqCst) {
            assert!(provider.vanish(&other));
        }
        Interrupt::Go
    };
    let lost = watched(watcher, world.desk.subscription_remove(&removal(&made[0].id))).await.unwrap_err();
    assert_eq!((lost.code, lost.detail.as_deref()), (Code::ListLostOthers, Some(TYPES[1])));
    let list = world.desk.subscription_list(None, true).await.unwrap().rows;
    let states: Vec<_> = list.iter().map(|row| (row.id.clone(), row.state)).collect();
    assert_eq!(
        states,
        [(made[1].id.clone(), SubscriptionState::Vanished), (made[2].id.clone(), SubscriptionState::Active)]
    );
    assert_eq!(world.desk.status().await.unwrap().counts.watched.subscriptions_vanished, 1);

    let target = "https://elsewhere.example.test/hook".parse().unwrap();
    let gained = sandbox.subscribe_elsewhere(CREATED, &target).unwrap();
    let list = world.desk.subscription_list(None, true).await.unwrap().rows;
    let foreign = list.iter().find(|row| row.state == SubscriptionState::Foreign).unwrap();
    assert_eq!((foreign.provider_uid.as_deref(), foreign.adoptable), (Some(gained.as_str()), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_in_the_portal_is_adopted_with_its_secret() {
    let world = World::with(Config { orders: 2, ..Config::default() }).await;
    let input =
        InletInput { name: "Portal".into(), source: Source::Rxscale, connection: Some(world.connection.name.clone()) };
    let inlet = world.desk.inlet_add(input).await.unwrap();
    let uid = world.sandbox.subscribe_elsewhere(CREATED, &inlet.url.parse().unwrap()).unwrap();
    world.sandbox.emit_all();
    world.arrive().await;
    assert!(!arrivals(&world.desk, Some(Verdict::Rejected)).await.is_empty(), "nobody has the secret yet");
    let row = rows(&world).await.remove(0);
    assert_eq!((row.state, row.adoptable, row.inlet.as_deref()), (SubscriptionState::Foreign, true, Some("Portal")));

    let secret = world.sandbox.secret(&uid).unwrap();
    let adopt = |provider_uid: &str| AdoptInput {
        connection: world.connection.id.clone(),
        provider_uid: provider_uid.to_owned(),
        secret: secret.clone(),
    };
    let adopted = world.desk.subscription_adopt(adopt(&uid)).await.unwrap();
    assert_eq!((adopted.state, adopted.secret), (SubscriptionState::Active, SecretState::Stored));
    assert!(adopted.verified > 0);
    assert_eq!(arrivals(&world.desk, Some(Verdict::Rejected)).await, []);
    assert_eq!(world.desk.inlet_list().await.unwrap(), [], "it is a subscription's now");
    assert_eq!(rows(&world).await.len(), 1);

    // One that sends elsewhere cannot be adopted; it can be removed once the connection's name is typed.
    let target = "https://elsewhere.example.test/hook".parse().unwrap();
    let elsewhere = world.sandbox.subscribe_elsewhere(CREATED, &target).unwrap();
    let refused = world.desk.subscription_adopt(adopt(&elsewhere)).await.unwrap_err();
    assert_eq!(refused.code, Code::SubscriptionElsewhere);
    let remove = |confirm: &str| RemoveForeignInput {
        connection: world.connection.id.clone(),
        provider_uid: elsewhere.clone(),
        confirm: confirm.to_owned(),
    };
    let unconfirmed = world.desk.subscription_remove_foreign(&remove("Other")).await.unwrap_err();
    assert_eq!(unconfirmed.code, Code::ConfirmationNeeded);
    assert_eq!(world.sandbox.subscriptions().len(), 2);
    world.desk.subscription_remove_foreign(&remove(&world.connection.name)).await.unwrap();
    assert_eq!(world.sandbox.subscriptions().len(), 1);
    assert_eq!(world.sandbox.swept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_production_a_name_has_to_be_typed() {
    let world = World::begin().await;
    let input = ConnectionInput { name: "Production".into(), base_url: None, ..connection(&world.sandbox, DEMO_KEY) };
    let production = world.desk.connection_add(input).await.unwrap();
    let refused = world.desk.connection_remove(&connection_removal(&production.id)).await.unwrap_err();
    assert_eq!(refused.code, Code::ConfirmationNeeded);
    let mut typed = connection_removal(&production.id);
    typed.confirm = Some(" Production ".into());
    world.desk.connection_remove(&typed).await.unwrap();
}

/// Everything that vanishes is noticed without anybody asking, and what falls silent by its own rhythm.
#[tokio::test(flavor = "multi_thread")]
async fn what_vanishes_and_what_falls_silent_raises_an_alarm() {
    let world = World::begin().await;
    let World { sandbox, relay: _relay, desk, dir, .. } = &world;
    let made = world.register(&[CREATED]).await.remove(0);
    sandbox.settled().await;
    pull(desk).await;
    desk.tend().await.unwrap();
    assert_eq!(rows(&world).await[0].health.rhythm, Rhythm::Learning);

    // Two weeks of deliveries, thirty an hour, as the relay would have received them; then nothing for two hours.
    let now = Timestamp::now();
    let database = dir.path().join("home");
    history(&database, &made, now, 14 * 24, 30).await;
    let ahead = Arc::new(AtomicI64::new(6 * 60));
    let clock = {
        let ahead = Arc::clone(&ahead);
        Arc::new(move || Timestamp::now() + SignedDuration::from_secs(ahead.load(Ordering::SeqCst)))
    };
    let later = desk_at(&database, clock).await.unwrap();
    pull(&later).await;
    later.tend().await.unwrap();
    let row = later.subscription_list(None, false).await.unwrap().rows.remove(0);
    assert_eq!(row.health.rhythm, Rhythm::Silent, "{row:?}");
    assert!(row.health.expected.unwrap() > 30.0, "{row:?}");
    assert_eq!(later.status().await.unwrap().counts.watched.subscriptions_silent, 1);

    // A quarter of an hour later it is gone at the provider: the next listing says so by itself.
    assert!(sandbox.vanish(made.provider_uid.as_deref().unwrap()));
    ahead.fetch_add(16 * 60, Ordering::SeqCst);
    later.tend().await.unwrap();
    let counts = later.status().await.unwrap().counts.watched;
    assert_eq!((counts.subscriptions_vanished, counts.subscriptions_silent), (1, 0));
}

/// Writes down what an inlet brought in so many hours until two hours ago, as if it had.
async fn history(home: &std::path::Path, of: &SubscriptionView, now: Timestamp, hours: i64, each: i64) {
    use sqlx::{ConnectOptions, Connection};
    let key = offizin_journey::keyring_entry(home, "database-key").get_password().unwrap();
    let mut database = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(home.join("offizin.db"))
        .pragma("key", format!("\"x'{key}'\""))
        .connect()
        .await
        .unwrap();
    let hour = now.as_millisecond().div_euclid(3_600_000) * 3_600_000;
    for back in 3..hours {
        sqlx::query(
            "INSERT OR REPLACE INTO inlet_hour (inlet_id, hour, verified, events) \
             SELECT inlet_id, ?1, ?2, ?2 FROM subscription WHERE id = ?3",
        )
        .bind(hour - back * 3_600_000)
        .bind(each)
        .bind(of.id.as_str())
        .execute(&mut database)
        .await
        .unwrap();
    }
    sqlx::query("UPDATE inlet SET last_verified_at = ? WHERE id = (SELECT inlet_id FROM subscription WHERE id = ?)")
        .bind(now.as_millisecond() - 2 * 3_600_000)
        .bind(of.id.as_str())
        .execute(&mut database)
        .await
        .unwrap();
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_that_inspects_tls_the_offices_certificate_is_needed() {
    let world = World::begin().await;
    let office = Office::between("api.rxscale-dev.com", world.sandbox.base_url()).await;
    let input = ConnectionInput {
        name: "Development".into(),
        base_url: Some("https://api.rxscale-dev.com".into()),
        ..connection(&world.sandbox, DEMO_KEY)
    };
    let outside = world.desk.connection_add(input).await.unwrap();
    let through = |root_certificates_pem| NetworkInput {
        proxy: Proxy::Custom,
        proxy_url: Some(office.proxy.to_string()),
        root_certificates_pem,
        timeout_seconds: 5,
    };
    world.desk.network_set(through(None)).await.unwrap();
    let check = world.desk.connection_check(&outside.id).await.unwrap();
    let first = check.lines.iter().find(|line| line.problem.is_some()).unwrap();
    assert_eq!((first.step, first.problem.as_ref().unwrap().code), (CheckStep::Reachable, Code::ProviderTls));
    assert!(world.sandbox.requests().is_empty(), "the key was not sent");

    for garbage in ["nonsense", "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n"] {
        let refused = world.desk.network_set(through(Some(garbage.into()))).await.unwrap_err();
        assert_eq!(refused.code, Code::CertificateUnusable, "{garbage}");
    }
    let set = world.desk.network_set(through(Some(office.root.clone()))).await.unwrap();
    assert_eq!(set.root_certificates.len(), 1);
    let check = world.desk.connection_check(&outside.id).await.unwrap();
    assert!(check.ok, "{check:?}");
    assert_eq!(check.lines[3].state, CheckState::Ok);
    // What is on this computer is still reached directly.
    assert!(world.desk.connection_check(&world.connection.id).await.unwrap().ok);

    for wrong in ["http://user:secret@proxy.example.test", "ftp://proxy.example.test", ""] {
        let input = NetworkInput { proxy_url: Some(wrong.into()), ..through(None) };
        assert_eq!(world.desk.network_set(input).await.unwrap_err().code, Code::InputInvalid, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_before_the_signature_is_only_accepted_where_it_is_set() {
    let world = World::begin().await;
    world.register(&[CREATED]).await;
    let theirs = world.sandbox.subscriptions().remove(0);
    let secret = world.sandbox.secret(&theirs.uid).unwrap();
    let secret = SigningSecret::new(secrecy::ExposeSecret::expose_secret(&secret).to_owned()).unwrap();
    let send = async |n: u32| {
        let body = format!("{{\"event_type\":\"x\",\"n\":{n}}}");
        let signature = format!("sha256={}", secret.sign(body.as_bytes()));
        let post = reqwest::Client::new().post(theirs.target.clone()).header("X-Webhook-Signature", signature);
        assert!(post.body(body).send().await.unwrap().status().is_success());
    };
    world.arrive().await;
    send(1).await;
    assert_eq!(pull(&world.desk).await.rejected, 1);
    let settings = ConnectionSettings { signature_prefix: true, ..world.connection.settings.clone() };
    let edit = ConnectionEditInput {
        id: world.connection.id.clone(),
        name: world.connection.name.clone(),
        pharmacy_uid: None,
        api_key: None,
        settings,
    };
    world.desk.connection_edit(edit).await.unwrap();
    send(2).await;
    let pulled = pull(&world.desk).await;
    assert_eq!((pulled.events, pulled.rejected), (1, 0));
}
