//! Nothing a provider or a desk sent can be found in the relay's files or logs, nor in a back-up, nor in the files of the
//! NATS servers it stands on: bodies, headers, tokens, codes, keys.

use std::{path::Path, process::Command};

use crate::{
    house::Desk,
    nats::Server,
    programs::{Served, add_inbox_with, program, program_on},
};

fn assert_absent(haystack: &[u8], canaries: &[String], place: &str) {
    for canary in canaries {
        assert!(!haystack.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} in {place}");
    }
}

/// Looks into every file; answers how many bytes there were.
fn search(directory: &Path, canaries: &[String]) -> usize {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes += search(&path, canaries);
            continue;
        }
        // Some come and go while a server is at work.
        let Ok(content) = std::fs::read(&path) else { continue };
        assert_absent(&content, canaries, &path.display().to_string());
        bytes += content.len();
    }
    bytes
}

/// Lets a relay at its most talkative take, refuse and serve what is full of canaries.
async fn plant(program: impl Fn() -> Command) -> (Served, Vec<String>) {
    let served = Served::start_with(program(), &["--log", "trace"]);
    let code = add_inbox_with(program(), "Adler");
    let desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(&code, "Desk").await.status(), 200);
    let inlet = desk.inlet().await;
    let url = format!("http://{}/in/{}", served.address, inlet.token.expose());
    for i in 0..20 {
        let body = format!(r#"{{"patient":"Erika Beispiel-Canary","born":"1990-01-01-canary","n":{i}}}"#);
        let request = desk.client.post(&url).header("X-Webhook-Signature", "signature-canary").body(body);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    // Refusals are where careless logs leak.
    let mistaken = format!("http://{}/in/mistyped-token-canary", served.address);
    assert_eq!(desk.client.post(mistaken).body("refused-canary").send().await.unwrap().status(), 404);
    let broken = desk.client.post(format!("{}/v1/ack", desk.base)).bearer_auth(desk.token.expose());
    assert_eq!(broken.body("{\"cursor\":\"malformed-canary\"}").send().await.unwrap().status(), 400);
    assert_eq!(desk.deliveries().await.len(), 20);

    let mut canaries: Vec<String> = [
        "Erika Beispiel-Canary",
        "1990-01-01-canary",
        "signature-canary",
        "mistyped-token-canary",
        "refused-canary",
        "malformed-canary",
    ]
    .map(Into::into)
    .into();
    let key = desk.identity.to_secret();
    canaries.extend([inlet.token.expose(), desk.token.expose(), code.expose_secret()].map(Into::into));
    canaries.push(secrecy::ExposeSecret::expose_secret(&key).into());
    (served, canaries)
}

fn assert_log_is_clean(log: &str, canaries: &[String]) {
    assert!(log.contains("/in/{token}"), "routes are logged:\n{log}");
    assert_absent(log.as_bytes(), canaries, "the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_words_are_nowhere_on_disk_or_in_a_back_up_or_in_the_log() {
    let home = tempfile::tempdir().unwrap();
    let (served, canaries) = plant(|| program(home.path())).await;
    let copy = home.path().join("copy.db");
    assert!(program(home.path()).args(["backup", "--to"]).arg(&copy).status().unwrap().success());
    for file in ["relay.db", "relay.db-wal", "copy.db"] {
        assert!(home.path().join(file).exists(), "{file}");
    }
    assert!(search(home.path(), &canaries) > 20_000);
    assert_log_is_clean(&served.kill(), &canaries);
    search(home.path(), &canaries);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_words_are_nowhere_in_the_files_of_nats_servers_or_in_the_log() {
    let server = Server::start(None);
    let address = server.store();
    let (served, canaries) = plant(|| program_on(&address)).await;
    assert!(search(server.home(), &canaries) > 5_000, "the server wrote something");
    assert_log_is_clean(&served.kill(), &canaries);
}
