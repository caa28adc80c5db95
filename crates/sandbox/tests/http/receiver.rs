//! A receiver of webhooks. It keeps what it gets and answers as the test says.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{net::TcpListener, task::JoinHandle};

/// How to answer one delivery.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Status(u16),
    Redirect(String),
    Never,
}

#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether the signature is lower-case hex HMAC-SHA256 of the raw body under the whole secret.
    pub(crate) fn verifies(&self, secret: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(&self.body);
        self.header("x-webhook-signature") == Some(HEXLOWER.encode(&mac.finalize().into_bytes()).as_str())
    }
}

#[derive(Debug, Default)]
struct Kept {
    got: Vec<Got>,
    replies: VecDeque<Reply>,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    kept: Arc<Mutex<Kept>>,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let router = Router::new().fallback(receive).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&kept));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, kept, server }
    }

    /// A target of its own.
    pub(crate) fn target(&self, name: &str) -> String {
        format!("{}/in/{name}", self.url)
    }

    /// The next deliveries get these answers, all others 200.
    pub(crate) fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.kept.lock().unwrap().replies.extend(replies);
    }

    pub(crate) fn got(&self) -> Vec<Got> {
        self.kept.lock().unwrap().got.clone()
    }

    pub(crate) fn got_at(&self, name: &str) -> Vec<Got> {
        self.got().into_iter().filter(|got| got.path == format!("/in/{name}")).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn receive(State(kept): State<Arc<Mutex<Kept>>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let reply = {
        let mut kept = kept.lock().unwrap();
        kept.got.push(Got { path: uri.path().to_owned(), headers, body });
        kept.replies.pop_front().unwrap_or(Reply::Status(200))
    };
    match reply {
        Reply::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Reply::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Reply::Never => std::future::pending().await,
    }
}
