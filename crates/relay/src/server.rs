//! The server: routes, connections, probes and an orderly end.
//!
//! Owns which path leads where, how long a connection may dawdle, and the shutdown: stop accepting, answer what was
//! accepted, wake who waits, close the log. Plain HTTP/1.1; TLS belongs to the proxy in front. It deliberately logs
//! routes, never paths: a path may hold a token.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use http::{StatusCode, header};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinHandle, JoinSet},
};

use crate::{
    access,
    config::{Config, Limits},
    devices, inlets, intake,
    limits::{Bucket, Flight},
    log::{Log, LogError},
    metrics::{Metrics, Snapshot},
    openapi, outlet, pairing,
    refusal::{Reason, Refused},
    registry::Registry,
    retention, seal,
};

/// How long the head of a request may take, and how long an unused connection stays open.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// Pairing attempts per second, and at once: people paste codes by hand.
const PAIRING_RATE: (u32, u32) = (50, 200);
/// A readiness probe writes and flushes; asking more often than this gets the last answer.
const PROBE_AGE: Duration = Duration::from_secs(1);
const PROBE_TIME: Duration = Duration::from_secs(3);

/// Every route: method, path, handler. The OpenAPI document is tested against it.
pub(crate) fn routes() -> Vec<(&'static str, &'static str, MethodRouter<App>)> {
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
        ("DELETE", "/v1/devices/{id}", delete(devices::revoke)),
        ("GET", "/healthz", get(health)),
        ("GET", "/readyz", get(ready)),
        ("GET", "/metrics", get(metrics)),
        ("GET", "/openapi.json", get(openapi::document)),
    ]
}

/// What every handler may use.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    registry: Arc<Registry>,
    log: Arc<dyn Log>,
    metrics: Arc<Metrics>,
    queue: seal::Queue,
    limits: Limits,
    total_rate: Bucket,
    pairing_rate: Bucket,
    flight: Flight,
    draining: watch::Receiver<bool>,
    probed: Mutex<Option<(Instant, bool)>>,
}

impl App {
    pub(crate) fn registry(&self) -> &Arc<Registry> {
        &self.0.registry
    }

    pub(crate) fn log(&self) -> &dyn Log {
        self.0.log.as_ref()
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn queue(&self) -> &seal::Queue {
        &self.0.queue
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn total_rate(&self) -> &Bucket {
        &self.0.total_rate
    }

    pub(crate) fn pairing_rate(&self) -> &Bucket {
        &self.0.pairing_rate
    }

    pub(crate) fn flight(&self) -> &Flight {
        &self.0.flight
    }

    /// Done when the relay is about to end.
    pub(crate) async fn draining(&self) {
        wait_for_drain(self.0.draining.clone()).await;
    }

    /// True if a write can be made durable right now.
    async fn is_ready(&self) -> bool {
        if *self.0.draining.borrow() {
            return false;
        }
        let mut probed = self.0.probed.lock().await;
        if let Some((at, ready)) = *probed
            && at.elapsed() < PROBE_AGE
        {
            return ready;
        }
        let ready = match tokio::time::timeout(PROBE_TIME, self.0.log.probe()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(%error, "not ready");
                false
            }
            Err(_) => {
                tracing::warn!("not ready: the log does not answer");
                false
            }
        };
        *probed = Some((Instant::now(), ready));
        ready
    }
}

async fn wait_for_drain(mut draining: watch::Receiver<bool>) {
    // An error means that the server is gone, which is the same.
    let _ = draining.wait_for(|draining| *draining).await;
}

/// A relay that is ready to serve.
pub struct Serving {
    listener: TcpListener,
    app: App,
    log: Arc<dyn Log>,
    registry: Arc<Registry>,
    drain: watch::Sender<bool>,
    committed: JoinHandle<()>,
    pruning: JoinHandle<()>,
    drain_time: Duration,
}

impl Serving {
    pub(crate) async fn start(config: &Config, log: Arc<dyn Log>, listener: TcpListener) -> Result<Self, LogError> {
        log.claim()?;
        let mut limits = config.limits.clone();
        limits.body_bytes = limits.body_bytes.min(Limits::LARGEST_BODY);
        let registry = Registry::load(log.clone(), &limits).await?;
        let metrics = Arc::new(Metrics::default());
        let (queue, committed) = seal::start(log.clone(), registry.clone(), metrics.clone());
        let (drain, draining) = watch::channel(false);
        let pruning = tokio::spawn(retention::keep_pruning(
            log.clone(),
            registry.clone(),
            metrics.clone(),
            config.retention,
            config.prune_every,
        ));
        let now = Instant::now();
        let app = App(Arc::new(Inner {
            registry: registry.clone(),
            log: log.clone(),
            metrics,
            queue,
            total_rate: Bucket::new(limits.total_rate, limits.total_burst, now),
            pairing_rate: Bucket::new(PAIRING_RATE.0, PAIRING_RATE.1, now),
            flight: Flight::new(limits.bytes_in_flight),
            limits,
            draining,
            probed: Mutex::new(None),
        }));
        let drain_time = config.drain_time;
        Ok(Self { listener, app, log, registry, drain, committed, pruning, drain_time })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` is done, and some time longer: what was accepted is answered.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listener, app, log, registry, drain, committed, pruning, drain_time } = self;
        let places = Arc::new(Semaphore::new(app.limits().connections.max(1)));
        let router = router(app);
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
                if let Some((stream, place)) = accepted {
                    connections.spawn(connection(stream, router.clone(), drain.subscribe(), place));
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
        drop(router);
        if tokio::time::timeout(drain_time, committed).await.is_err() {
            tracing::error!("the last deliveries could not be committed in time; they were not acknowledged");
        }
        pruning.abort();
        if let Err(error) = registry.note_seen().await {
            tracing::warn!(%error, "cannot note when devices were seen");
        }
        log.close().await;
        tracing::info!("closed");
    }
}

async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, place)),
        Err(error) => {
            // Usually "too many open files": trying again at once would only burn the processor.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

async fn connection(stream: TcpStream, router: Router, draining: watch::Receiver<bool>, _place: OwnedSemaphorePermit) {
    let _ = stream.set_nodelay(true);
    let mut serving = pin!(
        hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
    );
    // An error here is the client's: it hung up, was too slow or does not speak HTTP.
    tokio::select! {
        _ = serving.as_mut() => {}
        () = wait_for_drain(draining) => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

fn router(app: App) -> Router {
    let mut router = Router::new();
    for (_, path, handler) in routes() {
        router = router.route(path, handler);
    }
    router
        .fallback(async || Refused::not_found("there is nothing here"))
        .method_not_allowed_fallback(async || Refused::method())
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// Around every request: the wire's version for desks, the count of refusals, one line at debug level.
async fn around(State(app): State<App>, request: Request, next: Next) -> Result<Response, Infallible> {
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
        app.metrics().refused(*reason);
    }
    tracing::debug!(%method, route, status = response.status().as_u16(), took = ?started.elapsed(), "answered");
    Ok(response)
}

/// `GET /healthz`: the process is alive.
async fn health() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: a write can be made durable, and the relay is not about to end.
async fn ready(State(app): State<App>) -> Result<&'static str, Refused> {
    if app.is_ready().await { Ok("ready\n") } else { Err(Refused::not_durable()) }
}

/// `GET /metrics`.
async fn metrics(State(app): State<App>) -> Response {
    let snapshot =
        Snapshot { kept: app.log().size().await.ok(), lags: app.registry().lags(), ready: app.is_ready().await };
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (StatusCode::OK, kind, app.metrics().text(&snapshot)).into_response()
}
