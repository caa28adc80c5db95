//! The real programs, for tests that kill one or look at what it prints.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};
use url::Url;

/// A program of the house, built beside this test.
pub fn program(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{name} is not built: cargo build -p offizin-relay -p offizin-ctl");
    program
}

/// Runs `offizinctl --json` over this folder, with this on its standard input.
pub async fn ctl<S: AsRef<OsStr>>(home: &Path, input: &str, words: impl IntoIterator<Item = S>) -> Output {
    let mut child = Command::new(program("offizinctl"))
        .arg("--home")
        .arg(home)
        .arg("--json")
        .args(words)
        .env("OFFIZIN_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may be gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

/// `offizin-relay serve` as a process of its own.
pub struct RelayProgram {
    /// Where it is reached; the same after every restart.
    pub url: Url,
    dir: PathBuf,
    port: u16,
    settings: Vec<(&'static str, &'static str)>,
    child: Option<Child>,
}

impl RelayProgram {
    /// Serves a store in this folder; what it logs at `trace` is appended to `relay.log` in it.
    pub async fn start(dir: &Path) -> Self {
        Self::with_settings(dir, &[]).await
    }

    /// As [`RelayProgram::start`], with more of its environment variables.
    pub async fn with_settings(dir: &Path, settings: &[(&'static str, &'static str)]) -> Self {
        std::fs::create_dir_all(dir).unwrap();
        // Outside the range from which the system hands out ports, so that nobody takes it while the relay is down.
        let mut tries = 0;
        loop {
            let port = 20_000 + u16::try_from((std::process::id() + 97 * tries) % 12_000).unwrap();
            tries += 1;
            assert!(tries < 100, "no port is free");
            if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
                continue;
            }
            let url = format!("http://127.0.0.1:{port}").parse().unwrap();
            let mut relay = Self { url, dir: dir.to_owned(), port, settings: settings.to_vec(), child: None };
            relay.serve().await;
            return relay;
        }
    }

    /// Starts it where it is down; returns when it is ready.
    pub async fn serve(&mut self) {
        if self.child.is_some() {
            return;
        }
        let log = File::options().create(true).append(true).open(self.dir.join("relay.log")).unwrap();
        let mut child = self
            .command("serve")
            .args(["--listen", &format!("127.0.0.1:{}", self.port), "--log", "trace"])
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).await.unwrap();
        assert!(ready.contains("listens on"), "{}", std::fs::read_to_string(self.dir.join("relay.log")).unwrap());
        self.child = Some(child);
    }

    /// SIGKILL.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.unwrap();
        }
    }

    /// Makes an inbox; answers its pairing code.
    pub async fn invite(&self, inbox: &str) -> String {
        let mut command = self.command("inbox");
        let output = command.args(["add", inbox, "--json"]).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        answer["pairing_code"].as_str().unwrap().to_owned()
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(program("offizin-relay"));
        command
            .arg(word)
            .env("OFFIZIN_RELAY_STORE", format!("sqlite:{}", self.dir.join("relay.db").display()))
            .env("OFFIZIN_RELAY_PUBLIC_URL", self.url.as_str())
            .envs(self.settings.iter().copied())
            .kill_on_drop(true);
        command
    }
}
