//! Whether the servers keep what they acknowledge: asked at start, through their monitoring endpoints.
//!
//! JetStream by default acknowledges a write that is still in the page cache and flushes every two minutes; a power
//! failure then loses what a relay has promised. `sync_interval: always` flushes first, and `/jsz?config=1` says whether
//! it is set. Deliberately asks each server that was named: the setting is each one's own.

use std::time::Duration;

use async_nats::Client;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use url::Url;

use super::LogError;
use crate::config::Nats;

/// From here on pages can be read in one request, and the setting exists.
const OLDEST: (u64, u64) = (2, 11);
const ANSWER_TIME: Duration = Duration::from_secs(5);
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Jsz {
    config: Option<JszConfig>,
}

#[derive(Deserialize)]
struct JszConfig {
    #[serde(default)]
    sync_always: bool,
}

/// Refuses servers that may lose what they acknowledged, unless the operator accepts that.
pub(super) async fn check(client: &Client, nats: &Nats) -> Result<(), LogError> {
    let version = client.server_info().version;
    if !is_new_enough(&version) {
        return Err(LogError::Unsafe(format!(
            "nats-server {version} is too old; {}.{} is the oldest that will do",
            OLDEST.0, OLDEST.1
        )));
    }
    if nats.accept_unsynced {
        tracing::warn!("the relay was told to accept servers that may lose acknowledged deliveries in a power failure");
        return Ok(());
    }
    for monitor in nats.monitors() {
        let said = tokio::time::timeout(ANSWER_TIME, jsz(&monitor)).await;
        let jsz = said.unwrap_or_else(|_| Err("it does not answer in time".into())).map_err(|why| {
            LogError::Unsafe(format!(
                "whether NATS flushes before it acknowledges cannot be asked at {monitor} ({why}); set http_port at the \
                 server and --nats-monitor here"
            ))
        })?;
        match jsz.config {
            Some(JszConfig { sync_always: true }) => {}
            Some(_) => {
                return Err(LogError::Unsafe(format!(
                    "the server at {monitor} acknowledges before it flushes; set sync_interval: always in its jetstream \
                     block"
                )));
            }
            None => return Err(LogError::Unsafe(format!("the server at {monitor} runs without JetStream"))),
        }
    }
    Ok(())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map_while(|part| part.parse::<u64>().ok());
    (numbers.next(), numbers.next()) >= (Some(OLDEST.0), Some(OLDEST.1))
}

async fn jsz(monitor: &Url) -> Result<Jsz, String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let host = monitor.host_str().ok_or("it has no host")?;
    let port = monitor.port_or_known_default().ok_or("it has no port")?;
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(|e| words(&e))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| words(&e))?;
    let driving = tokio::spawn(connection);
    let path = format!("{}/jsz?config=1", monitor.path().trim_end_matches('/'));
    let request = http::Request::get(path)
        .header(http::header::HOST, host)
        .body(Empty::<bytes::Bytes>::new())
        .map_err(|e| words(&e))?;
    let answer = sender.send_request(request).await.map_err(|e| words(&e))?;
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await.map_err(|e| words(&e))?.to_bytes();
    driving.abort();
    if !status.is_success() {
        return Err(format!("it answers {status}"));
    }
    serde_json::from_slice(&body).map_err(|_| "it is not a NATS monitoring endpoint".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_told_apart() {
        for (version, new_enough) in [
            ("2.9.10", false),
            ("2.10.29", false),
            ("2.11.0", true),
            ("2.15.1", true),
            ("3.0.0-beta", true),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), new_enough, "{version}");
        }
    }
}
