//! A pharmacy whose subscriptions are recorded: a connection to production and one to development, each with a provider of its
//! own behind the office's proxy, and what the scenes do there. It sets scenes; what is asked in them stands in `scenes`.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use offizin_desk::{
    Desk,
    connections::view::{ConnectionEditInput, ConnectionInput, ConnectionSettings, ConnectionView, DeleteStrategy},
    id::SubscriptionId,
    interrupt::{Interrupt, watched},
    network::{NetworkInput, Proxy},
    rotation::view::{RotateInput, RotationView},
    status::PairInput,
    subscriptions::view::{RegisterInput, RegisterView, SubscriptionView},
};
use offizin_journey::{Office, connection, desk_at, keyring_entry, pull};
use offizin_sandbox::{AnswerFault, AnswerRule, Call, Config, DEMO_KEY, Faults, Odds, Sandbox, Switches};
use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::oneshot;

use crate::{House, cast::dice, normal::Normal, now};

const HOUR: i64 = 3_600_000;
/// So long there are deliveries to compare with.
const KNOWN_HOURS: i64 = 15 * 24;

/// Seconds of a time before now.
pub(crate) const MINUTE: i64 = 60;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

/// How busy a subscription has been.
#[derive(Clone, Copy)]
pub(crate) enum Busy {
    /// About so many in an hour of the day, until a moment ago.
    Hourly(u32),
    /// One every other hour, and nothing any more since yesterday.
    Silent,
}

/// A desk with two connections.
pub(crate) struct Pharmacy {
    pub(crate) house: House,
    pub(crate) development: Sandbox,
    pub(crate) con: [ConnectionView; 2],
    proxy: String,
    _office: Office,
}

impl Pharmacy {
    /// Paired so many days ago.
    pub(crate) async fn since(days: i64) -> Self {
        let house = House::since(before(days * DAY)).await;
        let switches = Switches { test_after_registration: false, ..Switches::default() };
        let development = Sandbox::start(Config { switches, ..Config::default() }).await.unwrap();
        let hosts = [("api.rxscale.com", house.sandbox.base_url()), ("api.rxscale-dev.com", development.base_url())];
        let office = Office::before(&hosts).await;
        let through = NetworkInput {
            proxy: Proxy::Custom,
            proxy_url: Some(office.proxy.to_string()),
            root_certificates_pem: Some(office.root.clone()),
            timeout_seconds: 30,
        };
        house.desk.network_set(through).await.unwrap();
        let settings = |delete| ConnectionSettings { delete, ..ConnectionSettings::default() };
        let production = ConnectionInput {
            name: "Testapotheke".into(),
            base_url: None,
            settings: settings(Some(DeleteStrategy::Query)),
            ..connection(&house.sandbox, DEMO_KEY)
        };
        let other = ConnectionInput {
            name: "Testapotheke (Entwicklung)".into(),
            base_url: Some("https://api.rxscale-dev.com".into()),
            settings: settings(None),
            ..connection(&development, DEMO_KEY)
        };
        let mut con = Vec::new();
        for input in [production, other] {
            con.push(house.desk.connection_add(input).await.unwrap());
        }
        let proxy = office.proxy.to_string();
        Self { house, development, con: con.try_into().unwrap(), proxy, _office: office }
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.house.desk
    }

    /// The provider of a connection.
    pub(crate) fn provider(&self, con: usize) -> &Sandbox {
        [&self.house.sandbox, &self.development][con]
    }

    /// Puts the clock to so many seconds before the moment of the recording.
    pub(crate) fn at(&self, ago: i64) {
        self.house.hand.set(before(ago).as_millisecond());
    }

    pub(crate) fn edit(&self, con: usize, settings: ConnectionSettings) -> ConnectionEditInput {
        let of = &self.con[con];
        ConnectionEditInput { id: of.id.clone(), name: of.name.clone(), pharmacy_uid: None, api_key: None, settings }
    }

    /// How the subscriptions of a connection are deleted from now on, and whether test events may be asked for.
    pub(crate) async fn set(&self, con: usize, delete: Option<DeleteStrategy>, test_call: bool) {
        let settings = ConnectionSettings { delete, test_call, ..self.con[con].settings.clone() };
        self.desk().connection_edit(self.edit(con, settings)).await.unwrap();
    }

    /// Registers at a moment, whatever comes of it.
    pub(crate) async fn try_register(&self, con: usize, kind: &str, ago: i64) -> RegisterView {
        self.at(ago);
        let input = RegisterInput { connection: self.con[con].id.clone(), types: vec![kind.to_owned()] };
        self.desk().subscription_register(input).await.unwrap().remove(0)
    }

    /// Registers at a moment; it becomes active.
    pub(crate) async fn register(&self, con: usize, kind: &str, ago: i64) -> SubscriptionView {
        let made = self.try_register(con, kind, ago).await;
        assert_eq!(made.problem, None, "{kind}");
        made.subscription.unwrap()
    }

    /// The provider issues secrets from now on, or none.
    pub(crate) fn secrets(&self, con: usize, management_secret: bool) {
        let provider = self.provider(con);
        provider.set_switches(Switches { management_secret, ..provider.switches() });
    }

    /// The next answer of this kind goes wrong.
    pub(crate) fn fault(&self, con: usize, on: Call, fault: AnswerFault, odds: Odds) {
        let rule = AnswerRule { on, fault, odds };
        self.provider(con).set_faults(Faults { answers: vec![rule], ..Faults::default() });
    }

    /// So many deliveries to a subscription at a moment, one a second, by its provider.
    pub(crate) async fn deliver(&self, con: usize, uid: &str, count: i64, ago: i64) {
        for one in 0..count {
            self.at(ago - one);
            let kind = "pharmacy_order_updated";
            let second = before(ago - one).as_second();
            let body = json!({ "event_type": kind, "timestamp": second, "payload_version": "1",
                "data": { "uid": format!("po-{uid}"), "status": "init" } });
            assert!(self.provider(con).send_to(uid, kind, body.to_string()));
            self.provider(con).settled().await;
        }
    }

    /// So many deliveries to an address at a moment, signed by nobody who may.
    pub(crate) async fn forge(&self, address: &str, count: i64, ago: i64) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for one in 0..count {
            self.at(ago - one);
            let signature = "0123456789abcdef".repeat(4);
            let post = http.post(address).header("X-Webhook-Signature", signature).body(format!("{{\"n\":{one}}}"));
            assert!(post.send().await.unwrap().status().is_success());
        }
    }

    /// Another desk of the inbox, paired at a moment and not heard of again after another.
    pub(crate) async fn other_desk(&self, name: &str, paired: i64, seen: i64) {
        self.at(paired);
        let code = self.house.relay.relay.add_code("testapotheke", before(paired)).await.unwrap();
        let other = desk_at(&self.house._dir.path().join(name), self.house.hand.desk()).await.unwrap();
        let input = PairInput { code: code.expose(), device_name: name.to_owned() };
        other.pair(input).await.unwrap();
        self.at(seen);
        pull(&other).await;
    }

    /// Pulls and tends, as a desk does by itself.
    pub(crate) async fn tend(&self) {
        pull(self.desk()).await;
        self.desk().tend().await.unwrap();
    }

    /// Does something that ends the moment it comes to such a point for the nth time, as if the program had been killed there.
    pub(crate) async fn stopped(&self, what: &'static str, nth: usize, act: impl Future) {
        let (stop, stopped) = oneshot::channel();
        let left = Mutex::new((nth, Some(stop)));
        let watcher = move |point: &'static str| {
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            if point != what {
                return Interrupt::Go;
            }
            left.0 -= 1;
            if left.0 > 0 {
                return Interrupt::Go;
            }
            left.1.take().unwrap().send(()).unwrap();
            Interrupt::Stop
        };
        tokio::select! {
            _ = watched(watcher, act) => panic!("it never came to {what}"),
            _ = stopped => {}
        }
    }

    /// Writes down what a subscription brought in the weeks before the recording, as if it had.
    pub(crate) async fn busy(&self, of: &SubscriptionId, busy: Busy) {
        let mut database = self.database().await;
        let hour = now().as_millisecond().div_euclid(HOUR) * HOUR;
        let mut sum = 0;
        for back in 1..KNOWN_HOURS {
            let at = hour - back * HOUR;
            let count = match busy {
                Busy::Hourly(usual) => {
                    let share = if (7..=20).contains(&(at / HOUR % 24)) { 1.0 } else { 0.12 };
                    (f64::from(usual) * share * (0.5 + dice(&[usual, back as u32]))) as i64
                }
                Busy::Silent if back > 24 => back % 2,
                Busy::Silent => 0,
            };
            sum += count;
            sqlx::query(
                "INSERT OR REPLACE INTO inlet_hour (inlet_id, hour, verified, events, delayed, delay_ms) \
                 SELECT inlet_id, ?1, ?2, ?2, ?2, ?2 * 900 FROM subscription WHERE id = ?3",
            )
            .bind(at)
            .bind(count)
            .bind(of.as_str())
            .execute(&mut database)
            .await
            .unwrap();
        }
        let last = match busy {
            Busy::Hourly(_) => now().as_millisecond() - 3 * 60_000,
            Busy::Silent => hour - 24 * HOUR,
        };
        sqlx::query(
            "UPDATE inlet SET last_verified_at = ?, verified = verified + ? \
             WHERE id = (SELECT inlet_id FROM subscription WHERE id = ?)",
        )
        .bind(last)
        .bind(sum)
        .bind(of.as_str())
        .execute(&mut database)
        .await
        .unwrap();
        database.close().await.unwrap();
    }

    /// The secret of a subscription is lost although it is active.
    pub(crate) async fn lose_secret(&self, of: &SubscriptionId) {
        let mut database = self.database().await;
        let lose = sqlx::query("UPDATE subscription SET secret = 'missing' WHERE id = ?").bind(of.as_str());
        lose.execute(&mut database).await.unwrap();
        database.close().await.unwrap();
    }

    async fn database(&self) -> sqlx::SqliteConnection {
        let home = self.desk().home().dir().to_owned();
        let key = keyring_entry(&home, "database-key").get_password().unwrap();
        sqlx::sqlite::SqliteConnectOptions::new()
            .filename(home.join("offizin.db"))
            .pragma("key", format!("\"x'{key}'\""))
            .connect()
            .await
            .unwrap()
    }

    /// Begins to rotate at a moment.
    pub(crate) async fn rotate(&self, of: &SubscriptionView, ago: i64) {
        self.at(ago);
        let input = RotateInput { subscriptions: vec![of.id.clone()], grace_hours: None };
        let begun = self.desk().subscription_rotate(input).await.unwrap().remove(0);
        assert_eq!(begun.problem, None);
    }

    /// The newest rotation.
    pub(crate) async fn newest(&self) -> RotationView {
        self.desk().subscription_list(None, false).await.unwrap().rotations.remove(0)
    }

    /// The new subscription of the newest rotation, as the provider names it.
    pub(crate) async fn fresh(&self) -> String {
        let list = self.desk().subscription_list(None, false).await.unwrap();
        let new = list.rotations[0].new.clone();
        list.rows.into_iter().find(|row| row.id == new).unwrap().provider_uid.unwrap()
    }

    /// The first event for the newest rotation arrives, which proves it.
    pub(crate) async fn prove(&self, ago: i64) {
        let uid = self.fresh().await;
        self.deliver(0, &uid, 1, ago).await;
        pull(self.desk()).await;
    }

    pub(crate) fn normal(&self) -> Normal {
        let mut normal = self.house.normal();
        normal.within(self.proxy.as_str(), "http://proxy.beispiel.example:3128/");
        for (con, counted) in self.con.iter().zip(["con-1", "con-2"]) {
            normal.name(con.id.as_str(), counted);
        }
        normal
    }
}

/// The desks of an inbox, by their names.
pub(crate) async fn desks(desk: &Desk, normal: &mut Normal) {
    for (at, device) in desk.device_list().await.unwrap().iter().enumerate() {
        normal.name(&device.id, &format!("dev-{}", at + 1));
    }
}

/// So many seconds before the moment of the recording.
pub(crate) fn before(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}
