//! Stock and assignments on a real encrypted database: any order of arrival, late and moved facts, rebuild, lists, plans.

use offizin_wire::{Delivery, Header, InletId, InletToken, SigningSecret};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    assignments::{
        self,
        view::{AssignmentListInput, DoctorListInput, PrescriptionListInput},
        words::PrescriptionState,
    },
    db::Db,
    intake::inlets::{self, Inlet, Inlets},
    ledger::rebuild,
    page::PageInput,
    source::Source,
    stock::{
        self,
        view::{StockChartInput, StockListInput, StockThreshold},
    },
};

const START: i64 = 1_760_000_000;
const DAY: i64 = 86_400;

struct Ledger {
    db: Db,
    inlets: Inlets,
    secret: SigningSecret,
    arrived: i64,
    _dir: tempfile::TempDir,
}

fn inlet(name: &str) -> InletId {
    InletId::try_from(format!("inlet-for-{name}-tests")).unwrap()
}

impl Ledger {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("t.db"), &"11".repeat(32).into()).await.unwrap();
        let secret = SigningSecret::new("whsec_ledger".into()).unwrap();
        let mut tx = db.write().await.unwrap();
        sqlx::query("INSERT INTO sender (id, realm) VALUES ('c-1', 'r')").execute(&mut *tx).await.unwrap();
        let mut inlets = Inlets::new();
        for (name, source, secrets) in
            [("signed", Source::Rxscale, vec![secret.clone()]), ("pushed", Source::RxscalePubsub, vec![])]
        {
            let id = inlet(name);
            let token = InletToken::random().unwrap();
            inlets::insert(&mut tx, &id, &token, source, &"c-1".into(), name, jiff::Timestamp::UNIX_EPOCH)
                .await
                .unwrap();
            let keys = secrets.into_iter().map(|secret| inlets::Key { secret, expires_at: None }).collect();
            let one = Inlet {
                id: id.clone(),
                source,
                connection: "c-1".into(),
                realm: "r".into(),
                keys,
                prefix_allowed: false,
                required_header: None,
            };
            inlets.insert(id, one.into());
        }
        tx.commit().await.unwrap();
        Self { db, inlets, secret, arrived: 0, _dir: dir }
    }

    fn signed(&self, body: &Value, received: i64) -> Delivery {
        let body = body.to_string().into_bytes();
        let headers = vec![Header::new("X-Webhook-Signature", self.secret.sign(&body))];
        Delivery::new(inlet("signed"), jiff::Timestamp::from_second(START + received).unwrap(), headers, body)
    }

    fn pushed(&self, inner: &Value, message: i64, published: i64, received: i64) -> Delivery {
        let at = jiff::Timestamp::from_second(START + published).unwrap();
        let body = json!({ "message": { "data": data_encoding::BASE64.encode(inner.to_string().as_bytes()),
            "messageId": message.to_string(), "publishTime": at.to_string() }, "subscription": "projects/t/subscriptions/s" });
        let received = jiff::Timestamp::from_second(START + received).unwrap();
        Delivery::new(inlet("pushed"), received, vec![], body.to_string().into_bytes())
    }

    async fn take(&mut self, deliveries: Vec<Delivery>) {
        let _ = crate::ledger::tests::take(&self.db, &self.inlets, &mut self.arrived, deliveries).await;
    }

    async fn digest(&self) -> [u8; 32] {
        rebuild::digest(&mut *self.connection().await).await.unwrap()
    }

    async fn is_as_rebuilt(&self) -> bool {
        let mut tx = self.db.write().await.unwrap();
        let report = rebuild::verify(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        report.projections_match
    }

    async fn connection(&self) -> sqlx::pool::PoolConnection<sqlx::Sqlite> {
        self.db.reader().acquire().await.unwrap()
    }
}

/// A connection that still closes while the process ends is torn down by SQLCipher's own exit handler.
impl Drop for Ledger {
    fn drop(&mut self) {
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.db.close()));
    }
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(START).unwrap()
}

fn level(uid: &str, second: i64, stock: i64) -> Value {
    json!({ "event_type": "pharmacy_sku_stock_updated", "timestamp": START + second, "payload_version": "1",
        "data": { "uid": uid, "stock": stock, "price": 1299, "pharmacy_uid": "ph-1", "updated_at": START + second,
            "sku": { "pzn": "00000001", "display_name": format!("Testmittel {uid}") } } })
}

fn change(prescription: &str, from: Option<&str>, to: Option<&str>, reason: &str) -> Value {
    json!({ "category": "prescription", "event": "doctor_changed", "data": {
        "shop_identifier": "shop.example.test", "external_order_id": format!("EXT-{prescription}"),
        "external_fulfillment_id": null, "external_provider_identifier": null, "doctor_assignment_reason": reason,
        "old_doctor_uid": from, "new_doctor_uid": to,
        "prescription": { "uid": prescription, "created_at": "2025-10-09T00:00:00Z", "status": "pending",
            "doctor": to.map(|uid| json!({ "uid": uid, "first_name": "Ada", "last_name": format!("Muster {uid}") })),
            "patient_data": { "first_name": "Erika", "last_name": "Beispiel", "date_of_birth": "1990-01-01" },
            "documents": [], "items": [] } } })
}

fn order(external: &str, uid: &str, second: i64) -> Value {
    json!({ "event_type": "pharmacy_order_created", "timestamp": START + second, "payload_version": "1",
        "data": { "uid": format!("po-{uid}"), "status": "init", "name": format!("#{uid}"), "order": { "uid": uid },
            "fulfillment": { "uid": "fo-1", "external_id": null,
                "order": { "uid": uid, "shop_order": { "uid": "so-1", "external_id": external } } } } })
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

#[derive(Clone, Debug)]
enum Arrival {
    Signed(Value, i64),
    Pushed(Value, i64, i64, i64),
}

impl Arrival {
    fn of(&self, ledger: &Ledger) -> Delivery {
        match self {
            Arrival::Signed(body, received) => ledger.signed(body, *received),
            Arrival::Pushed(inner, message, published, received) => {
                ledger.pushed(inner, *message, *published, *received)
            }
        }
    }
}

fn histories() -> impl Strategy<Value = Vec<Arrival>> {
    let stock = (0..2u8, 0..6i64, prop_oneof![4 => -2..50i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)], 0..50i64)
        .prop_map(|(uid, second, stock, received)| {
            Arrival::Signed(level(&format!("psku-{uid}"), second * DAY / 2, stock), received)
        });
    let doctor = || prop::option::of(prop::sample::select(vec!["doc-1", "doc-2", "doc-3"]));
    let reason = prop::sample::select(vec!["QUEUE_ASSIGNED", "PRESCRIPTION_REQUEUED", "Moon phase"]);
    let doctors = (0..2u8, doctor(), doctor(), reason, prop::option::of(0..9i64), 0..50i64).prop_map(
        |(uid, from, to, reason, published, received)| {
            let change = change(&format!("rx-{uid}"), from, to, reason);
            match published {
                Some(published) => Arrival::Pushed(change, published, published, received),
                None => Arrival::Signed(change, received),
            }
        },
    );
    let orders = (0..2u8, 0..3u8, 0..9i64).prop_map(|(external, uid, second)| {
        Arrival::Signed(order(&format!("EXT-rx-{external}"), &format!("ord-{uid}"), second), second)
    });
    proptest::collection::vec(prop_oneof![4 => stock, 4 => doctors, 1 => orders], 1..16)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Duplicates with other receipts, in any order and in any batches, end in the same bytes; a rebuild says the same.
    #[test]
    fn shelves_and_doctors_are_the_same_whatever_the_order_of_arrival(
        (history, shuffled, batch) in (histories(), 0..40i64).prop_flat_map(|(history, later)| {
            let mut twice = history.clone();
            twice.extend(history.into_iter().map(|arrival| match arrival {
                Arrival::Signed(body, received) => Arrival::Signed(body, received + later),
                Arrival::Pushed(inner, message, published, received) => Arrival::Pushed(inner, message, published, received + later),
            }));
            (Just(twice.clone()), Just(twice).prop_shuffle(), 1..9usize)
        }),
    ) {
        run(async {
            let mut straight = Ledger::new().await;
            let mut tangled = Ledger::new().await;
            let all = history.iter().map(|arrival| arrival.of(&straight)).collect();
            straight.take(all).await;
            for arrivals in shuffled.chunks(batch) {
                let some = arrivals.iter().map(|arrival| arrival.of(&tangled)).collect();
                tangled.take(some).await;
            }
            assert_eq!(straight.digest().await, tangled.digest().await);
            assert!(tangled.is_as_rebuilt().await);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_level_slots_into_the_past_and_moves_only_its_neighbours() {
    let mut ledger = Ledger::new().await;
    let levels = [(0, 20), (DAY, 12), (3 * DAY, 30)];
    let all = levels.iter().map(|(second, stock)| ledger.signed(&level("psku-1", *second, *stock), *second)).collect();
    ledger.take(all).await;
    ledger.take(vec![ledger.signed(&level("psku-1", 2 * DAY, 0), 9 * DAY)]).await;
    let at = jiff::Timestamp::from_second(START + 4 * DAY).unwrap();
    let list = stock::list::list(&mut *ledger.connection().await, &StockListInput::default(), at).await.unwrap();
    let row = &list.rows[0];
    assert_eq!((row.stock, row.delta), (Some(30), Some(30)));
    assert_eq!((row.window.days, row.window.consumed, row.window.received), (5, 20, 30));
    assert_eq!(row.days_of_cover, Some(7), "30 pieces at 4 a day");
    assert_eq!((row.out_ms, row.out_since), (DAY * 1000, None));
    assert_eq!(
        row.trend.iter().rev().take(6).copied().collect::<Vec<_>>(),
        [Some(30), Some(30), Some(0), Some(12), Some(20), None]
    );
    let history = stock::list::history(&mut *ledger.connection().await, &"psku-1".into(), None, &PageInput::default())
        .await
        .unwrap();
    let deltas: Vec<_> = history.rows.iter().map(|change| (change.stock.unwrap(), change.delta)).collect();
    assert_eq!(deltas, [(30, Some(30)), (0, Some(-12)), (12, Some(-8)), (20, None)]);
    assert!(ledger.is_as_rebuilt().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_shown_as_it_was_known_to_be() {
    let mut ledger = Ledger::new().await;
    let told = [("psku-1", 0, 20), ("psku-1", 2 * DAY, 0), ("psku-2", 3 * DAY, 5)];
    let all = told.iter().map(|(uid, second, stock)| ledger.signed(&level(uid, *second, *stock), *second)).collect();
    ledger.take(all).await;
    let as_of = |days: i64| Some(jiff::Timestamp::from_second(START + days * DAY).unwrap());
    for (days, expected) in
        [(1, vec![("psku-1", 20)]), (2, vec![("psku-1", 0)]), (3, vec![("psku-1", 0), ("psku-2", 5)])]
    {
        let input = StockListInput { as_of: as_of(days), ..StockListInput::default() };
        let list = stock::list::list(&mut *ledger.connection().await, &input, now()).await.unwrap();
        let shown: Vec<_> = list.rows.iter().map(|row| (row.uid.as_str(), row.stock.unwrap())).collect();
        assert_eq!(shown, expected, "after {days} days");
    }
    let chart = |since, as_of| StockChartInput { uid: "psku-1".into(), since, as_of };
    let whole = stock::list::chart(&mut *ledger.connection().await, &chart(None, None), now()).await.unwrap();
    assert_eq!(whole.points.iter().map(|point| point.stock).collect::<Vec<_>>(), [20, 0]);
    let part = stock::list::chart(&mut *ledger.connection().await, &chart(as_of(1), as_of(2)), now()).await.unwrap();
    assert_eq!(
        part.points.iter().map(|point| point.stock).collect::<Vec<_>>(),
        [20, 0],
        "it was 20 when the range began"
    );
    let before = stock::list::chart(&mut *ledger.connection().await, &chart(None, as_of(-1)), now()).await;
    assert_eq!(before.unwrap_err().code(), crate::Code::StockUnknown, "nothing was known yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_low_is_counted_by_the_rule_and_by_single_thresholds() {
    let mut ledger = Ledger::new().await;
    let told = [("psku-1", 40), ("psku-2", 4), ("psku-3", -1)];
    let all = told.iter().map(|(uid, stock)| ledger.signed(&level(uid, 0, *stock), 0)).collect();
    ledger.take(all).await;
    let uids =
        |rows: Vec<stock::view::StockRowView>| rows.into_iter().map(|row| row.uid.to_string()).collect::<Vec<_>>();
    let low = stock::list::low(&mut *ledger.connection().await, 5, now()).await.unwrap();
    assert_eq!((low.count, low.out, uids(low.rows)), (2, 1, vec!["psku-3".to_owned(), "psku-2".to_owned()]));
    let mut tx = ledger.db.write().await.unwrap();
    let pieces = |pieces| StockThreshold { pieces: Some(pieces), days: None };
    stock::threshold::set(&mut tx, &"psku-1".into(), Some(&pieces(50))).await.unwrap();
    stock::threshold::set_rule(&mut tx, &pieces(0)).await.unwrap();
    assert!(stock::threshold::set_rule(&mut tx, &pieces(-1)).await.is_err());
    tx.commit().await.unwrap();
    let low = stock::list::low(&mut *ledger.connection().await, 5, now()).await.unwrap();
    assert_eq!(uids(low.rows), ["psku-3", "psku-1"]);
    assert!(ledger.is_as_rebuilt().await, "thresholds are kept by a rebuild");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_history_joins_without_gap_or_overlap() {
    let mut ledger = Ledger::new().await;
    let all = (0..23).map(|n| ledger.signed(&level("psku-1", n / 3, n), n)).collect();
    ledger.take(all).await;
    let mut page = PageInput { limit: Some(4), after: None };
    let mut seen = Vec::new();
    loop {
        let rows = stock::list::history(&mut *ledger.connection().await, &"psku-1".into(), None, &page).await.unwrap();
        seen.extend(rows.rows.iter().map(|change| change.event_id.clone()));
        match rows.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (23, 23));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctors_are_counted_and_prescriptions_filtered() {
    let mut ledger = Ledger::new().await;
    let story = [
        (change("rx-1", None, Some("doc-1"), "QUEUE_ASSIGNED"), 1),
        (change("rx-1", Some("doc-1"), None, "PRESCRIPTION_REQUEUED"), 60),
        (change("rx-1", None, Some("doc-2"), "QUEUE_ASSIGNED"), 90),
        (change("rx-2", Some("doc-3"), Some("doc-1"), "ADMIN_ASSIGNED"), 100),
    ];
    let all = story.iter().map(|(body, at)| ledger.pushed(body, *at, *at, *at)).collect();
    ledger.take(all).await;
    let connection = &mut *ledger.connection().await;
    let doctors = assignments::list::doctors(connection, &DoctorListInput::default()).await.unwrap().rows;
    let figures = |uid: &str| {
        let row = doctors.iter().find(|row| row.uid == uid).unwrap();
        (row.open, row.taken, row.lost, row.requeued)
    };
    assert_eq!([figures("doc-1"), figures("doc-2"), figures("doc-3")], [(1, 2, 1, 1), (1, 1, 0, 0), (0, 1, 1, 0)]);
    assert_eq!(doctors.iter().find(|row| row.uid == "doc-1").unwrap().name.as_deref(), Some("Ada Muster doc-1"));
    let doctor = assignments::list::doctor(connection, &"doc-1".into()).await.unwrap();
    let sums = doctor.reasons.iter().fold((0, 0), |sums, reason| (sums.0 + reason.taken, sums.1 + reason.lost));
    assert_eq!(sums, (2, 1));

    let list = async |connection: &mut _, input: PrescriptionListInput| {
        let page = assignments::list::prescriptions(connection, &input).await.unwrap();
        page.rows.into_iter().map(|row| row.uid.to_string()).collect::<Vec<_>>()
    };
    let any = PrescriptionListInput::default;
    assert_eq!(list(connection, any()).await, ["rx-2", "rx-1"]);
    assert_eq!(list(connection, PrescriptionListInput { doctor: Some("doc-2".into()), ..any() }).await, ["rx-1"]);
    assert_eq!(
        list(connection, PrescriptionListInput { state: Some(PrescriptionState::Broken), ..any() }).await,
        ["rx-2"]
    );
    let both =
        PrescriptionListInput { doctor: Some("doc-1".into()), reason: Some("PRESCRIPTION_REQUEUED".into()), ..any() };
    assert_eq!(list(connection, both).await, ["rx-1"]);
    assert_eq!(
        list(connection, PrescriptionListInput { search: Some("muster DOC-2".into()), ..any() }).await,
        ["rx-1"]
    );
    let all = assignments::list::assignments(connection, &AssignmentListInput::default()).await.unwrap();
    assert!(!serde_json::to_string(&all).unwrap().contains("Erika"), "patients are in no list");
    let filters = assignments::list::filters(connection).await.unwrap();
    assert_eq!((filters.reasons.len(), filters.shops.len()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prescription_finds_its_order_only_by_exact_numbers_of_one_shop() {
    let mut ledger = Ledger::new().await;
    ledger.take(vec![ledger.pushed(&change("rx-1", None, Some("doc-1"), "QUEUE_ASSIGNED"), 1, 1, 1)]).await;
    let shown = async |ledger: &Ledger| {
        assignments::list::show(&mut *ledger.connection().await, &"rx-1".into()).await.unwrap().row.order
    };
    assert_eq!(shown(&ledger).await, None);
    ledger.take(vec![ledger.signed(&order("EXT-rx-10", "ord-9", 2), 2)]).await;
    assert_eq!(shown(&ledger).await, None, "nearly is not enough");
    ledger.take(vec![ledger.signed(&order("EXT-rx-1", "ord-1", 3), 3)]).await;
    assert_eq!(shown(&ledger).await.unwrap().as_str(), "ord-1");
    for uid in ["ord-1", "po-ord-1"] {
        let found = assignments::list::of_order(&mut *ledger.connection().await, &uid.into()).await.unwrap();
        assert_eq!(found.len(), 1, "{uid}");
        assert_eq!(found[0].history.last().unwrap().doctor_uid.as_ref().unwrap().as_str(), "doc-1");
    }
    // Another shop uses the same number: it can no longer be told whose order it is.
    let mut other = change("rx-2", None, Some("doc-1"), "QUEUE_ASSIGNED");
    other["data"]["shop_identifier"] = json!("other.example.test");
    other["data"]["external_order_id"] = json!("EXT-rx-1");
    ledger.take(vec![ledger.pushed(&other, 4, 4, 4)]).await;
    assert_eq!(shown(&ledger).await, None);
    assert!(assignments::list::of_order(&mut *ledger.connection().await, &"ord-1".into()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_of_shelves_or_doctors_scans_or_sorts() {
    let ledger = Ledger::new().await;
    let connection = &mut *ledger.connection().await;
    let mut plans = assignments::list::plans(connection).await;
    for query in stock::list::queries() {
        let rows: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        plans.push(rows.into_iter().map(|row| row.3).collect::<Vec<_>>().join(" / "));
    }
    for plan in plans {
        // Walking along an index in the order of the list is no scan of the table.
        let scans = plan.split(" / ").any(|step| step.starts_with("SCAN") && !step.contains("USING"));
        assert!(!scans && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}
