//! Files: deliveries are exported to one and imported again, orders are exported for a spreadsheet, a prescription is
//! handed to another program.

use std::{path::Path, time::Duration};

use offizin_desk::{
    Code, Desk,
    event::{QuarantineReason, Verdict, view::EventListInput},
    orders::view::{OrderExportInput, OrderFormat, OrderListInput},
};
use offizin_journey::{Sender, World, arrivals, pull};
use serde_json::json;

fn body(number: i64, content: &str) -> Vec<u8> {
    json!({ "event_type": "pharmacy_order_updated", "timestamp": 1_760_000_000 + number, "payload_version": "1",
        "data": { "uid": format!("po-{number}"), "status": "in-progress", "name": format!("#{}", 1000 + number),
            "order": { "uid": format!("ord-{number}") }, "patient_data": { "display_name": "Erika Beispiel" },
            "prescription_file": { "filename": "rx.pdf", "content_base64": content } } })
    .to_string()
    .into_bytes()
}

async fn search(desk: &Desk, typed: &str) -> Vec<String> {
    let input = OrderListInput { search: Some(typed.to_owned()), ..OrderListInput::default() };
    let page = desk.order_list(&input).await.unwrap();
    page.rows.into_iter().map(|row| row.name.unwrap()).collect()
}

#[cfg(unix)]
fn is_private(path: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == mode
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_go_out_into_a_file_and_come_in_verified() {
    let first = World::begin().await;
    let sender = Sender::at(&first.desk, "Portal", None).await;
    for number in 0..3 {
        sender.post(&body(number, "JVBERi0=")).await.unwrap();
    }
    sender.post(&body(0, "JVBERi0=")).await.unwrap();
    sender.post_with(&body(9, "JVBERi0="), &["00".repeat(32).as_str()]).await.unwrap();
    pull(&first.desk).await;
    let file = first.dir.path().join("deliveries.jsonl");
    let exported = first.desk.event_export(&file, &EventListInput::default(), |_| {}).await.unwrap();
    assert_eq!(exported.rows, 4);
    assert!(is_private(&file, 0o600));

    // What is here already is left alone.
    let again = first.desk.event_import(&file, None, |_| {}).await.unwrap();
    assert_eq!((again.deliveries, again.known, again.events, again.rejected), (5, 5, 0, 0));

    // Elsewhere nobody knows the address: nothing is believed because it is in a file.
    let second = World::begin().await;
    let stranger = second.desk.event_import(&file, None, |_| {}).await.unwrap();
    assert_eq!((stranger.events, stranger.rejected), (0, 5));
    let rejected = arrivals(&second.desk, Some(Verdict::Rejected)).await;
    assert!(rejected.iter().all(|row| row.imported && row.quarantine == Some(QuarantineReason::InletUnknown)));

    // With the address it was for, each is verified like any other, and says where it came from.
    let third = World::begin().await;
    Sender::at(&third.desk, "Portal", None).await;
    let taken = third.desk.event_import(&file, Some("Portal"), |_| {}).await.unwrap();
    assert_eq!((taken.events, taken.duplicates, taken.rejected, taken.unreadable), (3, 1, 1, 0));
    let accepted = arrivals(&third.desk, Some(Verdict::Accepted)).await;
    assert!(accepted.iter().all(|row| row.imported));
    let verified = third.desk.event_verify(&accepted[0].id).await.unwrap();
    assert!(verified.body_intact && verified.signature_matches);
    assert_eq!(search(&third.desk, "erika 100").await.len(), 3);
    assert!(third.desk.ledger_verify().await.unwrap().projections_match);
    let again = third.desk.event_import(&file, Some("Portal"), |_| {}).await.unwrap();
    assert_eq!((again.events, again.duplicates, again.known), (0, 0, 5));

    // A line that is no delivery is named and skipped; a file of another kind is refused.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("\"received_at\"", "\"received\"", 1)).unwrap();
    let odd = third.desk.event_import(&file, None, |_| {}).await.unwrap();
    assert_eq!((odd.unreadable, odd.first_unreadable), (1, Some(1)));
    std::fs::write(&file, "{}\n").unwrap();
    assert_eq!(third.desk.event_import(&file, None, |_| {}).await.unwrap_err().code, Code::FileForeign);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_written_without_their_patients_unless_somebody_asks() {
    let world = World::begin().await;
    let sender = Sender::at(&world.desk, "Portal", None).await;
    for number in 0..3 {
        sender.post(&body(number, "JVBERi0=")).await.unwrap();
    }
    pull(&world.desk).await;
    let file = world.dir.path().join("orders");
    for format in [OrderFormat::Csv, OrderFormat::Json] {
        for with_patients in [false, true] {
            let input = OrderExportInput { format, with_patients, ..OrderExportInput::default() };
            assert_eq!(world.desk.order_export(&file, &input, |_| {}).await.unwrap().rows, 3);
            let text = std::fs::read_to_string(&file).unwrap();
            assert_eq!((text.contains("Erika Beispiel"), text.contains("#1002")), (with_patients, true), "{text}");
        }
    }
    assert!(is_private(&file, 0o600));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prescription_lies_open_only_for_its_owner_and_only_for_a_while() {
    let world = World::begin().await;
    let sender = Sender::at(&world.desk, "Portal", None).await;
    sender.post(&body(1, "JVBERi0=")).await.unwrap();
    sender.post(&body(2, "no base64")).await.unwrap();
    pull(&world.desk).await;
    let path = world.desk.order_prescription(&"ord-1".into()).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"%PDF-");
    assert!(is_private(&path, 0o600) && is_private(path.parent().unwrap(), 0o700));
    world.desk.clear_away(Duration::from_secs(60)).await.unwrap();
    assert!(path.exists(), "it is still looked at");
    world.desk.clear_away(Duration::ZERO).await.unwrap();
    assert!(!path.exists());
    let missing = world.desk.order_prescription(&"ord-2".into()).await.unwrap_err();
    assert_eq!(missing.code, Code::PrescriptionMissing);
}
