//! The encrypted database and its key: the key is lost, the database belongs to another key or is newer than the
//! program; and a session without a keyring.

use std::{path::Path, process::Stdio};

use offizin_desk::{Code, Desk, Home, system_clock};
use offizin_journey::{OpenDesk, Sender, ServedRelay, arrivals, desk, keyring_entry, pair, program, pull, try_desk};
use reqwest::StatusCode;
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

async fn start_over(home: &Path) -> OpenDesk {
    Desk::start_over(Home::at(Some(home.to_owned())).unwrap(), system_clock()).await.unwrap().into()
}

fn set_aside(home: &Path) -> usize {
    let names = std::fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("offizin-set-aside-") && name.ends_with(".db")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_is_told_and_the_desk_can_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let relay = ServedRelay::start(&dir.path().join("relay")).await;
    let first = desk(&home).await;
    pair(&first, &relay.invite("Adler").await).await.unwrap();
    let sender = Sender::at(&first, "Portal", None).await;
    assert_eq!(sender.post(b"{}").await, Some(StatusCode::OK));
    pull(&first).await;
    first.close().await;

    keyring_entry(&home, "database-key").delete_credential().unwrap();
    assert_eq!(try_desk(&home).await.err().map(|problem| problem.code), Some(Code::DatabaseKeyLost));
    assert_eq!(
        try_desk(&home).await.err().map(|problem| problem.code),
        Some(Code::DatabaseKeyLost),
        "asking changes nothing"
    );
    let anew = start_over(&home).await;
    assert_eq!(set_aside(&home), 1, "the old file is kept");
    let status = anew.status().await.unwrap();
    assert!(status.relay.is_none() && status.counts.events == 0);
    let code = relay.relay.add_code("Adler", jiff::Timestamp::now()).await.unwrap().expose();
    pair(&anew, &code).await.unwrap();
    let sender = Sender::at(&anew, "Other", None).await;
    assert_eq!(sender.post(b"{}").await, Some(StatusCode::OK));
    assert_eq!(pull(&anew).await.events, 1);
    anew.close().await;
    let again = desk(&home).await;
    assert_eq!(arrivals(&again, None).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_fit_or_a_damaged_file_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    desk(&home).await.close().await;
    let entry = keyring_entry(&home, "database-key");
    let key = entry.get_password().unwrap();
    entry.set_password(&"0".repeat(64)).unwrap();
    assert_eq!(try_desk(&home).await.err().map(|problem| problem.code), Some(Code::DatabaseUnreadable));
    // The program says it in its own words, and in nobody else's.
    let mut command = tokio::process::Command::new(program("offizinctl"));
    let output = command.arg("--home").arg(&home).args(["--json", "status"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let problem: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(problem["code"], "database_unreadable");
    entry.set_password(&key).unwrap();
    desk(&home).await.close().await;

    std::fs::write(home.join("offizin.db"), b"SQLite format 3\0 or so they say").unwrap();
    assert_eq!(try_desk(&home).await.err().map(|problem| problem.code), Some(Code::DatabaseUnreadable));
    start_over(&home).await.close().await;
    assert_eq!(set_aside(&home), 1);
}

/// Makes a database and lets `statement` say that another program made it; answers the bytes of the file.
async fn made_by_another_program(home: &Path, statement: &'static str) -> Vec<u8> {
    desk(home).await.close().await;
    let key = keyring_entry(home, "database-key").get_password().unwrap();
    let options = SqliteConnectOptions::new().filename(home.join("offizin.db")).pragma("key", format!("\"x'{key}'\""));
    let mut connection = options.connect().await.unwrap();
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    std::fs::read(home.join("offizin.db")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let before = made_by_another_program(
        &home,
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         VALUES (999999, 'of a newer program', CURRENT_TIMESTAMP, 1, x'00', 0)",
    )
    .await;
    assert_eq!(try_desk(&home).await.err().map(|problem| problem.code), Some(Code::DatabaseNewer));
    assert_eq!(std::fs::read(home.join("offizin.db")).unwrap(), before, "nothing was changed");
    start_over(&home).await.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_before_the_first_release_is_left_alone_and_can_be_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let before =
        made_by_another_program(&home, "UPDATE _sqlx_migrations SET description = 'begin' WHERE version = 1").await;
    assert_eq!(try_desk(&home).await.err().map(|problem| problem.code), Some(Code::DatabaseOld));
    assert_eq!(std::fs::read(home.join("offizin.db")).unwrap(), before, "nothing was changed");
    start_over(&home).await.close().await;
    let set_aside = std::fs::read_dir(&home).unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        entry
            .file_name()
            .to_str()
            .unwrap()
            .starts_with("offizin-set-aside-")
            .then(|| std::fs::read(entry.path()).unwrap())
    });
    assert!(set_aside.into_iter().any(|bytes| bytes == before), "the old file is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_nothing_opens_and_nothing_is_written_in_clear() {
    let dir = tempfile::tempdir().unwrap();
    for bus in [Some("unix:path=/nonexistent/bus"), None] {
        for words in [&["status"][..], &["diagnose"], &["pair", "-"]] {
            let mut command = tokio::process::Command::new(program("offizinctl"));
            command.arg("--home").arg(dir.path().join("home")).arg("--json").args(words).stdin(Stdio::null());
            command.env_remove("DBUS_SESSION_BUS_ADDRESS").env("XDG_RUNTIME_DIR", dir.path());
            if let Some(bus) = bus {
                command.env("DBUS_SESSION_BUS_ADDRESS", bus);
            }
            let output = command.output().await.unwrap();
            assert_eq!(output.status.code(), Some(1), "{words:?}");
            let problem: serde_json::Value = serde_json::from_slice(&output.stderr).unwrap();
            assert_eq!(problem["code"], "keyring_missing", "{words:?} {bus:?}");
        }
    }
    assert!(!dir.path().join("home/offizin.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_belong_to_nobody_else() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let held = desk(&home).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home), 0o700);
    let mut files = 0;
    for entry in std::fs::read_dir(&home).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 3);
    let bytes = std::fs::read(home.join("offizin.db")).unwrap();
    assert!(!bytes.starts_with(b"SQLite format 3"), "the first page is encrypted too");
    held.close().await;
}
