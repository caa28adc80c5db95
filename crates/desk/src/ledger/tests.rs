//! The journal and its folds on a real encrypted database: order of arrival, duplicates, rebuild, quarantine and release.

use offizin_wire::{Delivery, Header, InletId, InletToken, SigningSecret};
use proptest::prelude::*;
use serde_json::{Value, json};
use sqlx::SqliteConnection;

use super::{Origin, Taken, rebuild};
use crate::{
    db::Db,
    event::{self, view::EventListInput},
    intake::{
        inlets::{self, Inlet, Inlets},
        judge,
    },
    orders,
    source::Source,
};

pub(crate) struct Ledger {
    pub(crate) db: Db,
    inlets: Inlets,
    id: InletId,
    source: Source,
    secret: SigningSecret,
    pub(crate) required_header: Option<String>,
    arrived: i64,
    _dir: tempfile::TempDir,
}

/// Judges what arrived, writes it and folds it, as a pull does.
pub(crate) async fn take(db: &Db, inlets: &Inlets, arrived: &mut i64, deliveries: Vec<Delivery>) -> Taken {
    let mut tx = db.write().await.unwrap();
    let judged = deliveries.into_iter().map(|delivery| {
        *arrived += 1;
        let origin = Origin::Relay { inbox: "i".into(), sequence: *arrived, position: 0 };
        (origin, judge(delivery, inlets))
    });
    let judged = judged.collect();
    let taken = super::take_in(&mut tx, judged).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

impl Ledger {
    pub(crate) async fn new() -> Self {
        Self::of(Source::Rxscale).await
    }

    pub(crate) async fn of(source: Source) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        let id = InletId::try_from("inlet-for-the-tests".to_owned()).unwrap();
        let secret = SigningSecret::new("whsec_ledger".into()).unwrap();
        let mut tx = db.write().await.unwrap();
        sqlx::query("INSERT INTO sender (id, realm) VALUES ('c-1', 'r')").execute(&mut *tx).await.unwrap();
        let token = InletToken::random().unwrap();
        inlets::insert(&mut tx, &id, &token, source, &"c-1".into(), "t", jiff::Timestamp::UNIX_EPOCH).await.unwrap();
        tx.commit().await.unwrap();
        let mut ledger = Self {
            db,
            inlets: Inlets::new(),
            id,
            source,
            secret: secret.clone(),
            required_header: None,
            arrived: 0,
            _dir: dir,
        };
        ledger.know(vec![secret]);
        ledger
    }

    pub(crate) fn know(&mut self, secrets: Vec<SigningSecret>) {
        let inlet = Inlet {
            id: self.id.clone(),
            source: self.source,
            connection: "c-1".into(),
            realm: "r".into(),
            keys: secrets.into_iter().map(|secret| inlets::Key { secret, expires_at: None }).collect(),
            prefix_allowed: false,
            required_header: self.required_header.clone(),
        };
        self.inlets = [(self.id.clone(), inlet.into())].into();
    }

    pub(crate) fn delivery(&self, body: &[u8], received: i64) -> Delivery {
        let headers = vec![Header::new("X-Webhook-Signature", self.secret.sign(body))];
        Delivery::new(self.id.clone(), jiff::Timestamp::from_second(received).unwrap(), headers, body.to_vec())
    }

    pub(crate) async fn take(&mut self, deliveries: Vec<Delivery>) -> Taken {
        take(&self.db, &self.inlets, &mut self.arrived, deliveries).await
    }

    pub(crate) async fn digest(&self) -> [u8; 32] {
        rebuild::digest(&mut *self.connection().await).await.unwrap()
    }

    /// Orders, stock, an odd event and a rejected delivery.
    pub(crate) async fn take_a_little_of_everything(&mut self) {
        let bodies = [order("po-1", Some("ord-1"), 1, "init", "#1"), order("po-2", None, 2, "on-hold", "#2")];
        let bodies = bodies.into_iter().chain([stock("psku-1", 3, 4), json!({ "event_type": "x" })]);
        let mut all: Vec<_> = bodies.map(|body| self.delivery(body.to_string().as_bytes(), 1_760_000_009)).collect();
        let mut bad = self.delivery(b"bad", 1_760_000_010);
        bad.headers.clear();
        all.push(bad);
        let _ = self.take(all).await;
    }

    /// A connection that tells the log what it is asked.
    pub(crate) async fn telling(&self) -> SqliteConnection {
        use sqlx::ConnectOptions;
        sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self._dir.path().join("t.db"))
            .pragma("key", format!("\"x'{}'\"", "11".repeat(32)))
            .log_statements(tracing::log::LevelFilter::Debug)
            .connect()
            .await
            .unwrap()
    }

    pub(crate) async fn connection(&self) -> sqlx::pool::PoolConnection<sqlx::Sqlite> {
        self.db.reader().acquire().await.unwrap()
    }
}

/// A connection that still closes while the process ends is torn down by SQLCipher's own exit handler.
impl Drop for Ledger {
    fn drop(&mut self) {
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.db.close()));
    }
}

fn order(lane: &str, parent: Option<&str>, second: i64, status: &str, name: &str) -> Value {
    json!({ "event_type": "pharmacy_order_updated", "timestamp": 1_760_000_000 + second, "payload_version": "1",
        "data": { "uid": lane, "status": status, "name": name, "updated_at": 1_760_000_000 + second, "order": parent.map(|uid| json!({ "uid": uid })) } })
}

fn stock(uid: &str, second: i64, level: i64) -> Value {
    json!({ "event_type": "pharmacy_sku_stock_updated", "timestamp": 1_760_000_000 + second, "payload_version": "1",
        "data": { "uid": uid, "stock": level, "updated_at": 1_760_000_000 + second, "sku": { "pzn": "00000001" } } })
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

async fn trust_and_receipts(connection: &mut SqliteConnection) -> Vec<(i64, i64)> {
    sqlx::query_as("SELECT trust, receipts FROM event ORDER BY public_id").fetch_all(connection).await.unwrap()
}

/// A body, and when it was received.
pub(crate) type Arrival = (Value, i64);

/// A history twice, in its order and shuffled, and how many of the shuffled arrive at a time.
pub(crate) fn arrivals(
    histories: impl Strategy<Value = Vec<Arrival>>,
) -> impl Strategy<Value = (Vec<Arrival>, Vec<Arrival>, usize)> {
    histories.prop_flat_map(|history| {
        let twice = [history.clone(), history].concat();
        (Just(twice.clone()), Just(twice).prop_shuffle(), 1..9usize)
    })
}

/// Both orders of arrival end in the same bytes; a rebuild says the same, and what is kept of each order is what its facts say.
pub(crate) async fn leaves_no_trace(source: Source, history: &[Arrival], shuffled: &[Arrival], batch: usize) {
    let mut straight = Ledger::of(source).await;
    let mut tangled = Ledger::of(source).await;
    let deliveries = |ledger: &Ledger, arrivals: &[Arrival]| {
        let deliver = |(body, at): &Arrival| ledger.delivery(body.to_string().as_bytes(), 1_760_000_000 + at);
        arrivals.iter().map(deliver).collect::<Vec<_>>()
    };
    let _ = straight.take(deliveries(&straight, history)).await;
    for some in shuffled.chunks(batch) {
        let _ = tangled.take(deliveries(&tangled, some)).await;
    }
    assert_eq!(straight.digest().await, tangled.digest().await);
    let counted = trust_and_receipts(&mut *straight.connection().await).await;
    assert_eq!(counted, trust_and_receipts(&mut *tangled.connection().await).await);
    assert!(counted.iter().all(|(_, receipts)| *receipts >= 2));
    let mut tx = tangled.db.write().await.unwrap();
    let report = rebuild::verify(&mut tx).await.unwrap();
    assert!(report.projections_match && report.damaged == 0 && report.unproven == 0, "{report:?}");
    // Nor does it matter in how many parts it is folded anew.
    rebuild::fold_anew(&mut tx, 1, async |_| Ok(())).await.unwrap();
    assert_eq!(rebuild::digest(&mut tx).await.unwrap(), straight.digest().await);
    tx.rollback().await.unwrap();
    let mut reader = tangled.connection().await;
    let uids: Vec<String> = sqlx::query_scalar("SELECT uid FROM order_row").fetch_all(&mut *reader).await.unwrap();
    for uid in &uids {
        let order = orders::table::find(&mut reader, &uid.as_str().into()).await.unwrap();
        assert_eq!(orders::table::timeline(&mut reader, order.uid()).await.unwrap(), order.timeline());
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM order_timeline").fetch_one(&mut *reader).await.unwrap();
    assert_eq!(usize::try_from(kept).unwrap(), uids.len(), "none is left of an order that is gone");
}

fn histories() -> impl Strategy<Value = Vec<Arrival>> {
    let statuses =
        prop::sample::select(vec!["init", "waiting for pharmacy", "in-progress", "completed", "cancelled", "on-hold"]);
    let orders = (0..3u8, prop::option::of(0..2u8), 0..8i64, statuses).prop_map(|(lane, parent, second, status)| {
        order(&format!("po-{lane}"), parent.map(|p| format!("ord-{p}")).as_deref(), second, status, "#1")
    });
    let stocks =
        (0..2u8, 0..8i64, -2..50i64).prop_map(|(uid, second, level)| stock(&format!("psku-{uid}"), second, level));
    let odd = prop::sample::select(vec![json!([1]), json!({ "event_type": "x" }), json!("text")]);
    let body = prop_oneof![6 => orders, 3 => stocks, 1 => odd];
    proptest::collection::vec((body, 0..100_000i64), 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Duplicates and any order of arrival, in any batches.
    #[test]
    fn the_order_of_arrival_leaves_no_trace((history, shuffled, batch) in arrivals(histories())) {
        run(leaves_no_trace(Source::Rxscale, &history, &shuffled, batch));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_quarantine_is_released_by_its_secret() {
    let mut ledger = Ledger::new().await;
    let body = order("po-1", Some("ord-1"), 1, "init", "#1001").to_string();
    ledger.know(vec![]);
    let tally = ledger.take(vec![ledger.delivery(body.as_bytes(), 1_760_000_001)]).await;
    assert_eq!((tally.rejected, tally.events), (1, 0));
    let list = event::list::list(&mut *ledger.connection().await, &EventListInput::default()).await.unwrap();
    assert_eq!(list.rows[0].quarantine, Some(event::QuarantineReason::SecretMissing));

    ledger.know(vec![ledger.secret.clone()]);
    let mut tx = ledger.db.write().await.unwrap();
    let _ = super::release(&mut tx, &ledger.inlets, &ledger.id).await.unwrap();
    tx.commit().await.unwrap();
    let list = event::list::list(&mut *ledger.connection().await, &EventListInput::default()).await.unwrap();
    assert_eq!((list.rows.len(), list.rows[0].quarantine, list.rows[0].trust), (1, None, Some(event::Trust::Verified)));
    let order = orders::table::find(&mut *ledger.connection().await, &"po-1".into()).await.unwrap();
    assert_eq!(order.row().unwrap().uid.as_str(), "ord-1");
    let counters: (i64, i64) = sqlx::query_as("SELECT verified, rejected FROM inlet")
        .fetch_one(&mut *ledger.connection().await)
        .await
        .unwrap();
    assert_eq!(counters, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_moves_to_its_parent_when_one_is_named_later() {
    let mut ledger = Ledger::new().await;
    let alone = order("po-1", None, 1, "init", "#1").to_string();
    let _ = ledger.take(vec![ledger.delivery(alone.as_bytes(), 1_760_000_001)]).await;
    let rows = |ledger: &Ledger| {
        let db = ledger.db.clone();
        async move {
            let uids: Vec<String> =
                sqlx::query_scalar("SELECT uid FROM order_row ORDER BY uid").fetch_all(db.reader()).await.unwrap();
            uids
        }
    };
    assert_eq!(rows(&ledger).await, ["po-1"]);
    let named = order("po-1", Some("ord-1"), 2, "in-progress", "#1").to_string();
    let _ = ledger.take(vec![ledger.delivery(named.as_bytes(), 1_760_000_002)]).await;
    assert_eq!(rows(&ledger).await, ["ord-1"]);
    // And on, when its newest event names another; one that comes late and is older changes nothing.
    for (parent, second) in [("ord-2", 4), ("ord-0", 3)] {
        let named = order("po-1", Some(parent), second, "in-progress", "#1").to_string();
        let _ = ledger.take(vec![ledger.delivery(named.as_bytes(), 1_760_000_009)]).await;
        assert_eq!(rows(&ledger).await, ["ord-2"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_did_not_end_is_made_again_and_one_that_ended_is_not() {
    let mut ledger = Ledger::new().await;
    ledger.take_a_little_of_everything().await;
    let whole = ledger.digest().await;
    rebuild::bring_up_to_date(&ledger.db).await.unwrap();
    let folded_by =
        || sqlx::query_scalar::<_, i64>("SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'projection'");
    assert_eq!(folded_by().fetch_one(ledger.db.reader()).await.unwrap(), rebuild::VERSION);

    // The program ends between two parts.
    let mut tx = ledger.db.write().await.unwrap();
    orders::table::clear(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let half = ledger.digest().await;
    assert_ne!(half, whole);
    rebuild::bring_up_to_date(&ledger.db).await.unwrap();
    assert_eq!(ledger.digest().await, half, "nothing says that it is not whole");
    let mut tx = ledger.db.write().await.unwrap();
    sqlx::query("UPDATE setting SET value = '0' WHERE name = 'projection'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    rebuild::bring_up_to_date(&ledger.db).await.unwrap();
    assert_eq!(ledger.digest().await, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_unreadable_without_its_key() {
    let mut ledger = Ledger::new().await;
    let body = order("po-1", Some("ord-1"), 1, "init", "Erika Beispiel").to_string();
    let _ = ledger.take(vec![ledger.delivery(body.as_bytes(), 1_760_000_001)]).await;
    let path = ledger._dir.path().join("t.db");
    ledger.db.close().await;
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.starts_with(b"SQLite format 3"));
    assert!(!bytes.windows(14).any(|w| w == b"Erika Beispiel"));
    let error = Db::open(&path, &"22".repeat(32).into()).await.unwrap_err();
    assert_eq!(error.code(), crate::Code::DatabaseUnreadable);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_arrivals_join_without_gap_or_overlap() {
    let mut ledger = Ledger::new().await;
    let good: Vec<_> =
        (0..7).map(|i| ledger.delivery(stock("psku-1", i, i).to_string().as_bytes(), 1_760_000_000 + i / 2)).collect();
    let mut bad = ledger.delivery(b"{}", 1_760_000_001);
    bad.headers.clear();
    let _ = ledger.take(good).await;
    let _ = ledger.take(vec![bad.clone(), bad]).await;
    let mut seen = Vec::new();
    let mut input = EventListInput::default();
    input.page.limit = Some(2);
    loop {
        let page = event::list::list(&mut *ledger.connection().await, &input).await.unwrap();
        seen.extend(page.rows.into_iter().map(|row| row.id));
        match page.next {
            Some(next) => input.page.after = Some(next),
            None => break,
        }
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (9, 9));
}

/// An order event with a signed prescription of `bytes` bytes in it, made from a number.
fn with_prescription(lane: &str, second: i64, file: u8, bytes: usize) -> Value {
    let content: Vec<u8> =
        (0..bytes).map(|n| (n.wrapping_mul(31).wrapping_add(usize::from(file) * 17) % 251) as u8).collect();
    let mut body = order(lane, Some("ord-1"), second, "in-progress", "#1001");
    body["data"]["prescription_file"] =
        json!({ "filename": "rezept.pdf", "content_base64": data_encoding::BASE64.encode(&content) });
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prescription_that_rides_in_every_event_is_kept_once_and_each_body_comes_out_as_it_arrived() {
    let mut ledger = Ledger::new().await;
    let bodies: Vec<String> = [(1, 1), (2, 1), (3, 1), (4, 2), (5, 1)]
        .map(|(second, file)| with_prescription("po-1", second, file, 60_000).to_string())
        .into();
    let some = bodies.iter().map(|body| ledger.delivery(body.as_bytes(), 1_760_000_009)).collect();
    assert_eq!(ledger.take(some).await.events, 5);
    let mut reader = ledger.connection().await;
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM attachment").fetch_one(&mut *reader).await.unwrap();
    assert_eq!(kept, 2, "two distinct files");
    let own: i64 = sqlx::query_scalar("SELECT sum(own_bytes) FROM body").fetch_one(&mut *reader).await.unwrap();
    assert!(own < 5_000, "{own}");
    let rows = event::list::list(&mut reader, &EventListInput::default()).await.unwrap().rows;
    let mut arrived = Vec::new();
    for row in &rows {
        arrived.push(String::from_utf8(event::list::raw(&mut reader, &row.id).await.unwrap()).unwrap());
    }
    arrived.sort_unstable();
    let mut sent = bodies;
    sent.sort_unstable();
    assert!(arrived == sent, "byte for byte");
    drop(reader);
    let mut tx = ledger.db.write().await.unwrap();
    let report = rebuild::verify(&mut tx).await.unwrap();
    assert_eq!((report.events, report.damaged, report.projections_match), (5, 0, true), "{report:?}");
    sqlx::query("UPDATE attachment SET packed = x'00' WHERE id = 1").execute(&mut *tx).await.unwrap();
    let report = rebuild::verify(&mut tx).await.unwrap();
    assert_eq!(report.damaged, 4, "each event that shares the damaged file is counted");
    tx.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_released_from_quarantine_shares_its_prescription_too() {
    let mut ledger = Ledger::new().await;
    let bodies = [1, 2].map(|second| with_prescription("po-1", second, 1, 9_000).to_string());
    ledger.know(vec![]);
    let some = bodies.iter().map(|body| ledger.delivery(body.as_bytes(), 1_760_000_009)).collect();
    assert_eq!(ledger.take(some).await.rejected, 2);
    ledger.know(vec![ledger.secret.clone()]);
    let mut tx = ledger.db.write().await.unwrap();
    assert_eq!(super::release(&mut tx, &ledger.inlets, &ledger.id).await.unwrap().events, 2);
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM attachment").fetch_one(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(kept, 1);
}
