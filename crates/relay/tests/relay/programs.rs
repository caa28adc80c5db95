//! The program, started by tests: with a store of theirs and nothing from their own environment.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread::JoinHandle,
};

use offizin_wire::PairingCode;
use serde_json::Value;

/// The program with a store, and nothing from the tests' own environment.
pub(crate) fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offizin-relay"));
    command.env_clear().env("OFFIZIN_RELAY_STORE", format!("sqlite:{}", home.join("relay.db").display()));
    command
}

/// The program with a store in NATS.
pub(crate) fn program_on(address: &crate::nats::Address) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offizin-relay"));
    command.env_clear().env("OFFIZIN_RELAY_STORE", &address.store).env("OFFIZIN_RELAY_NATS_MONITOR", &address.monitor);
    command
}

/// A serving program; killed when dropped.
pub(crate) struct Served {
    pub(crate) child: Child,
    /// Reads what it logs all the while: a full pipe would bring it to a halt.
    log: Option<JoinHandle<String>>,
    pub(crate) address: std::net::SocketAddr,
}

impl Served {
    pub(crate) fn start(home: &Path, more: &[&str]) -> Self {
        Self::start_with(program(home), more)
    }

    /// This program, with whatever it was given already.
    pub(crate) fn start_with(mut program: Command, more: &[&str]) -> Self {
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            panic!("it does not get ready: {}", log.join().unwrap())
        };
        assert_eq!(ready["ready"], true);
        Self { address: ready["listen"].as_str().unwrap().parse().unwrap(), child, log: Some(log) }
    }

    /// SIGKILL. Answers what it logged.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.log()
    }

    /// SIGTERM. Answers what it logged.
    #[cfg(unix)]
    pub(crate) fn terminate(mut self) -> String {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        let log = self.log();
        assert!(self.child.wait().unwrap().success());
        log
    }

    fn log(&mut self) -> String {
        let text = self.log.take().unwrap().join().unwrap();
        self.child.wait().unwrap();
        text
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn json(output: &Output) -> Value {
    let text = if output.status.success() { &output.stdout } else { &output.stderr };
    serde_json::from_slice(text).unwrap_or_else(|_| panic!("{output:?}"))
}

pub(crate) fn add_inbox(home: &Path, name: &str) -> PairingCode {
    add_inbox_with(program(home), name)
}

/// The same with the program's store, wherever that is.
pub(crate) fn add_inbox_with(mut program: Command, name: &str) -> PairingCode {
    let output = program.args(["inbox", "add", name, "--public-url", "http://relay.test/", "--json"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    PairingCode::parse(json(&output)["pairing_code"].as_str().unwrap()).unwrap()
}
