//! Connections: accepting them, TLS where there is no proxy, and how long and how many one may keep open.
//!
//! Owns everything below a request. It deliberately knows no route.

use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use http::Request;
use hyper::{
    body::Incoming,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

use crate::{addresses::Addresses, tls::Tls};

/// The head of a request is read into at most so many bytes. What is kept of it is limited further by intake.
const HEAD_BYTES: usize = 64 * 1024;
/// How long a TLS handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// Who is directly at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What every new connection is met with.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) router: Router,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) draining: watch::Receiver<bool>,
    /// How long the head of a request may take, and how long an unused connection stays open.
    pub(crate) head_time: Duration,
}

/// Waits for a place, then for a connection.
pub(crate) async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Usually "too many open files": trying again at once would only burn the processor.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Done when the relay is about to end.
pub(crate) async fn drained(mut draining: watch::Receiver<bool>) {
    // An error means that the server is gone, which is the same.
    let _ = draining.wait_for(|draining| *draining).await;
}

impl Connections {
    /// Serves one connection to its end.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr, _place: OwnedSemaphorePermit) {
        let peer = peer.ip();
        // Whoever keeps that many open is not told more: every word would cost another connection's time.
        let Some(_open) = self.addresses.connect(peer, Instant::now()) else { return };
        let _ = stream.set_nodelay(true);
        match self.tls.as_ref().map(|tls| tls.acceptor()) {
            None => self.speak(stream, peer).await,
            Some(acceptor) => {
                let shaken = tokio::select! {
                    shaken = tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)) => shaken,
                    () = drained(self.draining.clone()) => return,
                };
                // An error here is the client's.
                let Ok(Ok(stream)) = shaken else { return };
                self.speak(stream, peer).await;
            }
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: IpAddr) {
        let router = TowerToHyperService::new(self.router);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            router.call(request)
        });
        let mut serving = pin!(
            hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.head_time)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service)
        );
        // An error here is the client's: it hung up, was too slow or does not speak HTTP.
        tokio::select! {
            _ = serving.as_mut() => {}
            () = drained(self.draining) => {
                serving.as_mut().graceful_shutdown();
                let _ = serving.await;
            }
        }
    }
}
