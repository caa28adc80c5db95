//! The program itself: what it prints and how it ends.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{SUBSCRIPTIONS, receiver::Receiver, text};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offizin-sandbox"));
    command.arg("serve").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Its address, from the one line it prints.
fn ready(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("with API key sandbox-organisation"), "{line}");
    line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned()
}

fn ended(child: Child, signal: &str) -> Output {
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_delivers_and_ends_on_a_signal() {
    let receiver = Receiver::start().await;
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--orders",
        "5",
        "--rate",
        "0",
        "--quiet",
        "1.5",
        "--api-key",
        "a-key-of-mine",
        "--switch",
        "test_after_registration=false",
    ];
    for signal in ["-TERM", "-INT"] {
        let mut child = program(&arguments).spawn().unwrap();
        let base = ready(&mut child);
        let before = receiver.got().len();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut secrets = Vec::new();
        for notification_type in ["pharmacy_order_created", "pharmacy_order_updated"] {
            let wish = json!({ "notification_type": notification_type, "target": receiver.target("a") });
            let request =
                client.request(Method::POST, format!("{base}{SUBSCRIPTIONS}")).header("X-API-Key", "a-key-of-mine");
            let (status, made) = crate::answer(request.json(&wish)).await;
            assert_eq!(status, StatusCode::CREATED);
            secrets.push(text(&made["signing_secret"]).to_owned());
        }
        // The first lives begin and end with what these two subscriptions hear.
        let settled = async {
            loop {
                let (_, state) = crate::answer(client.get(format!("{base}_sandbox/state"))).await;
                if state["deliveries"]["delivered"].as_u64() > Some(0) && state["deliveries"]["waiting"] == 0 {
                    break state["deliveries"]["delivered"].as_u64().unwrap();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let delivered = settled.await as usize;
        let got = receiver.got().split_off(before);
        assert!(got.len() >= delivered && got.len() > 5);
        assert!(got.iter().all(|got| secrets.iter().any(|secret| got.verifies(secret))));
        let output = ended(child, signal);
        assert!(output.status.success(), "{output:?}");
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(!log.contains("a-key-of-mine") && secrets.iter().all(|secret| !log.contains(secret.as_str())));
    }
}

#[test]
fn wrong_usage_and_problems_differ() {
    let code = |arguments: &[&str]| program(arguments).output().unwrap().status.code();
    assert_eq!(code(&["--switch", "delete_by=fax"]), Some(2));
    assert_eq!(code(&["--rate", "fast"]), Some(2));
    assert_eq!(code(&["--listen", "0.0.0.0:0"]), Some(1));
    assert_eq!(code(&["--listen", "127.0.0.1:0", "--rate", "0"]), Some(1), "at once and without end");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(code(&["--listen", &address]), Some(1));
}
