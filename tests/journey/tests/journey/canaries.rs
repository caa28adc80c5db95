//! Canaries: after a run, nothing of a patient and no secret is in the relay's files, in the desk's files, or in any
//! log, in whatever encoding.

use std::path::Path;

use data_encoding::BASE64;
use offizin_journey::{Finding, RelayProgram, TYPES, ctl, forms, keyring_entry, search};
use offizin_sandbox::{
    AnswerFault, AnswerRule, ApiKey, Call, Config, Faults, Level, MANAGEMENT_PERMISSIONS, Odds, Reach, Sandbox,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

const NAME: &str = "Kanaria Zwitscherling";
const STREET: &str = "Singvogelgasse-Kanarienweg";
const BORN: &str = "1931-02-30";
const EMAIL: &str = "kanaria.zwitscherling@example.test";
const PDF: &[u8] = b"%PDF-1.7 canary: what the doctor signed for Kanaria, twice daily, 4711";
const API_KEY: &str = "canary-api-key-0123456789";

#[test]
fn the_search_finds_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let words = [("name", NAME.as_bytes().to_vec()), ("pdf", PDF.to_vec())];
    let hide = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    hide("empty", b"");
    hide("nothing", b"Kanaria Zwitscherlin");
    let (found, files) = search(&[dir.path()], &words);
    assert_eq!((found, files), (vec![], 2));
    for (i, (_, form)) in forms(NAME.as_bytes()).into_iter().enumerate() {
        hide(&format!("form-{i}"), &[b"before", form.as_slice(), b"after"].concat());
    }
    for before in 0..3 {
        let text = [&b"xyz"[..before], PDF, b"rest"].concat();
        hide(&format!("base64-{before}"), BASE64.encode(&text).as_bytes());
    }
    hide("packed", &[b"front", zstd::bulk::compress(PDF, 3).unwrap().as_slice(), b"behind"].concat());
    let (found, files) = search(&[dir.path()], &words);
    let missed: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !found.iter().any(|finding| finding.file == *path))
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    assert_eq!(missed.len(), 2, "{missed:?}");
    assert_eq!(files, 2 + forms(NAME.as_bytes()).len() + 4);
}

/// What the desk said while it did this; it must have gone well.
async fn done(home: &Path, input: &str, words: &[&str], logs: &mut Vec<u8>) -> Value {
    let output = ctl(home, input, words).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {}", told.lines().next_back().unwrap_or_default());
    logs.extend(output.stderr);
    serde_json::from_slice(output.stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_secret_is_left_lying_about() {
    let dir = tempfile::tempdir().unwrap();
    let (home, public) = (dir.path().join("home"), dir.path().join("relay"));
    let mut keys = offizin_sandbox::presets();
    keys.push(ApiKey::new("canary", API_KEY, Reach::Organisation, MANAGEMENT_PERMISSIONS));
    let sandbox = Sandbox::start(Config { orders: 6, keys, ..Config::default() }).await.unwrap();
    let mut relay = RelayProgram::start(&public).await;
    let code = relay.invite("Adler-Apotheke").await;

    // Every command at its most talkative, the ones that fail too.
    let mut logs = Vec::new();
    done(&home, &code, &["pair", "-"], &mut logs).await;
    let again = ctl(&home, "", ["pair", code.as_str()]).await;
    assert_eq!(again.status.code(), Some(1));
    logs.extend(again.stderr);
    let base = sandbox.base_url().as_str();
    let add =
        ["connection", "add", "Sandbox", "--provider", "rxscale", "--base-url", base, "--delete-strategy", "query"];
    done(&home, API_KEY, &add, &mut logs).await;
    done(&home, "", &["connection", "check", "Sandbox"], &mut logs).await;
    let mut register = vec!["subscription", "register", "--connection", "Sandbox", "--type"];
    register.extend(TYPES);
    let made = done(&home, "", &register, &mut logs).await;
    let inlet = done(&home, "", &["inlet", "add", "Portal", "--source", "rxscale"], &mut logs).await;
    // Old secrets and new ones, and an answer that holds one and is lost.
    let secrets = |sandbox: &Sandbox| -> Vec<Vec<u8>> {
        let of = |uid: &str| sandbox.secret(uid).unwrap().expose_secret().as_bytes().to_vec();
        sandbox.subscriptions().iter().map(|theirs| of(&theirs.uid)).collect()
    };
    let mut signing = secrets(&sandbox);
    let mut rotate = vec!["subscription", "rotate"];
    let ids: Vec<String> =
        made["rows"].as_array().unwrap().iter().map(|row| row["subscription"]["id"].as_str().unwrap().into()).collect();
    rotate.extend(ids.iter().map(String::as_str).take(2));
    done(&home, "", &rotate, &mut logs).await;
    signing.extend(secrets(&sandbox));
    let lost = AnswerRule { on: Call::Create, fault: AnswerFault::Lost, odds: Odds::next(1) };
    sandbox.set_faults(Faults { answers: vec![lost], ..Faults::default() });
    logs.extend(ctl(&home, "", ["subscription", "rotate", ids[2].as_str()]).await.stderr);
    signing.extend(secrets(&sandbox));
    sandbox.set_faults(Faults::default());
    done(&home, "canary-secret-of-the-portal", &["inlet", "secret", "Portal"], &mut logs).await;

    let events = sandbox.emit_all();
    let template = events.iter().find(|event| event.status().is_some()).unwrap().body(Level::Management);
    let mut canary: Value = serde_json::from_slice(&template).unwrap();
    let person =
        json!({ "first_name": "Kanaria", "last_name": "Zwitscherling", "street": STREET, "house_number": "1" });
    canary["data"]["uid"] = json!("po-canary");
    canary["data"]["order"]["uid"] = json!("ord-canary");
    canary["data"]["patient_data"] = json!({ "display_name": NAME, "date_of_birth": BORN, "email": EMAIL });
    canary["data"]["order"]["delivery_address"] = person.clone();
    canary["data"]["order"]["invoice_address"] = person;
    canary["data"]["prescription_file"] = json!({ "filename": "rx.pdf", "content_base64": BASE64.encode(PDF) });
    for n in 0..20 {
        canary["data"]["updated_at"] = json!(1_790_000_000 + n);
        canary["timestamp"] = json!(1_790_000_000 + n);
        assert_eq!(sandbox.send("pharmacy_order_updated", canary.to_string()), 1);
    }
    // Not only what is understood: broken JSON and a delivery nobody signed hold people too.
    sandbox.send("pharmacy_order_updated", format!("{{\"patient\": \"{NAME}\", {BORN}"));
    let unsigned = reqwest::Client::new().post(inlet["url"].as_str().unwrap()).body(format!("{NAME} {BORN}"));
    assert_eq!(unsigned.send().await.unwrap().status(), 200);
    sandbox.settled().await;
    let pulled = done(&home, "", &["sync"], &mut logs).await;
    assert_eq!(pulled["rejected"], 1);
    let uid = "po-canary";
    let patient = done(&home, "", &["order", "patient", uid, "--reveal"], &mut logs).await;
    assert_eq!(patient["name"], NAME, "the desk does know");
    for words in [
        &["order", "list", "--search", "Zwitscherling"][..],
        &["order", "timeline", uid],
        &["event", "list"],
        &["ledger", "verify"],
        &["ledger", "rebuild"],
        &["subscription", "list"],
        &["rotation", "list"],
        &["audit"],
        &["network", "get"],
        &["status"],
        &["diagnose"],
    ] {
        done(&home, "", words, &mut logs).await;
    }
    // Neither is closed in peace: the write-ahead logs stay behind.
    relay.kill().await;
    let unreachable = ctl(&home, "", ["sync"]).await;
    assert_eq!(unreachable.status.code(), Some(1));
    logs.extend(unreachable.stderr);
    let held = offizin_journey::desk(&home).await;
    held.settings_set(&offizin_desk::status::Settings { roomy: true, ..Default::default() }).await.unwrap();
    let log = dir.path().join("ctl.log");
    assert!(logs.len() > 10_000, "the desk was silent");
    std::fs::write(&log, &logs).unwrap();

    let in_keyring = |what: &str| keyring_entry(&home, what).get_password().unwrap().into_bytes();
    let mut words = vec![
        ("patient", NAME.as_bytes().to_vec()),
        ("surname", b"Zwitscherling".to_vec()),
        ("street", STREET.as_bytes().to_vec()),
        ("birth date", BORN.as_bytes().to_vec()),
        ("e-mail", EMAIL.as_bytes().to_vec()),
        ("prescription", PDF.to_vec()),
        ("prescription in base64", BASE64.encode(PDF).into_bytes()),
        ("API key", API_KEY.as_bytes().to_vec()),
        ("pasted secret", b"canary-secret-of-the-portal".to_vec()),
        ("device token", in_keyring("relay/device-token")),
        ("private key", in_keyring("relay/identity")),
        ("database key", in_keyring("database-key")),
        ("pairing code", code.clone().into_bytes()),
        ("pairing secret", offizin_wire::PairingCode::parse(&code).unwrap().expose_secret().as_bytes().to_vec()),
        ("inlet token", inlet["url"].as_str().unwrap().rsplit('/').next().unwrap().as_bytes().to_vec()),
    ];
    assert!(signing.len() > 6);
    words.extend(signing.into_iter().map(|secret| ("signing secret", secret)));
    let raw: Vec<u8> = data_encoding::HEXLOWER.decode(&in_keyring("database-key")).unwrap();
    words.push(("database key, raw", raw));

    for file in ["offizin.db", "offizin.db-wal", "offizin.db-shm", "home.id", "lock"] {
        assert!(home.join(file).exists(), "{file}");
    }
    assert!(public.join("relay.db-wal").exists() && public.join("relay.log").exists());
    let (found, files) = search(&[&home, &public, &log], &words);
    // A search for the patient's surname is what somebody typed, not what the desk tells.
    assert_eq!(found, Vec::<Finding>::new());
    assert!(files >= 9, "{files}");
    held.close().await;
}
