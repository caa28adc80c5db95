//! The server: accepts connections, and can close one in the middle of a request.
//!
//! It has its own accept loop, because to lose an answer it must close the connection on which the request came.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::{self, Wire},
    control,
    provider::Provider,
};

/// How long an answer under way may still take when the sandbox closes.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// Serves until `closing`.
pub(crate) async fn run(listener: TcpListener, provider: Arc<Provider>, closing: CancellationToken) {
    let router = control::routes().fallback(api::api).with_state(provider);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone(), closing.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: they come back as connections end.
                tracing::warn!(%error, "could not accept");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, router: Router, closing: CancellationToken) {
    let cut = CancellationToken::new();
    let service = TowerToHyperService::new(router.layer(Extension(Wire(cut.clone()))));
    let mut served = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    // Whatever way this ends, dropping the connection closes the socket.
    tokio::select! {
        _ = served.as_mut() => {}
        () = cut.cancelled() => {}
        () = closing.cancelled() => {
            served.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(LAST_ANSWERS, served).await;
        }
    }
}
