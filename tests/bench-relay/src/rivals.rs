//! What the relay is compared with: a handler that does nothing, and other programs that receive and store something.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use async_nats::jetstream;
use axum::{Router, http::StatusCode, routing::post};
use bytes::Bytes;
use futures_util::future::join_all;
use url::Url;

use crate::{load::Figures, outcome::Outcome};

/// A handler that throws the body away, in a process of its own.
pub(crate) struct Empty {
    child: Child,
    pub(crate) url: Url,
}

/// What `Empty` runs.
pub(crate) async fn serve_empty() -> Outcome<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let router = Router::new().route(
        "/in/{token}",
        post(|body: Bytes| async move {
            drop(body);
            StatusCode::OK
        }),
    );
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(axum::serve(listener, router).await?)
}

impl Empty {
    pub(crate) async fn start() -> Outcome<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg("empty").stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { child, url: format!("http://{}/in/x", line.trim()).parse()? })
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// One NATS server that flushes before it acknowledges.
pub(crate) struct Nats {
    child: Child,
    port: u16,
    monitor: u16,
    _room: tempfile::TempDir,
}

impl Nats {
    pub(crate) fn start() -> Outcome<Self> {
        let room = tempfile::tempdir()?;
        let (port, monitor) = (free_port()?, free_port()?);
        let settings = format!(
            "listen: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor}\"\njetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
            room.path().display()
        );
        let file = room.path().join("nats.conf");
        std::fs::write(&file, settings)?;
        let provided = Path::new("target/tools/nats/bin/nats-server");
        let program: PathBuf = if provided.exists() { provided.into() } else { "nats-server".into() };
        let quiet = Stdio::null;
        let child = Command::new(program).arg("-c").arg(file).stdout(quiet()).stderr(quiet()).spawn()?;
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        Ok(Self { child, port, monitor, _room: room })
    }

    pub(crate) fn store(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub(crate) fn monitor(&self) -> String {
        format!("http://127.0.0.1:{}/", self.monitor)
    }

    /// Publishers that each wait for the acknowledgement of one message before the next.
    pub(crate) async fn publish(&self, size: usize, publishers: usize, span: Duration) -> Outcome<Figures> {
        let client = async_nats::connect(self.store()).await?;
        let context = jetstream::new(client);
        let config = jetstream::stream::Config {
            name: "bench".to_owned(),
            subjects: vec!["bench".to_owned()],
            ..Default::default()
        };
        context.create_stream(config).await?;
        let body = Bytes::from(vec![7; size]);
        let until = Instant::now() + span;
        let publishing = (0..publishers).map(|_| {
            let (context, body) = (context.clone(), body.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < until {
                    let started = Instant::now();
                    context.publish("bench", body.clone()).await?.await?;
                    times.push(started.elapsed());
                }
                Outcome::Ok(times)
            })
        });
        let mut times = Vec::new();
        for publisher in join_all(publishing).await {
            times.extend(publisher??);
        }
        Ok(Figures::of(times, 0, span))
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Debian's `webhook`: runs a command for every request and keeps nothing.
pub(crate) struct Webhook {
    child: Child,
    pub(crate) url: Url,
    _room: tempfile::TempDir,
}

impl Webhook {
    /// `None` where it is not installed.
    pub(crate) async fn start() -> Outcome<Option<Self>> {
        let room = tempfile::tempdir()?;
        let hooks = room.path().join("hooks.json");
        std::fs::write(&hooks, r#"[{"id":"bench","execute-command":"/bin/true","http-methods":["POST"]}]"#)?;
        let port = free_port()?;
        let mut command = Command::new("webhook");
        command.arg("-hooks").arg(hooks).args(["-ip", "127.0.0.1", "-port", &port.to_string()]);
        let Ok(child) = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else { return Ok(None) };
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(Some(Self { child, url: format!("http://127.0.0.1:{port}/hooks/bench").parse()?, _room: room }))
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// PostgreSQL, driven by its own `pgbench`: 64 clients, one insert of 1000 bytes and one commit each time. `None` where it
/// is not installed. It refuses to run as root, so a server of its own runs as `postgres`.
pub(crate) fn postgres(span: Duration) -> Outcome<Option<Figures>> {
    let Some(bin) = std::fs::read_dir("/usr/lib/postgresql").ok().and_then(|mut versions| versions.next()) else {
        return Ok(None);
    };
    let bin = bin?.path().join("bin");
    let script = format!(
        r#"set -e; cd "$(mktemp -d -p /var/tmp)"; trap '"{bin}/pg_ctl" -D data -m immediate stop >/dev/null 2>&1; rm -rf "$PWD"' EXIT
        "{bin}/initdb" -D data -A trust >/dev/null
        "{bin}/pg_ctl" -D data -o "-p {port} -k $PWD -c listen_addresses='' -c max_connections=80" -l log -w start >/dev/null
        export PGHOST=$PWD PGPORT={port} PGDATABASE=postgres
        "{bin}/psql" -qc "create table delivery (id bigserial primary key, body bytea not null)"
        echo "insert into delivery (body) values (decode(repeat('5a', 1000), 'hex'));" > insert.sql
        "{bin}/pgbench" -n -c 64 -j 2 -T {seconds} -f insert.sql -l --log-prefix "$PWD/t" >/dev/null 2>&1
        cut -d' ' -f3 "$PWD"/t.*"#,
        bin = bin.display(),
        port = free_port()?,
        seconds = span.as_secs(),
    );
    let output = Command::new("runuser").args(["-u", "postgres", "--", "sh", "-c", &script]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let times: Vec<_> =
        text.lines().filter_map(|micros| micros.trim().parse().ok()).map(Duration::from_micros).collect();
    Ok((!times.is_empty()).then(|| Figures::of(times, 0, span)))
}
