//! Nothing a provider or a desk sent can be found in the relay's files or logs: bodies, headers, tokens, codes, keys.

use std::path::Path;

use crate::{
    house::Desk,
    programs::{Served, add_inbox},
};

fn assert_absent(haystack: &[u8], canaries: &[&str], place: &str) {
    for canary in canaries {
        assert!(!haystack.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} in {place}");
    }
}

fn search(directory: &Path, canaries: &[&str]) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += search(&path, canaries);
        } else {
            assert_absent(&std::fs::read(&path).unwrap(), canaries, &path.display().to_string());
            files += 1;
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_words_are_nowhere_on_disk_or_in_the_log() {
    let home = tempfile::tempdir().unwrap();
    let served = Served::start(home.path(), &["--log", "trace"]);
    let code = add_inbox(home.path(), "Adler");
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

    let key = desk.identity.to_secret();
    let canaries = [
        "Erika Beispiel-Canary",
        "1990-01-01-canary",
        "signature-canary",
        "mistyped-token-canary",
        "refused-canary",
        "malformed-canary",
        inlet.token.expose(),
        desk.token.expose(),
        code.expose_secret(),
        secrecy::ExposeSecret::expose_secret(&key),
    ];
    assert!(search(home.path(), &canaries) >= 3, "the store with its write-ahead log");
    let log = served.kill();
    assert!(log.contains("/in/{token}"), "routes are logged:\n{log}");
    assert_absent(log.as_bytes(), &canaries, "the log");
    search(home.path(), &canaries);
}
