//! What is measured: `offizin-relay` as it is installed, with a paired desk that never fetches.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use offizin_wire::{
    DeviceToken, Identity, InletId, InletToken, PairingCode, inlet::InletRequest, pairing::PairRequest,
};
use serde_json::Value;
use url::Url;

use crate::{outcome::Outcome, rivals::Nats};

/// A serving relay; ends with this value.
pub(crate) struct Relay {
    child: Child,
    /// Where deliveries go.
    pub(crate) url: Url,
    _room: tempfile::TempDir,
}

impl Relay {
    pub(crate) async fn on_sqlite() -> Outcome<Self> {
        Self::on_sqlite_with(&["--total-rate", "0"]).await
    }

    pub(crate) async fn on_sqlite_with(limits: &[&str]) -> Outcome<Self> {
        let room = tempfile::tempdir()?;
        let store = format!("sqlite:{}", room.path().join("relay.db").display());
        Self::start(room, &[("OFFIZIN_RELAY_STORE", store)], limits).await
    }

    pub(crate) async fn on_nats(nats: &Nats) -> Outcome<Self> {
        let settings = [("OFFIZIN_RELAY_STORE", nats.store()), ("OFFIZIN_RELAY_NATS_MONITOR", nats.monitor())];
        Self::start(tempfile::tempdir()?, &settings, &["--total-rate", "0"]).await
    }

    async fn start(room: tempfile::TempDir, settings: &[(&str, String)], limits: &[&str]) -> Outcome<Self> {
        // Beside this program, where cargo puts both.
        let program = std::env::current_exe()?.with_file_name("offizin-relay");
        let command = || {
            let mut command = Command::new(&program);
            command.envs(settings.iter().map(|(name, value)| (*name, value)));
            command
        };
        let added =
            command().args(["inbox", "add", "bench", "--public-url", "http://bench.test/", "--json"]).output()?;
        let added: Value = serde_json::from_slice(&added.stdout)?;
        let code = PairingCode::parse(added.get("pairing_code").and_then(Value::as_str).ok_or("no code")?)?;
        let mut child = command()
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log", "error"])
            .args(["--inlet-rate", "0", "--address-rate", "0"])
            .args(limits)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let base: Url =
            format!("http://{}/", ready.get("listen").and_then(Value::as_str).ok_or("no address")?).parse()?;
        let (token, inlet) = (DeviceToken::random()?, InletToken::random()?);
        let client = reqwest::Client::new();
        let request = PairRequest {
            code: code.expose_secret().to_owned(),
            device_name: "bench".to_owned(),
            recipient: Identity::random().recipient(),
            token_hash: token.hash(),
        };
        client.post(base.join("v1/pair")?).json(&request).send().await?.error_for_status()?;
        let put = base.join(&format!("v1/inlets/{}", InletId::random()?.as_str()))?;
        let request = InletRequest { token_hash: inlet.hash() };
        client.put(put).bearer_auth(token.expose()).json(&request).send().await?.error_for_status()?;
        let url = base.join(&format!("in/{}", inlet.expose()))?;
        Ok(Self { child, url, _room: room })
    }

    /// The most memory it ever had resident.
    pub(crate) fn peak_megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse::<u64>().ok());
        kilobytes.unwrap_or(0) / 1000
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
