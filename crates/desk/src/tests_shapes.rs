//! The shapes of what is stored as JSON, pinned. A shape that changes unnoticed leaves databases behind whose rows do not read
//! any more, or whose folds are never made again; so there is one example of each here, and the hash of them all.
//!
//! The folds can be made anew: their hash goes with [`rebuild::VERSION`], and a database of another version is folded
//! again when it is opened. Settings, headers and problems cannot: what was written once has to be read for ever.

use data_encoding::HEXLOWER;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{
    assignments::{
        fact::{AssignmentFact, Doctor as NamedDoctor},
        stored::{StoredAssignment, StoredChange as StoredDoctorChange, StoredDoctor, StoredPrescription},
        words::{Clock, ReasonKind},
    },
    connections::view::{ConnectionSettings, DeleteStrategy},
    event::fact::Trust,
    ledger::rebuild,
    money::Money,
    network,
    orders::{
        fact::{
            Address, Courier, DeliveryType, Doctor, Expected, File, Fulfilment, Item, Meaning, OrderFact, Patient,
            Pharmacy, Pin, Status, Unit,
        },
        stored::{
            StoredChange, StoredConfirmation, StoredConfirmedLane, StoredEntry, StoredLane, StoredRow, StoredSequence,
            StoredStep, StoredTimeline,
        },
        words::{
            Agreement, AmountMeaning, Attention, EntryKind, Finality, LinkKind, Mark, Stage, StatusGroup, StepState,
            TimeMeaning,
        },
    },
    problem::{Code, Problem},
    settings::RulesView,
    status::{Language, SavedView, Settings, Theme},
    stock::{
        fact::Product,
        stored::{StoredLevel, Unasked},
        view::StockThreshold,
    },
};

/// The version of the folds and the hash of what they store.
const FOLDED: (i64, &str) = (9, "5a49c20b8c75fbc19629dfec790b08d453a4d409c41c1c244133a75c8e7a9001");
/// The hash of what is kept for good.
const KEPT: &str = "088e5897759c51754a786416518da1c269bd119ff3a0b6483049bc7f163bf0e3";

/// Lines of `name: JSON`, each read back as it was written.
#[derive(Default)]
struct Shapes(String);

impl Shapes {
    fn add<T: Serialize + DeserializeOwned>(&mut self, name: &str, example: &T) {
        let stored = serde_json::to_string(example).unwrap();
        let read: T = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), stored, "{name} is not read as it was written");
        self.0 += &format!("{name}: {stored}\n");
    }

    fn hash(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(&self.0))
    }
}

/// Every variant of an enum; one that is missing here does not compile.
macro_rules! every {
    ($shapes:ident, $kind:ident: $($variant:ident),+ $(,)?) => {{
        let all = [$($kind::$variant),+];
        for one in &all {
            match one {
                $($kind::$variant)|+ => {}
            }
        }
        $shapes.add(stringify!($kind), &all.to_vec());
    }};
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn at(second: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_760_000_000 + second).unwrap()
}

fn status() -> Status {
    Status { word: "in-progress".into(), group: StatusGroup::InWork, rank: Some(3), after: vec![1, 2] }
}

fn address() -> Address {
    Address {
        name: text("Erika Beispiel"),
        street: text("Testweg 2"),
        additional: text("Hinterhaus"),
        city: text("00000 Teststadt"),
        country: text("Deutschland"),
    }
}

fn order_fact() -> OrderFact {
    OrderFact {
        lane: None,
        parent: None,
        updated_at: None,
        partial: true,
        created: true,
        deleted: true,
        status: Some(status()),
        meaning: Meaning { stage: Some(Stage::Packed), finality: Some(Finality::Unknown), begins: true },
        reason: text("Sold out"),
        successors: vec!["po-2".into()],
        successors_at: Some((status(), Some(Stage::Assigned))),
        predecessor: None,
        handed_over: false,
        sequence: vec![Expected { word: "accept".into(), stage: Some(Stage::Accepted), optional: true }],
        name: text("#1001"),
        pharmacy: Some(Pharmacy { uid: Some("ph-1".into()), name: text("Testapotheke") }),
        pharmacy_code: text("T00ST"),
        delivery_type: Some(DeliveryType { code: text("standard"), name: text("Standard") }),
        priority: Some(2),
        items: vec![Item {
            name: text("Testmittel"),
            number: text("00000000"),
            amount: Some(2),
            unit: Some(Unit { word: text("packs"), pack: text("10 Tablets"), loose: Some(20) }),
            price: Some(Money::from_cents(1_299, "EUR")),
            total: Some(Money::from_cents(2_598, "EUR")),
            stock: Some(12),
        }],
        shipping: Some(Money::from_cents(499, "EUR")),
        total: Money::from_decimal("34.18", "INR"),
        amounts: [(AmountMeaning::DeliveryCharge, Money::from_cents(100, "INR"))].into(),
        reported: [(TimeMeaning::Billed, "2026-05-01 10:00".to_owned())].into(),
        reported_zone: text("Asia/Kolkata"),
        courier: Some(Courier { name: text("Max Muster"), phone: text("0000") }),
        links: [(LinkKind::Tracking, "https://track.example.com/a".to_owned())].into(),
        pin: Some(Pin("0498".into())),
        patient: Some(Patient {
            uid: text("pat-1"),
            name: text("Erika Beispiel"),
            born: text("1990-01-01"),
            email: text("erika@example.com"),
            phone: text("0000"),
        }),
        delivery_address: Some(address()),
        invoice_address: Some(address()),
        doctor: Some(Doctor { uid: text("doc-1"), name: text("Dr. Test") }),
        shop: text("shop.example.test"),
        fulfilment: Some(Fulfilment {
            uid: text("fo-1"),
            external_id: text("F-1"),
            shop_order_uid: text("so-1"),
            shop_order_external_id: text("EXT-1"),
        }),
        file: Some(File { name: text("rx.pdf"), sha256: text("00"), bytes: Some(5) }),
        plain: [("external_status".to_owned(), "OPEN".into())].into(),
        other: [("data.note".to_owned(), 1.into())].into(),
    }
}

fn lane() -> StoredLane {
    StoredLane {
        uid: "po-1".into(),
        name: text("#1001"),
        status: text("in-progress"),
        status_group: StatusGroup::InWork,
        stage: Some(Stage::Packed),
        finality: Some(Finality::MayContinue),
        handed_over: true,
        pharmacy_uid: Some("ph-1".into()),
        pharmacy_name: text("Testapotheke"),
        updated_at: at(1),
        deleted: true,
    }
}

fn order_row() -> StoredRow {
    StoredRow {
        uid: "ord-1".into(),
        connection: "c-1".into(),
        name: text("#1001"),
        status: text("in-progress"),
        status_group: StatusGroup::InWork,
        stage: Some(Stage::Packed),
        finality: Some(Finality::Final),
        updated_at: at(1),
        status_since: at(2),
        received_at: at(3),
        lanes: vec![lane()],
        attention: vec![Attention::OnHold],
        delivery_type: text("Standard"),
        priority: 2,
        total: Some(Money::from_cents(2_598, "EUR")),
        items: 1,
        events: 4,
        trust: Trust::Verified,
    }
}

fn timeline() -> StoredTimeline {
    let step =
        StoredStep { status: "accept".into(), stage: Some(Stage::Accepted), state: StepState::Done, at: Some(at(1)) };
    let entry = StoredEntry {
        event_id: "00".into(),
        lane_uid: Some("po-1".into()),
        pharmacy_name: text("Testapotheke"),
        at: at(1),
        received_at: at(2),
        kind: EntryKind::StatusChanged,
        event_type: "pharmacy_order_updated".into(),
        from: text("init"),
        from_group: Some(StatusGroup::New),
        from_stage: Some(Stage::Assigned),
        to: text("in-progress"),
        to_group: StatusGroup::InWork,
        to_stage: Some(Stage::Accepted),
        finality: Some(Finality::Unknown),
        dwell_ms: Some(60_000),
        reason: text("Sold out"),
        successors: vec!["po-2".into()],
        predecessor: Some("po-0".into()),
        trust: Trust::Unsigned,
        marks: vec![Mark::Late],
        receipts: 2,
        changes: vec![StoredChange { field: "priority".into(), from: text("0"), to: text("2") }],
    };
    let sequence =
        StoredSequence { lane_uid: Some("po-1".into()), pharmacy_name: text("Testapotheke"), steps: vec![step] };
    StoredTimeline { uid: "ord-1".into(), lanes: vec![lane()], sequences: vec![sequence], entries: vec![entry] }
}

fn confirmation() -> StoredConfirmation {
    let lane = StoredConfirmedLane {
        lane_uid: Some("po-1".into()),
        here: Some(Stage::Packed),
        there: text("Shipped"),
        agreement: Agreement::Agrees,
    };
    StoredConfirmation { asked_at: at(1), agreement: Agreement::Agrees, lanes: vec![lane], outdated: false }
}

fn stock_row() -> StoredLevel {
    StoredLevel {
        uid: "psku-1".into(),
        connection: "c-1".into(),
        pharmacy_uid: Some("ph-1".into()),
        pzn: text("00000000"),
        name: text("Testmittel"),
        stock: Some(3),
        delta: Some(-1),
        price_cents: Some(1_299),
        updated_at: at(1),
        trust: Trust::Reconciled,
        first_at: at(0),
        out_since: Some(at(1)),
        out_ms: 7,
        unasked: Unasked::default(),
    }
}

fn assignment_fact() -> AssignmentFact {
    AssignmentFact {
        prescription: "".into(),
        claim: "00".into(),
        message: text("m-1"),
        clock: Clock::Published,
        from: Some("doc-1".into()),
        to: Some("doc-2".into()),
        reason: text("QUEUE_ASSIGNED"),
        reason_kind: Some(ReasonKind::Queue),
        named: Some(NamedDoctor { uid: "doc-2".into(), name: "Ada Muster".into() }),
        status: text("pending"),
        created_at: Some(at(0)),
        shop: text("shop.example.test"),
        external_order_id: text("EXT-1"),
        external_fulfillment_id: text("F-1"),
    }
}

fn change_of_doctor() -> StoredDoctorChange {
    StoredDoctorChange {
        at: at(1),
        clock: Clock::Event,
        reason: text("QUEUE_ASSIGNED"),
        reason_kind: Some(ReasonKind::Queue),
        event_id: Some("00".into()),
        trust: Trust::Verified,
        told: 2,
        uncertain: true,
    }
}

fn assignment() -> StoredAssignment {
    StoredAssignment {
        prescription_uid: "rx-1".into(),
        doctor_uid: Some("doc-1".into()),
        doctor_name: text("Ada Muster"),
        from: Some(at(1)),
        until: Some(at(2)),
        reason: text("QUEUE_ASSIGNED"),
        open: true,
        not_before: at(1),
        not_after: Some(at(2)),
        began: Some(change_of_doctor()),
        ended: Some(change_of_doctor()),
        shop: text("shop.example.test"),
    }
}

fn prescription_row() -> StoredPrescription {
    StoredPrescription {
        uid: "rx-1".into(),
        connection: "c-1".into(),
        status: text("pending"),
        created_at: Some(at(0)),
        changed_at: at(1),
        doctor_uid: Some("doc-1".into()),
        doctor_name: text("Ada Muster"),
        reason: text("QUEUE_ASSIGNED"),
        reason_kind: Some(ReasonKind::Queue),
        assignments: 1,
        gaps: 2,
        shop: text("shop.example.test"),
        external_order_id: text("EXT-1"),
        external_fulfillment_id: text("F-1"),
        order: (),
        order_name: (),
    }
}

fn doctor_row() -> StoredDoctor {
    StoredDoctor {
        uid: "doc-1".into(),
        name: text("Ada Muster"),
        open: 1,
        taken: 2,
        lost: 3,
        requeued: 4,
        last_at: Some(at(1)),
    }
}

#[test]
fn what_the_folds_store_has_the_shape_its_version_says() {
    let mut shapes = Shapes::default();
    shapes.add("order_fact.data", &order_fact());
    shapes.add("order_fact.data, all absent", &OrderFact::default());
    shapes.add("order_row.view", &order_row());
    shapes.add("order_row.facets", &std::collections::BTreeSet::from([1i64, 2]));
    shapes.add("order_timeline", &timeline());
    shapes.add("stock_fact.data", &Product { pharmacy_uid: Some("ph-1".into()), number: text("0"), name: text("a") });
    shapes.add("stock_row.view", &stock_row());
    shapes.add("assignment_fact.data", &assignment_fact());
    shapes.add("assignment_row.counts", &vec![("taken".to_owned(), "QUEUE_ASSIGNED".to_owned())]);
    shapes.add("assignment_row.view", &assignment());
    shapes.add("prescription_row.view", &prescription_row());
    shapes.add("doctor_row.view", &doctor_row());
    every!(shapes, StatusGroup: New, Waiting, InWork, NeedsAttention, Done, Stopped, Unknown);
    every!(shapes, Stage: Digitized, PrescriptionRejected, Assigned, Accepted, RejectedOrCancelled, Reassigned, Packed,
        ReadyForCollection, WithRider, Delivered, Collected);
    every!(shapes, Finality: Final, MayContinue, Unknown);
    every!(shapes, AmountMeaning: ItemsAfterDiscount, ItemsAtMaximumPrice, ShippingOfOrder, DeliveryCharge,
        EstimateWithDelivery);
    every!(shapes, TimeMeaning: Billed, Paid, RefillReminder);
    every!(shapes, LinkKind: Tracking, Bill, Invoice);
    every!(shapes, Attention: OnHold, CancelledEverywhere, PrescriptionRejected, UnknownStatus, WentBack);
    every!(shapes, StepState: Done, Next, Ahead, Skipped, Unexpected, Ending, NotReached);
    every!(shapes, EntryKind: Created, StatusChanged, HandedOver, Updated, Deleted);
    every!(shapes, Mark: Late, OutOfOrder, SameSecond, Backward, Unexpected, Future, HeaderMismatch, TimeOfReceipt,
        OtherOrder);
    every!(shapes, Trust: Unsigned, Reconciled, Verified);
    every!(shapes, Clock: Event, Published, Received, Prescription);
    every!(shapes, ReasonKind: Person, Order, Queue, Requeued, DoctorRequeued, Stale, OnHold, Other);
    let now = (rebuild::VERSION, shapes.hash());
    assert_eq!(
        now,
        (FOLDED.0, FOLDED.1.to_owned()),
        "a stored shape changed: move VERSION and this hash\n{}",
        shapes.0
    );
}

#[test]
fn what_is_kept_for_good_has_the_shape_it_always_had() {
    let mut shapes = Shapes::default();
    shapes.add("confirmation.view", &confirmation());
    every!(shapes, Agreement: Agrees, Differs, Unclear);
    let settings = ConnectionSettings {
        base_path: "/v1".into(),
        delete: Some(DeleteStrategy::Query),
        test_call: true,
        signature_prefix: true,
        meta_data: "{}".into(),
    };
    shapes.add("connection.settings", &settings);
    every!(shapes, DeleteStrategy: Off, Path, Query, Body);
    let header = |value: &[u8]| offizin_wire::Header::new("x-test", value);
    shapes.add("receipt.headers", &vec![header(b"text"), header(b"\xff")]);
    let problem = Problem { code: Code::OrderUnknown, detail: text("a field"), incident: "i-1".into() };
    shapes.add("relay.problem, rotation.problem", &problem);
    shapes.add("setting rules", &RulesView { rotate_after_days: Some(90) });
    shapes.add("setting stock_rule", &StockThreshold { pieces: Some(5), days: Some(7) });
    shapes.add("setting network", &network::stored_example());
    let view = SavedView { name: "a".into(), filters: [("open".to_owned(), "true".to_owned())].into() };
    let window = Settings {
        language: Language::De,
        theme: Theme::Dark,
        roomy: true,
        first_run_done: true,
        keep_in_tray: true,
        order_views: vec![view],
    };
    shapes.add("setting window", &window);
    assert_eq!(
        shapes.hash(),
        KEPT,
        "a stored shape changed: what is in databases already must still be read; see to that, then move this hash\n{}",
        shapes.0
    );
}
