//! What the decoder promises: the ten documented shapes with their drift, and everything else survived. All people are invented.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::orders::{
    fact::OrderFact,
    words::{AmountMeaning, Finality, LinkKind, Stage, StatusGroup, TimeMeaning},
};

fn fact(body: &Value) -> OrderFact {
    let event = decode(body.to_string().as_bytes());
    assert_eq!(event.unrecognised, None);
    match event.subject {
        Some(Subject::Order(fact)) => *fact,
        other => panic!("{other:?}"),
    }
}

/// What most of the events have in common, as the documents show it.
fn order(nature: &str, status: &str) -> Value {
    json!({
        "transaction_nature": nature, "draft_order_id": "P+ar/ent0000000000000A==", "transaction_type": "sales",
        "partner_order_id": "00011223", "id": "c+hi/ld00000000000000A==", "order_number": "TESTORDER1",
        "order_status": status, "delivery_type": "delivery", "reference_number": 0, "bill_no": 0,
        "bill_date": "2025-11-14 15:44:46", "payment_mode": "Cash", "payment_date": "1900-01-01 12:00:00",
        "total": 31, "amount": 34.18, "draft_order_shipping_charge": 50, "reject_reason": "",
        "chemist_id": "chem1==", "chemist_code": "T00ST", "patient_id": "pat1==", "patient_name": "Asha Example ",
        "mobile": "9000000000", "billing_for": "Asha Example", "billing_for_mobile": "9000000000",
        "doctor_name": "Dr. Test", "remark": "", "direct_payment_url": "", "order_by": "",
        "delivery_person_name": "", "delivery_person_mobile": "", "tracking_url": "",
        "bill-pdf-url": "https://bill.example.in/evital/invoice/abc/print/",
        "items": [item()], "order_custom_fields": {}, "patient_custom_fields": {}
    })
}

/// Shape A.
fn item() -> Value {
    json!({
        "price": 30.74, "directions": "0-0-0-0", "quantity": 15, "mrp": 34.18, "discount": 4.280000000000001,
        "expiry": "01/00", "amount": 30.74, "size": 15, "medicine_name": "Testmedicine 500", "pack_size": "15 Tablets",
        "image": "https://pictures.example.in/x.png", "medicine_id": "P+ar/ent0000000000000A==", "partner_medicine_id": "00042",
        "price_to_retailer": 21.5, "margin": 9.24, "b2c_margin": 3, "landing_price": 22, "base_price": 20,
        "batch_discount": null, "expiry_return": "1900-01-01"
    })
}

fn set(body: &mut Value, changes: Value) {
    for (name, value) in changes.as_object().unwrap() {
        body[name.as_str()] = value.clone();
    }
}

fn amount(fact: &OrderFact, meaning: AmountMeaning) -> Option<&str> {
    fact.amounts.get(&meaning).map(|money| money.amount.as_str())
}

#[test]
fn an_accepted_order_finds_its_places() {
    let fact = fact(&order("accept", "accepted"));
    assert_eq!(fact.parent.as_ref().unwrap().as_str(), "P+ar/ent0000000000000A==");
    assert_eq!(fact.lane.as_ref().unwrap().as_str(), "c+hi/ld00000000000000A==");
    let status = fact.status.as_ref().unwrap();
    assert_eq!(
        (status.word.as_str(), status.group, fact.meaning.stage),
        ("accept", StatusGroup::InWork, Some(Stage::Accepted))
    );
    assert_eq!((fact.name.as_deref(), fact.reason.as_deref()), (Some("TESTORDER1"), None));
    assert_eq!(fact.fulfilment.as_ref().unwrap().shop_order_external_id.as_deref(), Some("00011223"));
    assert_eq!(fact.pharmacy_name(), Some("T00ST"));
    assert_eq!(fact.patient.as_ref().unwrap().name.as_deref(), Some("Asha Example"));
    assert_eq!(amount(&fact, AmountMeaning::ItemsAfterDiscount), Some("31"));
    assert_eq!(amount(&fact, AmountMeaning::ItemsAtMaximumPrice), Some("34.18"));
    assert_eq!(amount(&fact, AmountMeaning::ShippingOfOrder), Some("50"));
    let total = fact.total.as_ref().unwrap();
    assert_eq!((total.currency.as_str(), total.assumed), ("INR", true));
    let reported: Vec<_> = fact.reported.iter().map(|(meaning, text)| (*meaning, text.as_str())).collect();
    assert_eq!(reported, [(TimeMeaning::Billed, "2025-11-14 15:44:46")], "an unset payment date is none");
    assert_eq!(fact.reported_zone.as_deref(), Some("Asia/Kolkata"));
    assert_eq!(fact.links.keys().collect::<Vec<_>>(), [&LinkKind::Bill]);
    assert_eq!((fact.courier.is_some(), fact.pin.is_some()), (false, false));
    assert_eq!(fact.plain["order_status"], "accepted");
    let item = &fact.items[0];
    let unit = item.unit.clone().unwrap();
    assert_eq!(
        (item.amount, unit.word.as_deref(), unit.pack.as_deref()),
        (Some(15), Some("units"), Some("15 Tablets"))
    );
    assert_eq!((item.number.as_deref(), item.total.as_ref().unwrap().amount.as_str()), (Some("00042"), "30.74"));
}

#[test]
fn what_the_pharmacy_earns_and_pictures_are_nowhere_in_a_fact() {
    let stored = serde_json::to_string(&fact(&order("delivered", "completed"))).unwrap();
    for kept_out in ["margin", "21.5", "9.24", "landing", "base_price", "pictures.example"] {
        assert!(!stored.contains(kept_out), "{kept_out}");
    }
    assert!(stored.contains("4.280000000000001"), "what is harmless and unknown is kept as it was written");
}

#[test]
fn every_drifting_type_is_read() {
    let mut body = order("order_assigned", "Pending");
    set(
        &mut body,
        json!({
            "bill_no": "", "total": "31.00", "amount": "34.18", "delivery_pin": "0498", "patient_latitude": "23.0000",
            "patient_longitude": 72.5, "is_final_rejection": false, "items": [{
                "medicine_name": "Testmedicine", "quantity": "15", "size": "15", "loose_quantity": 15, "packing_size": "15 tab",
                "price": "30.74", "amount": null, "expiry": "2027-01-31" }, "no item", null]
        }),
    );
    let fact = fact(&body);
    assert_eq!(fact.pin.as_ref().unwrap().0, "0498");
    assert_eq!(amount(&fact, AmountMeaning::ItemsAfterDiscount), Some("31.00"));
    assert_eq!((fact.items.len(), fact.items[0].amount), (1, Some(15)));
    assert_eq!(fact.items[0].unit.clone().unwrap().loose, Some(15));
    assert_eq!(fact.meaning.finality, None, "only a rejection has a finality");
    assert_eq!(fact.plain["is_final_rejection"], false);
    let mut number = order("shipped", "shipped");
    set(
        &mut number,
        json!({ "delivery_pin": 1234, "bill_no": 396, "id": 77, "order_number": null, "items": null, "total": [] }),
    );
    let fact = self::fact(&number);
    assert_eq!((fact.pin.as_ref().unwrap().0.as_str(), fact.lane.as_ref().unwrap().as_str()), ("1234", "77"));
    assert_eq!((fact.plain["bill_no"].as_str(), fact.name, fact.items.len()), (Some("396"), None, 0));
    let shipped = json!({ "transaction_nature": " Shipped ", "draft_order_id": "p", "delivery_type": "PickUp" });
    assert_eq!(self::fact(&shipped).meaning.stage, Some(Stage::ReadyForCollection));
}

#[test]
fn a_shipped_order_tells_store_links_and_code() {
    let mut body = order("shipped", "shipped");
    set(
        &mut body,
        json!({
            "delivery_pin": "0498", "tracking_url": "https://track.example.in/v1/fulfillment/apis/track/abc",
            "invoice_pdf": "", "chemist_details": { "chemist_id": "other==", "pharmacy_name": "Test Pharmacy",
                "pharmacist_name": "Invented", "latitude": "23.0", "store_timings": { "fullday_working": "yes",
                    "timings": [{ "id": 1, "day_of_week": "monday" }, { "id": 2, "day_of_week": "monday" }] } }
        }),
    );
    let fact = fact(&body);
    assert_eq!(fact.pharmacy_name(), Some("Test Pharmacy"));
    assert_eq!(fact.pharmacy.as_ref().unwrap().uid.as_ref().unwrap().as_str(), "chem1==");
    assert_eq!(fact.links.keys().copied().collect::<Vec<_>>(), [LinkKind::Tracking, LinkKind::Bill]);
    assert_eq!(fact.meaning.stage, Some(Stage::Packed));
    assert_eq!(fact.other["chemist_details.store_timings.timings[1].day_of_week"], "monday");
    assert!(!format!("{fact:?}{:?}", fact.pin).contains("0498"), "a code never prints");
    assert!(!serde_json::to_string(&fact.other).unwrap().contains("0498"), "a code is nowhere but in its place");
}

#[test]
fn the_small_ones_speak_of_what_they_name() {
    let digitized = fact(&json!({
        "transaction_nature": "digitization_completed", "transaction_type": "draft_order", "draft_order_id": "p==",
        "order_number": "PARENTNO01", "order_status": "assigned", "delivery_type": "delivery", "is_final_rejection": false,
        "estimate_amount": "81", "delivery_charge": 50, "payment_date": "",
        "item_details": [{ "medicine_id": "m==", "medicine_name": "Testmedicine", "quantity": 2, "issued_quantity": 2,
            "mrp": 34.18, "price": 30.74, "discounted_precentage": 10, "pack_size": 15, "itemRemark": "" }]
    }));
    assert_eq!((digitized.lane, digitized.status.unwrap().group), (None, StatusGroup::Waiting));
    let unit = digitized.items[0].unit.clone().unwrap();
    assert_eq!((unit.word.as_deref(), unit.pack.as_deref()), (Some("packs"), Some("15")));
    assert_eq!(digitized.amounts[&AmountMeaning::EstimateWithDelivery].amount, "81");
    assert_eq!(digitized.total, None);

    let rejected = fact(&json!({ "transaction_nature": "digitization_rejected", "draft_order_id": "p==",
        "reject_slug": "patient_test_order", "reject_reason": "Patient placed testing order.", "partner_order_id": "" }));
    assert_eq!(rejected.reason.as_deref(), Some("Patient placed testing order."));
    assert_eq!((rejected.status.unwrap().group, rejected.fulfilment), (StatusGroup::Stopped, None));
    assert_eq!(rejected.plain["reject_slug"], "patient_test_order");

    let moved = fact(&json!({ "transaction_nature": "reassign", "draft_order_id": "p==", "rejected_order_id": "old==",
        "new_order_ids": ["new1==", "new2==", "old=="] }));
    assert_eq!(moved.lane.unwrap().as_str(), "old==");
    assert_eq!(moved.successors.iter().map(|lane| lane.as_str()).collect::<Vec<_>>(), ["new1==", "new2=="]);
}

#[test]
fn a_rejection_is_final_only_where_a_boolean_says_so() {
    for (flag, expected) in [
        (json!(true), Finality::Final),
        (json!(false), Finality::MayContinue),
        (json!("true"), Finality::Unknown),
        (json!(null), Finality::Unknown),
    ] {
        let mut body = order("reject", "rejected");
        set(&mut body, json!({ "is_final_rejection": flag, "reject_reason": "Other" }));
        let fact = fact(&body);
        assert_eq!((fact.meaning.finality, fact.reason.as_deref()), (Some(expected), Some("Other")));
    }
}

#[test]
fn a_split_and_the_general_ones_move_nothing_and_link_nothing() {
    let mut split = order("split", "Cancelled");
    set(
        &mut split,
        json!({ "delivery_type": "pickup", "bill_no": "", "items": [{ "medicine_name": "Testmedicine",
        "quantity": 10, "size": 10, "loose_quantity": 100, "amount": 385.5, "discount": 4.28 }] }),
    );
    let split = fact(&split);
    assert_eq!((&split.status, split.successors.len(), split.meaning.stage), (&None, 0, None));
    let unit = split.items[0].unit.clone().unwrap();
    assert_eq!((split.items[0].amount, unit.word.as_deref(), unit.loose), (Some(10), Some("packs"), Some(100)));
    for nature in ["draft_save", "draft_edit", "save", "edit"] {
        assert_eq!(fact(&json!({ "transaction_nature": nature, "id": "c==" })).status, None, "{nature}");
    }
    let medicine = decode(br#"{"medicine_id":"new==","old_medicine_id":"old=="}"#);
    assert_eq!(
        (medicine.event_type.as_deref(), medicine.subject, medicine.unrecognised),
        (Some("medicine"), None, None)
    );
}

#[test]
fn what_cannot_be_placed_is_named() {
    let reason = |body: &[u8]| decode(body).unrecognised;
    assert_eq!(reason(b"not json"), Some(Unrecognised::NotJson));
    assert_eq!(reason(b"{\"a\":\"\xff\"}"), Some(Unrecognised::NotUtf8));
    assert_eq!(reason(b"[1]"), Some(Unrecognised::NotAnEvent));
    assert_eq!(reason(b"{\"draft_order_id\":\"p\"}"), Some(Unrecognised::NotAnEvent));
    assert_eq!(reason(b"{\"transaction_nature\":\"teleported\",\"id\":\"c\"}"), Some(Unrecognised::UnknownType));
    assert_eq!(reason(b"{\"transaction_nature\":\"accept\"}"), Some(Unrecognised::FieldMissing));
    assert_eq!(
        reason(b"{\"transaction_nature\":\"accept\",\"id\":\"\",\"draft_order_id\":null}"),
        Some(Unrecognised::FieldMissing)
    );
    let marked = ["\u{feff}".as_bytes(), br#"{"transaction_nature":"accept","id":"c"}"#].concat();
    assert_eq!(reason(&marked), None);
    assert!(reason("[".repeat(100_000).as_bytes()).is_some());
    let deep =
        format!(r#"{{"transaction_nature":"accept","id":"c","deep":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(reason(deep.as_bytes()), None, "what nests too deep is left to the journal");
}

#[test]
fn a_code_of_another_shape_is_in_no_further_field() {
    let mut body = order("shipped", "Shipped");
    body["delivery_pin"] = json!({ "code": "0498" });
    assert!(!serde_json::to_string(&fact(&body)).unwrap().contains("0498"));
}

#[test]
fn what_a_person_reads_has_neither_margins_nor_the_code() {
    let mut body = order("shipped", "Shipped");
    body["delivery_pin"] = json!("0498");
    let text = readable(format!("\u{feff}{body}").as_bytes()).unwrap().to_string();
    assert!(text.contains("Asha Example") && text.contains("medicine_name"));
    for never in ["margin", "landing", "price_to_retailer", "base_price", "0498"] {
        assert!(!text.contains(never), "{never}");
    }
    assert_eq!(readable(b"[1]"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn any_field_of_any_shape_is_survived(nature in prop::sample::select(vec![
        "accept", "reject", "reassign", "shipped", "order_picked_up", "delivered", "split", "order_assigned",
        "digitization_completed", "digitization_rejected", "save", "Unheard",
    ]), changes in proptest::collection::vec((prop::sample::select(vec![
        "transaction_nature", "draft_order_id", "id", "items", "item_details", "rejected_order_id", "new_order_ids", "total",
        "chemist_details", "delivery_pin", "is_final_rejection", "bill_date", "delivery_type", "tracking_url", "new",
    ]), prop::sample::select(vec![
        json!(null), json!(true), json!(-1), json!(1e300), json!(9_223_372_036_854_775_807_i64), json!(""), json!("x"),
        json!([]), json!({}), json!([[["deep"]]]), json!([{ "quantity": {} }]), json!({ "pharmacy_name": [] }),
    ])), 0..5)) {
        let mut body = order(nature, "any");
        for (name, value) in changes {
            body[name] = value;
        }
        let event = decode(body.to_string().as_bytes());
        prop_assert_eq!(event.subject.is_none(), event.unrecognised.is_some());
        if let Some(Subject::Order(fact)) = event.subject {
            let stored = serde_json::to_string(&fact).unwrap();
            let mut read: OrderFact = serde_json::from_str(&stored).unwrap();
            (read.lane, read.parent) = (fact.lane.clone(), fact.parent.clone());
            prop_assert!(read == *fact, "a stored fact is read back as it was");
        }
    }
}
