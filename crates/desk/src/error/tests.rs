//! What leaves the desk is in the log once, under the number that is shown, and nothing of it quotes what it is about.

use std::{
    fmt::Debug,
    path::Path,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::{Event, Metadata, Subscriber, field::Field, span};

use super::Error;
use crate::{
    home::HomeError,
    keychain::KeychainError,
    problem::{Code, Problem},
    provider::ProviderError,
    refusal::Refusal,
    relay::RelayError,
    store::{StoreError, Stored, Unreadable},
};

/// A value that must be nowhere in a log.
const CANARY: &str = "Kanarienvogel";

/// Everything that was logged, a line each.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = format!("{} ", event.metadata().level());
        event.record(&mut |field: &Field, value: &dyn Debug| line.push_str(&format!("{field}={value:?} ")));
        self.0.lock().unwrap().push(line);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What a failure becomes at the door, and what was logged with it.
fn out(error: Error) -> (Problem, Vec<String>) {
    let log = Log::default();
    let problem = tracing::subscriber::with_default(log.clone(), || Problem::from(error));
    let lines = log.0.lock().unwrap().clone();
    (problem, lines)
}

/// A failure to connect, whose address holds a token.
async fn unreachable() -> reqwest::Error {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    reqwest::get(format!("http://{address}/in/{CANARY}?token={CANARY}")).await.unwrap_err()
}

#[tokio::test]
async fn every_cause_is_in_the_log_once_under_the_number_that_is_shown() {
    let io = || std::io::Error::other("the cable is cut");
    let json = serde_json::from_str::<u32>("\"x\"").unwrap_err();
    let locked = keyring::Error::NoStorageAccess("nobody unlocked it".into());
    let failures: Vec<(Error, Code, &[&str])> = vec![
        (sqlx::Error::Io(io()).into(), Code::Internal, &["error communicating", "the cable is cut"]),
        (
            sqlx::migrate::MigrateError::Execute(sqlx::Error::Io(io())).into(),
            Code::Internal,
            &["while executing", "the cable is cut"],
        ),
        (HomeError::Io(io()).into(), Code::HomeUnusable, &["data folder", "the cable is cut"]),
        (
            StoreError::Unreadable { what: "order row", why: json.into() }.into(),
            Code::Internal,
            &["stored order row is unreadable", "not u32", "line 1 column 3"],
        ),
        (KeychainError::from(locked).into(), Code::KeyringLocked, &["is locked", "nobody unlocked it"]),
        (
            ProviderError::unanswered(unreachable().await).into(),
            Code::ProviderUnreachable,
            &["the provider cannot be reached", "error sending request", "Connection refused"],
        ),
        (
            ProviderError::lost(unreachable().await).into(),
            Code::ProviderAmbiguous,
            &["nobody knows whether it happened", "the answer was lost", "Connection refused"],
        ),
        (Refusal::Input("name").into(), Code::InputInvalid, &["`name`"]),
    ];
    for (error, code, causes) in failures {
        let (problem, lines) = out(error);
        let [line] = lines.as_slice() else { panic!("logged once: {lines:?}") };
        assert_eq!(problem.code, code, "{line}");
        assert_eq!(problem.incident.len(), 8);
        assert!(line.contains(&format!("incident={}", problem.incident)), "{line}");
        assert!(line.contains(&format!("code={code}")), "{line}");
        for cause in causes {
            assert_eq!(line.matches(cause).count(), 1, "{cause}: {line}");
        }
    }
}

#[tokio::test]
async fn nothing_that_is_logged_holds_an_address_or_a_secret() {
    let bytes = || CANARY.as_bytes().to_vec();
    let failures: Vec<Error> = vec![
        ProviderError::unanswered(unreachable().await).into(),
        ProviderError::lost(unreachable().await).into(),
        RelayError::unreachable(unreachable().await).into(),
        KeychainError::from(keyring::Error::BadEncoding(bytes())).into(),
        KeychainError::from(keyring::Error::BadDataFormat(bytes(), CANARY.into())).into(),
        RelayError::NotAnswer(serde_json::from_value::<u32>(json!(CANARY)).unwrap_err().into()).into(),
    ];
    let raw = format!("{:?}", CANARY.as_bytes());
    for error in failures {
        let debug = format!("{error:?}");
        let (problem, lines) = out(error);
        for text in lines.into_iter().chain([debug, format!("{problem:?}")]) {
            assert!(!text.contains(CANARY) && !text.contains(raw.trim_matches(['[', ']'])), "{text}");
        }
    }
}

/// Something like what is stored: every kind of field our own shapes have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is only ever read")]
struct Shape {
    at: Timestamp,
    number: u32,
    flag: bool,
    word: Word,
    list: Vec<u8>,
    inner: Option<Box<Shape>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it is only ever read")]
enum Word {
    Open,
    Closed { since: i64 },
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(CANARY)),
        Just(json!({ CANARY: CANARY })),
        Just(json!([CANARY, 1])),
        Just(json!(format!("a `{CANARY}`, expected {CANARY}"))),
        Just(json!("2026-01-01T00:00:00Z")),
        Just(json!("open")),
        Just(json!({ "closed": { "since": CANARY } })),
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
    ];
    let names = prop::sample::select(vec!["at", "number", "flag", "word", "list", "inner", CANARY]);
    leaf.prop_recursive(3, 32, 7, move |inner| {
        let fields = prop::collection::vec((names.clone(), inner), 0..7);
        fields.prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Value>())
    })
}

proptest! {
    #[test]
    fn why_a_stored_value_does_not_read_back_is_said_without_quoting_it(value in value(), cut in 0usize..400) {
        let text = value.to_string();
        let cut = text.char_indices().map(|(at, _)| at).nth(cut).unwrap_or(text.len());
        for read in [serde_json::from_str::<Shape>(&text), serde_json::from_str(&text[..cut]), serde_json::from_value(value)] {
            let Err(error) = read.stored("order row") else { continue };
            let debug = format!("{error:?}");
            let (problem, lines) = out(error.into());
            prop_assert_eq!((problem.code, problem.detail), (Code::Internal, None));
            prop_assert!(lines[0].contains("stored order row is unreadable: "), "{}", lines[0]);
            prop_assert!(!lines[0].contains(CANARY) && !debug.contains(CANARY), "{} {}", lines[0], debug);
        }
    }
}

#[test]
fn the_reason_why_a_stored_value_does_not_read_back_is_named() {
    let shape = |text: &str| serde_json::from_str::<Shape>(text).map(drop);
    let reasons: Vec<(Result<(), Error>, &str)> = vec![
        (shape("{").stored("x").map_err(Error::from), "EOF while parsing an object at line 1 column 1"),
        (shape("{}").stored("x").map_err(Error::from), "missing field `at` at line 1 column 2"),
        (shape(r#"{"number": "7"}"#).stored("x").map_err(Error::from), "not u32 at line 1 column 14"),
        (shape(r#"{"word": "ajar"}"#).stored("x").map_err(Error::from), "not `open` or `closed` at line 1 column 15"),
        (
            shape(r#"{"at": "yesterday"}"#).stored("x").map_err(Error::from),
            "a value that does not fit at line 1 column 18",
        ),
        (Timestamp::from_millisecond(i64::MAX).map(drop).stored("x").map_err(Error::from), "not in the required range"),
        ("no address".parse::<url::Url>().map(drop).stored("x").map_err(Error::from), "relative URL without a base"),
        (i64::try_from(u64::MAX).map(drop).stored("x").map_err(Error::from), "out of range"),
        (offizin_wire::InletId::try_from(CANARY.to_owned()).map(drop).stored("x").map_err(Error::from), "URL-safe"),
        (None.stored("x").map_err(Error::from), "it is missing or damaged"),
    ];
    for (result, reason) in reasons {
        let (_, lines) = out(result.unwrap_err());
        assert!(lines[0].contains("stored x is unreadable: ") && lines[0].contains(reason), "{reason}: {}", lines[0]);
    }
    let why = Unreadable::from("fixed");
    assert_eq!(why.to_string(), "fixed");
}

#[test]
fn only_a_defect_of_ours_is_logged_as_an_error() {
    let level = |error| out(error).1[0].split(' ').next().unwrap().to_owned();
    assert_eq!(level(Error::Stopped), "ERROR");
    assert_eq!(level(StoreError::KeyLost.into()), "INFO");
    assert_eq!(level(Refusal::NotPaired.into()), "INFO");
}

#[test]
fn two_occurrences_of_one_failure_can_be_told_apart() {
    let incident = || out(Error::Stopped).0.incident;
    assert_ne!(incident(), incident());
}

#[test]
fn a_failure_that_a_shell_found_is_in_the_log_like_any_other() {
    let log = Log::default();
    let problem = tracing::subscriber::with_default(log.clone(), || Problem::found(Code::BrowserMissing, Some("none")));
    assert_eq!((problem.code, problem.detail.as_deref()), (Code::BrowserMissing, Some("none")));
    let lines = log.0.lock().unwrap().clone();
    assert!(lines.len() == 1 && lines[0].contains(&problem.incident), "{lines:?}");
}

#[test]
fn a_cause_that_repeats_the_one_below_it_is_said_once() {
    #[derive(Debug, thiserror::Error)]
    #[error("above: {below}")]
    struct Above {
        #[source]
        below: std::io::Error,
    }
    assert_eq!(super::causes(&Above { below: std::io::Error::other("the cable is cut") }), "above: the cable is cut");
}

/// Where a code may stand: where it is defined, where failures become one, where the record keeps how an act ended.
const OF_CODES: [&str; 5] = ["problem.rs", "error.rs", "audit/mod.rs", "typescript.rs", "store.rs"];

#[test]
fn no_decision_is_taken_on_a_code_that_is_meant_for_a_person() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![src.clone()];
    let mut found = Vec::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let is_test = name.contains("tests");
        if is_test || OF_CODES.contains(&name.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let is_named = |line: &&str| {
            let is_comment = line.trim_start().starts_with("//");
            let starts = line.match_indices("Code::").any(|(at, _)| !line[..at].ends_with(char::is_alphanumeric));
            !is_comment && (starts || line.contains(".code()"))
        };
        found.extend(code.lines().filter(is_named).map(|line| format!("{name}: {}", line.trim())));
    }
    assert!(found.is_empty(), "{found:#?}");
}
