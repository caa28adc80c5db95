//! The program itself: its commands, what they print, and that a serving relay notices what another process did.

use offizin_wire::{PairingCode, RefusalCode};
use serde_json::Value;

use crate::{
    house::{Desk, assert_refused},
    programs::{Served, add_inbox, json, program},
};

#[test]
fn commands_print_what_scripts_count_on() {
    let home = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| program(home.path()).args(words).output().unwrap();
    let public = ["--public-url", "https://relay.test/hooks", "--json"];
    let added = run(&[&["inbox", "add", "Adler"], public.as_slice()].concat());
    assert_eq!(added.status.code(), Some(0));
    let added = json(&added);
    assert!(added["inbox"].is_string());
    let code = PairingCode::parse(added["pairing_code"].as_str().unwrap()).unwrap();
    assert_eq!(code.relay.as_str(), "https://relay.test/hooks");
    let another = json(&run(&[&["inbox", "code", "Adler"], public.as_slice()].concat()));
    assert_eq!(another["inbox"], added["inbox"]);
    assert_ne!(another["pairing_code"], added["pairing_code"]);

    let taken = run(&[&["inbox", "add", "Adler"], public.as_slice()].concat());
    assert_eq!((taken.status.code(), &json(&taken)["code"]), (Some(1), &"name_taken".into()));
    let listed = json(&run(&["inbox", "list", "--json"]));
    assert_eq!(listed["next"], Value::Null);
    assert_eq!((&listed["rows"][0]["name"], &listed["rows"][0]["devices"]), (&"Adler".into(), &0.into()));
    let careless = run(&["inbox", "remove", "Adler", "--json"]);
    assert_eq!((careless.status.code(), &json(&careless)["code"]), (Some(1), &"not_confirmed".into()));
    assert_eq!(run(&["inbox", "remove", "Adler", "--yes"]).status.code(), Some(0));
    let gone = run(&["inbox", "remove", "Adler", "--yes", "--json"]);
    assert_eq!((gone.status.code(), &json(&gone)["code"]), (Some(1), &"name_unknown".into()));
    assert_eq!(json(&run(&["inbox", "list", "--json"]))["rows"], Value::Array(vec![]));

    assert_eq!(run(&["inbox", "add", "Bär"]).status.code(), Some(2), "a code needs a public URL");
    assert_eq!(run(&["inbox", "list", "--store", "redis:x"]).status.code(), Some(2));
    assert_eq!(run(&["serve", "--keep", "soon"]).status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serving_relay_notices_inboxes_made_and_removed_by_another_process() {
    let home = tempfile::tempdir().unwrap();
    let served = Served::start(home.path(), &[]);
    let code = add_inbox(home.path(), "Adler");
    let desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(&code, "Desk").await.status(), 200);
    let inlet = desk.inlet().await;
    inlet.deliver("x").await;
    assert_eq!(desk.bodies().await.len(), 1);

    let second = program(home.path()).args(["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(second.status.code(), Some(1), "one store, one relay");

    assert!(program(home.path()).args(["inbox", "remove", "Adler", "--yes"]).status().unwrap().success());
    assert_refused(inlet.post("x").await, 404, RefusalCode::NotFound).await;
    assert_refused(desk.get("/v1/segments").await, 401, RefusalCode::DeviceUnknown).await;
    #[cfg(unix)]
    assert!(served.terminate().contains("closed"), "an orderly end");
}
