//! A pharmacy's counter: a relay, a provider, and a desk that is only ever reached through the program.

use std::{
    path::PathBuf,
    process::{Output, Stdio},
};

use jiff::Timestamp;
use offizin_relay::{Config, Relay, Store};
use offizin_sandbox::{DEMO_KEY, Sandbox, Switches};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command};

/// A desk that is paired, connected and subscribed.
pub(crate) struct Counter {
    sandbox: Sandbox,
    dir: tempfile::TempDir,
    /// What `pair` answered.
    pub(crate) paired: Value,
    /// What `connection add` answered.
    pub(crate) connected: Value,
    /// What `subscription register` answered.
    pub(crate) registered: Value,
}

impl Counter {
    pub(crate) async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let relay = Relay::open(Config::new(Store::Sqlite(dir.path().join("relay/relay.db")), url)).await.unwrap();
        let serving = relay.start(listener).await.unwrap();
        tokio::spawn(serving.run(std::future::pending()));
        let code = relay.add_inbox("Adler-Apotheke", Timestamp::now()).await.unwrap().expose();

        let sandbox = Sandbox::start(offizin_sandbox::Config {
            seed: 3,
            orders: 1,
            starts_at: Some(Timestamp::from_second(1_700_000_000).unwrap()),
            switches: Switches { test_after_registration: false, ..Switches::default() },
            ..offizin_sandbox::Config::default()
        })
        .await
        .unwrap();
        let base = sandbox.base_url().to_string();
        let mut counter = Self { sandbox, dir, paired: Value::Null, connected: Value::Null, registered: Value::Null };
        counter.paired = counter.ask_with(&["pair", "-", "--device-name", "Counter"], &code).await;
        let words =
            ["connection", "add", "Adler", "--provider", "rxscale", "--base-url", &base, "--delete-strategy", "query"];
        counter.connected = counter.ask_with(&[&words[..], &["--test-call"]].concat(), DEMO_KEY).await;
        let types = ["pharmacy_order_created", "pharmacy_order_updated", "pharmacy_sku_stock_updated"];
        let words = ["subscription", "register", "--connection", "Adler", "--type"];
        counter.registered = counter.ask(&[&words[..], &types].concat()).await;
        counter
    }

    /// Lets one order live; everything arrives in the order in which it happened.
    pub(crate) async fn live(&self) {
        while !self.sandbox.emit(1).is_empty() {
            self.sandbox.settled().await;
        }
        self.ask(&["sync"]).await;
    }

    /// What the program answers; it must succeed.
    pub(crate) async fn ask(&self, words: &[&str]) -> Value {
        self.ask_with(words, "").await
    }

    /// As [`Counter::ask`], with this on standard input.
    pub(crate) async fn ask_with(&self, words: &[&str], input: &str) -> Value {
        let output = self.run(words, input).await;
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs `offizinctl --json` over this desk.
    pub(crate) async fn run(&self, words: &[&str], input: &str) -> Output {
        let mut child = self.command(words).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may be gone already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        child.wait_with_output().await.unwrap()
    }

    /// As [`Counter::run`], in a session with its bus at this address.
    pub(crate) async fn run_in_session(&self, words: &[&str], bus: &str) -> Output {
        self.command(words).env("DBUS_SESSION_BUS_ADDRESS", bus).stdin(Stdio::null()).output().await.unwrap()
    }

    /// What the program prints for people; it must succeed.
    pub(crate) async fn read(&self, words: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offizinctl"));
        command.args(words).env("OFFIZIN_HOME", self.home()).env_remove("OFFIZIN_LOG").stdin(Stdio::null());
        let output = command.output().await.unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offizinctl"));
        command
            .arg("--json")
            .args(words)
            .env("OFFIZIN_HOME", self.home())
            .env_remove("OFFIZIN_LOG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }
}
