//! The server: routes, probes and an orderly end.
//!
//! Owns which path leads where, and the shutdown: stop accepting, answer what was accepted, wake who waits, close the
//! log. It deliberately logs routes, never paths: a path may hold a token.

use std::{
    convert::Infallible,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, patch, post, put},
};
use http::{StatusCode, header};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Semaphore, watch},
    task::{AbortHandle, JoinHandle, JoinSet},
};

use crate::{
    access,
    addresses::{Addresses, Client},
    app::{App, AppState},
    config::{Config, Limits},
    connections::{Connections, Peer, accept},
    devices,
    disk::Disk,
    inlets, intake,
    limits::{Bucket, Flight},
    log::{Log, LogError},
    metrics::{self, Metrics, Snapshot},
    openapi, outlet, pairing,
    refusal::{Reason, Refused},
    registry::Registry,
    retention, seal,
    tls::{Tls, TlsError},
};

/// Pairing attempts per second, and at once: people paste codes by hand.
const PAIRING_RATE: (u32, u32) = (50, 200);
/// Unknown tokens per second, and at once, before whoever brings one is told to slow down.
const GUESS_RATE: (u32, u32) = (200, 2_000);

/// Every route: method, path, handler. The OpenAPI document is tested against it.
pub(crate) fn routes() -> Vec<(&'static str, &'static str, MethodRouter<AppState>)> {
    vec![
        ("POST", "/in/{token}", post(intake::post)),
        ("POST", "/v1/pair", post(pairing::post)),
        ("GET", "/v1/inbox", get(outlet::inbox)),
        ("GET", "/v1/segments", get(outlet::segments)),
        ("POST", "/v1/ack", post(outlet::ack)),
        ("GET", "/v1/inlets", get(inlets::list)),
        ("PUT", "/v1/inlets/{id}", put(inlets::put)),
        ("DELETE", "/v1/inlets/{id}", delete(inlets::retire)),
        ("GET", "/v1/devices", get(devices::list)),
        ("PATCH", "/v1/devices/{id}", patch(devices::rename)),
        ("DELETE", "/v1/devices/{id}", delete(devices::revoke)),
        ("GET", "/healthz", get(health)),
        ("GET", "/readyz", get(ready)),
        ("GET", "/metrics", get(metrics)),
        ("GET", "/openapi.json", get(openapi::document)),
    ]
}

/// Why a relay cannot begin to serve.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A relay that is ready to serve.
pub struct Serving {
    listener: TcpListener,
    app: AppState,
    log: Arc<Log>,
    registry: Arc<Registry>,
    addresses: Arc<Addresses>,
    tls: Option<Arc<Tls>>,
    drain: watch::Sender<bool>,
    committed: JoinHandle<()>,
    /// What goes on beside serving, until the end.
    beside: Vec<AbortHandle>,
    drain_time: Duration,
}

impl Serving {
    pub(crate) async fn start(config: &Config, log: Arc<Log>, listener: TcpListener) -> Result<Self, StartError> {
        let tls = config.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        log.claim()?;
        let mut limits = config.limits.clone();
        limits.body_bytes = limits.body_bytes.min(Limits::LARGEST_BODY);
        let registry = Registry::load(log.clone(), &limits).await?;
        let metrics = Arc::new(Metrics::default());
        let (queue, committed) = seal::start(log.clone(), registry.clone(), metrics.clone(), config.clock.clone());
        let (drain, draining) = watch::channel(false);
        let disk = Disk::of(config);
        let addresses = Arc::new(Addresses::new(&limits, config.trusted_proxies.clone()));
        let pruning = retention::keep_pruning(
            log.clone(),
            registry.clone(),
            metrics.clone(),
            config.retention,
            config.prune_every,
            config.clock.clone(),
        );
        let mut beside = vec![
            tokio::spawn(pruning).abort_handle(),
            tokio::spawn(registry.clone().keep_up()).abort_handle(),
            tokio::spawn(disk.clone().keep_looking()).abort_handle(),
        ];
        beside.extend(tls.clone().map(|tls| tokio::spawn(tls.keep_fresh()).abort_handle()));
        let now = Instant::now();
        let app = AppState(Arc::new(App {
            registry: registry.clone(),
            log: log.clone(),
            metrics,
            queue,
            total_rate: Bucket::new(limits.total_rate, limits.total_burst, now),
            pairing_rate: Bucket::new(PAIRING_RATE.0, PAIRING_RATE.1, now),
            guess_rate: Bucket::new(GUESS_RATE.0, GUESS_RATE.1, now),
            flight: Flight::new(limits.bytes_in_flight),
            addresses: addresses.clone(),
            disk,
            limits,
            retention: config.retention,
            clock: config.clock.clone(),
            draining,
            probed: Mutex::new(None),
        }));
        let drain_time = config.drain_time;
        Ok(Self { listener, app, log, registry, addresses, tls, drain, committed, beside, drain_time })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Reads the certificate anew whenever it is called; without TLS there is nothing to read.
    pub fn reloader(&self) -> impl Fn() + Send + 'static {
        let tls = self.tls.clone();
        move || {
            if let Some(tls) = &tls {
                tls.reload();
            }
        }
    }

    /// Serves until `shutdown` is done, and some time longer: what was accepted is answered.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, app, log, registry, addresses, tls, drain, committed, beside, drain_time } = self;
        let places = Arc::new(Semaphore::new(app.limits.connections.max(1)));
        let head_time = app.limits.head_time;
        let met_with = Connections { router: router(app), addresses, tls, draining: drain.subscribe(), head_time };
        let mut connections = JoinSet::new();
        {
            let mut shutdown = pin!(shutdown);
            loop {
                let accepted = tokio::select! {
                    biased;
                    () = &mut shutdown => break,
                    accepted = accept(&listener, &places) => accepted,
                };
                while connections.try_join_next().is_some() {}
                if let Some((stream, peer, place)) = accepted {
                    connections.spawn(met_with.clone().serve(stream, peer, place));
                }
            }
        }
        tracing::info!("draining");
        drop(listener);
        drain.send_replace(true);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(drain_time, ended).await.is_err() {
            tracing::warn!(open = connections.len(), "connections were cut off");
            connections.shutdown().await;
        }
        // With the last copy of the router the queue closes; what is in it is still made durable.
        drop(met_with);
        if tokio::time::timeout(drain_time, committed).await.is_err() {
            tracing::error!("the last deliveries could not be committed in time; they were not acknowledged");
        }
        beside.iter().for_each(AbortHandle::abort);
        if let Err(error) = registry.note_seen().await {
            tracing::warn!(%error, "cannot note when devices were seen");
        }
        log.close().await;
        tracing::info!("closed");
    }
}

fn router(app: AppState) -> Router {
    let mut router = Router::new();
    for (_, path, handler) in routes() {
        router = router.route(path, handler);
    }
    router
        .fallback(nothing)
        .method_not_allowed_fallback(async || Refused::method())
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// Nothing is there; whoever keeps asking is told to slow down.
async fn nothing(State(app): State<AppState>, Extension(client): Extension<Client>) -> Refused {
    match app.addresses.guess(client, Instant::now()) {
        Ok(()) => Refused::not_found("there is nothing here"),
        Err(after) => Refused::too_fast(after),
    }
}

/// Around every request: who asks, the wire's version for desks, the count of refusals, one line at debug level.
async fn around(State(app): State<AppState>, mut request: Request, next: Next) -> Result<Response, Infallible> {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Peer(peer)| *peer);
    let client = app.addresses.client(peer, request.headers());
    request.extensions_mut().insert(client);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let desk = route.starts_with("/v1/");
    let method = request.method().clone();
    let started = Instant::now();
    let mut response = match if desk { access::check_version(request.headers()) } else { Ok(()) } {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    if desk {
        access::tell_version(&mut response);
    }
    if let Some(reason) = response.extensions().get::<Reason>() {
        app.metrics.refused(*reason);
    }
    tracing::debug!(%method, route, status = response.status().as_u16(), took = ?started.elapsed(), "answered");
    Ok(response)
}

/// `GET /healthz`: the process is alive.
async fn health() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: a write can be made durable, and the relay is not about to end.
async fn ready(State(app): State<AppState>) -> Result<&'static str, Refused> {
    if app.disk.is_low() {
        return Err(Refused::disk_low());
    }
    if app.is_ready().await { Ok("ready\n") } else { Err(Refused::not_durable()) }
}

/// `GET /metrics`.
async fn metrics(State(app): State<AppState>) -> Response {
    let snapshot = Snapshot {
        kept: app.log.size().await.ok(),
        devices: app.registry.lags(),
        ready: app.is_ready().await,
        addresses: app.addresses.count() as u64,
        disk_free: app.disk.free(),
    };
    let kind = [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)];
    (StatusCode::OK, kind, app.metrics.text(&snapshot)).into_response()
}
