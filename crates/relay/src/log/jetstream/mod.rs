//! The log in NATS JetStream: for any number of relays on several hosts.
//!
//! One stream per inbox, on file and replicated three times, is its log ([`segments`]); a key-value bucket holds inboxes,
//! devices, inlets and codes, changed by compare-and-swap ([`registry`]). Every write to an inbox's stream is conditional
//! on the stream's last message, which says where the inbox stands ([`Stamp`]); so relays need not know of each other.
//! `Nats-Msg-Id` is not used: it judges by a window of time, and the relay never judges.
//!
//! It deliberately remembers nothing that it would have to trust: what it keeps in memory is a guess, and a wrong one is
//! refused by the server.

mod changes;
mod kv;
mod moving;
mod promise;
mod registry;
mod segments;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_nats::{
    Client, ConnectOptions, Event,
    jetstream::{
        self, Context, ErrorCode,
        stream::{Config as StreamConfig, DiscardPolicy, StorageType},
    },
};
use offizin_wire::InletId;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex as Gate;

use super::{InboxId, LogError};
use crate::config::Nats;

/// How many copies of everything there are, where there are servers enough.
const REPLICAS: usize = 3;
/// How long one request may take. A provider waits five seconds.
const REQUEST_TIME: Duration = Duration::from_secs(4);
/// How often a relay turns to another server at the most.
const TURN_EVERY: Duration = Duration::from_secs(5);
/// Requests under way at once, where many inboxes are asked about.
const AT_ONCE: usize = 16;
/// Room for headers beside a payload.
const HEADER_ROOM: usize = 8 * 1024;

/// Where an inbox stands after a message of its stream. Every message carries one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    /// The highest sequence given out.
    head: u64,
    /// Of the set of devices; see [`super::InboxRecord::version`].
    version: u64,
    /// Segments ever appended.
    count: u64,
    /// Their sealed bytes.
    total: u64,
    /// On its way from or to another store.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    held: bool,
}

/// The last message of a stream.
#[derive(Clone, Copy, Debug)]
struct Tail {
    /// Its number in the stream; 0 where there was none yet.
    last: u64,
    stamp: Stamp,
}

/// One writer at a time and inbox; in it, the tail as it was left.
type Lane = Arc<Gate<Option<Tail>>>;

/// The engine.
#[derive(Clone)]
pub(crate) struct JetStream {
    /// Begins the name of everything of ours at the server.
    name: Arc<str>,
    client: Client,
    context: Context,
    bucket: jetstream::kv::Store,
    replicas: usize,
    part_bytes: usize,
    lanes: Arc<Mutex<HashMap<InboxId, Lane>>>,
    /// There is another server to turn to.
    several: bool,
    /// When this one last turned to another server.
    turned: Arc<Mutex<Option<Instant>>>,
    /// Deliveries not yet added to the inlets' counts.
    counts: Arc<Mutex<HashMap<InboxId, HashMap<InletId, u64>>>>,
}

impl JetStream {
    /// Connects, and sees to it that the servers keep what they acknowledge.
    pub(crate) async fn open(nats: &Nats) -> Result<Self, LogError> {
        let options = ConnectOptions::new()
            .name("offizin-relay")
            .connection_timeout(REQUEST_TIME)
            .request_timeout(Some(REQUEST_TIME))
            .max_reconnects(None)
            .reconnect_delay_callback(|tries| Duration::from_millis((50 * tries as u64).min(500)))
            .event_callback(|event| async move {
                match event {
                    Event::Connected => tracing::info!("connected to NATS"),
                    event => tracing::warn!(%event, "the connection to NATS changed"),
                }
            });
        let options = match &nats.credentials {
            Some(file) => options
                .credentials_file(file)
                .await
                .map_err(|error| LogError::Unavailable(format!("{}: {error}", file.display())))?,
            None => options,
        };
        let client = options.connect(nats.servers.as_slice()).await.map_err(unavailable)?;
        promise::check(&client, nats).await?;
        let mut context = jetstream::new(client.clone());
        context.set_timeout(REQUEST_TIME);
        let bucket_name = format!("{}-relay", nats.name);
        let replicas = bucket(&context, &bucket_name).await?;
        if replicas < REPLICAS {
            tracing::warn!(replicas, "NATS is a single server: everything is kept once");
        }
        let bucket = context.get_key_value(&bucket_name).await.map_err(unavailable)?;
        let part_bytes = client.server_info().max_payload.saturating_sub(HEADER_ROOM).max(HEADER_ROOM);
        Ok(Self {
            name: nats.name.as_str().into(),
            client,
            context,
            bucket,
            replicas,
            part_bytes,
            lanes: Arc::default(),
            several: nats.servers.len() > 1,
            turned: Arc::default(),
            counts: Arc::default(),
        })
    }

    pub(crate) async fn probe(&self) -> Result<(), LogError> {
        // Which words does not matter: written again, they are a new revision, and the answer comes after the flush.
        self.bucket.put("probe", "probe".into()).await.map(|_| ()).map_err(unavailable)
    }

    pub(crate) async fn close(&self) {
        if let Err(error) = self.write_counts().await {
            tracing::warn!(%error, "the last deliveries are not in the inlets' counts");
        }
        let _ = tokio::time::timeout(REQUEST_TIME, self.client.drain()).await;
    }

    fn stream_name(&self, inbox: &InboxId) -> String {
        format!("{}-{}", self.name, inbox.as_str())
    }

    /// Subjects of an inbox: `s.{sequence}` a segment, `p` a part of one, `m` a mark (only a stamp).
    fn subject(&self, inbox: &InboxId, rest: &str) -> String {
        format!("{}.{}.{rest}", self.name, inbox.as_str())
    }

    async fn make_stream(&self, inbox: &InboxId) -> Result<(), LogError> {
        let config = StreamConfig {
            name: self.stream_name(inbox),
            subjects: vec![self.subject(inbox, ">")],
            storage: StorageType::File,
            num_replicas: self.replicas,
            discard: DiscardPolicy::New,
            allow_direct: true,
            deny_delete: true,
            // The shortest there is: nothing is judged by it.
            duplicate_window: Duration::from_millis(100),
            ..StreamConfig::default()
        };
        self.context.create_stream(config).await.map(|_| ()).map_err(unavailable)
    }

    /// A server that is cut off from the others takes connections and answers nothing: tries another one.
    fn look_elsewhere(&self) {
        let mut turned = self.turned.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.several || turned.is_some_and(|at| at.elapsed() < TURN_EVERY) {
            return;
        }
        *turned = Some(Instant::now());
        let client = self.client.clone();
        tokio::spawn(async move {
            let _ = client.force_reconnect().await;
        });
    }

    fn lane(&self, inbox: &InboxId) -> Lane {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).entry(inbox.clone()).or_default().clone()
    }
}

/// Makes the bucket, or finds it. Answers how many copies it has.
async fn bucket(context: &Context, name: &str) -> Result<usize, LogError> {
    let stream = format!("KV_{name}");
    let config = |num_replicas| StreamConfig {
        name: stream.clone(),
        subjects: vec![format!("$KV.{name}.>")],
        storage: StorageType::File,
        num_replicas,
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        allow_rollup: true,
        deny_delete: true,
        // Asked of the leader only: a replica may not know yet who was paired a moment ago.
        allow_direct: false,
        duplicate_window: Duration::from_millis(100),
        ..StreamConfig::default()
    };
    if let Ok(known) = context.get_stream(&stream).await {
        return Ok(known.cached_info().config.num_replicas);
    }
    let made = match context.create_stream(config(REPLICAS)).await {
        Err(error) if is_code(&error, ErrorCode::STREAM_REPLICAS_NOT_SUPPORTED) => {
            context.create_stream(config(1)).await
        }
        made => made,
    };
    match made {
        Ok(stream) => Ok(stream.cached_info().config.num_replicas),
        // Another relay was quicker.
        Err(error) => match context.get_stream(&stream).await {
            Ok(known) => Ok(known.cached_info().config.num_replicas),
            Err(_) => Err(unavailable(error)),
        },
    }
}

/// The server's own error under whatever the client made of it.
fn server_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a jetstream::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<jetstream::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn is_code(error: &jetstream::context::CreateStreamError, code: ErrorCode) -> bool {
    use jetstream::context::CreateStreamErrorKind::JetStream;
    matches!(error.kind(), JetStream(error) if error.error_code() == code)
        || server_error(error).is_some_and(|error| error.error_code() == code)
}

/// Codes of a server that has no room: for the account, on its disk, or in the stream. A stream that could not store names
/// its reason in words only. Ours has no limit but its size, so it is that or the disk.
const FULL: [ErrorCode; 4] = [
    ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
    ErrorCode::INSUFFICIENT_RESOURCES,
    ErrorCode::STORAGE_RESOURCES_EXCEEDED,
    ErrorCode::STREAM_STORE_FAILED,
];

/// The server's code decides; where it gave none, it was not reached. The client's words name subjects and reasons, never
/// content.
fn unavailable(error: impl std::error::Error + 'static) -> LogError {
    match server_error(&error) {
        Some(server) if FULL.contains(&server.error_code()) => LogError::Full,
        _ => LogError::Unavailable(error.to_string()),
    }
}

/// What is stored cannot be what was written.
fn damaged() -> LogError {
    LogError::Unavailable("a stored value is damaged".into())
}

#[cfg(test)]
mod tests {
    use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind, PublishError, PublishErrorKind};

    use super::*;

    /// What a server answers, with words that must not decide anything.
    fn server(code: u64, words: &str) -> jetstream::Error {
        serde_json::from_value(serde_json::json!({ "code": 503, "err_code": code, "description": words })).unwrap()
    }

    fn published(code: u64, words: &str) -> LogError {
        unavailable(PublishError::with_source(PublishErrorKind::Other, server(code, words)))
    }

    #[test]
    fn a_server_without_room_is_told_by_its_code() {
        for code in [10002, 10023, 10047, 10077] {
            assert!(matches!(published(code, "in other words"), LogError::Full), "{code}");
            let created = CreateStreamError::with_source(CreateStreamErrorKind::Response, server(code, ""));
            assert!(matches!(unavailable(created), LogError::Full), "{code} of another request");
        }
    }

    #[test]
    fn words_make_no_server_full() {
        for code in [0, 10008, 10059, 10071, 10074] {
            for words in ["maximum bytes exceeded", "no space left on device"] {
                assert!(matches!(published(code, words), LogError::Unavailable(_)), "{code} {words}");
            }
        }
        for kind in [PublishErrorKind::TimedOut, PublishErrorKind::BrokenPipe, PublishErrorKind::StreamNotFound] {
            let error = PublishError::with_source(kind, std::io::Error::other("no space left on device"));
            assert!(matches!(unavailable(error), LogError::Unavailable(_)), "no server said it");
        }
    }
}
