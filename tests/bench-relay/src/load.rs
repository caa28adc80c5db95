//! The load: connections that each post a delivery as soon as the one before is answered, and what they measured. The
//! bodies do not compress, like a PDF in base64, and every request has a new one.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet};
use url::Url;

use crate::outcome::Outcome;

/// Before this, nothing is counted.
const WARM_UP: Duration = Duration::from_millis(700);

/// What was seen; times in milliseconds.
pub(crate) struct Figures {
    pub(crate) rate: f64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    /// Answered with something else than 200.
    pub(crate) refused: usize,
}

impl Figures {
    pub(crate) fn of(mut times: Vec<Duration>, refused: usize, span: Duration) -> Self {
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
        Self { rate: times.len() as f64 / span.as_secs_f64(), p50, p99, p999, refused }
    }
}

/// Posts to one address over so many connections for so long.
pub(crate) async fn load(url: &Url, size: usize, connections: usize, span: Duration) -> Outcome<Figures> {
    let mut noise = vec![0; size + 64 * 1024];
    getrandom::fill(&mut noise).map_err(|error| error.to_string())?;
    let noise = Bytes::from(noise);
    let from = Instant::now() + WARM_UP;
    let mut posting = JoinSet::new();
    for connection in 0..connections {
        posting.spawn(post(url.clone(), noise.clone(), size, connection, from, from + span));
    }
    let (mut times, mut refused) = (Vec::new(), 0);
    while let Some(seen) = posting.join_next().await {
        let (mine, no) = seen??;
        times.extend(mine);
        refused += no;
    }
    Ok(Figures::of(times, refused, span))
}

async fn connect(host: &str, port: u16) -> Outcome<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn post(
    url: Url,
    noise: Bytes,
    size: usize,
    connection: usize,
    from: Instant,
    until: Instant,
) -> Outcome<(Vec<Duration>, usize)> {
    let host = url.host_str().ok_or("no host")?.to_owned();
    let port = url.port_or_known_default().ok_or("no port")?;
    let mut sender = connect(&host, port).await?;
    let (mut times, mut refused) = (Vec::new(), 0);
    let mut at = connection * 97;
    loop {
        let started = Instant::now();
        if started >= until {
            return Ok((times, refused));
        }
        at = (at + 1) % (noise.len() - size);
        let request = Request::post(url.path())
            .header(header::HOST, &host)
            .header("x-webhook-event", "pharmacy_order_updated")
            .header("x-webhook-signature", "c2lnbmF0dXJlLW9mLXRoZS1iZW5jaC1vZi10aGUtdXN1YWwtbGVuZ3Ro")
            .body(Full::new(noise.slice(at..at + size)))?;
        if sender.ready().await.is_err() {
            sender = connect(&host, port).await?;
            continue;
        }
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        if started < from {
            continue;
        }
        if status.is_success() {
            times.push(started.elapsed());
        } else {
            refused += 1;
        }
    }
}
