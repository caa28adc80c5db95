//! `./bench relay`: how many deliveries per second are acknowledged after they are on disk, and how long each takes,
//! with several numbers of connections and two sizes of body. An empty handler, JetStream and whatever comparable
//! program is installed are measured in the same run.
//!
//! Everything measured is a process of its own. The load comes from this process, on the same processors. It passes no
//! judgement: it prints a table, together with the load of the machine.

mod load;
mod outcome;
mod rivals;
mod subject;

use std::{io::Write, time::Duration};

use load::{Figures, load};
use outcome::Outcome;
use subject::Relay;

const SMALL: usize = 1_000;
const LARGE: usize = 200_000;
const CONNECTIONS: [usize; 4] = [1, 16, 64, 256];

fn main() -> Outcome<()> {
    let mut words = std::env::args().skip(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match words.next().as_deref() {
        // The empty handler, as a process of its own.
        Some("empty") => runtime.block_on(rivals::serve_empty()),
        _ => runtime.block_on(measure()),
    }
}

/// How long each line is measured: `OFFIZIN_BENCH_SECONDS`, or a few.
fn span() -> Duration {
    let seconds = std::env::var("OFFIZIN_BENCH_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(5))
}

async fn measure() -> Outcome<()> {
    say(&format!("{} processors; load average at the beginning {}", processors(), load_average()))?;
    say(
        "\n| what | body | connections | per second | p50 ms | p99 ms | p99.9 ms | resident MB |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    )?;
    let mut empty_at_64 = None;
    let mut ours_at_64 = None;
    let mut ours_large = None;
    for size in [SMALL, LARGE] {
        for connections in CONNECTIONS {
            let empty = rivals::Empty::start().await?;
            let figures = load(&empty.url, size, connections, span()).await?;
            row("empty handler", size, connections, &figures, None)?;
            if (size, connections) == (SMALL, 64) {
                empty_at_64 = Some(figures.rate);
            }
            drop(empty);
            let relay = Relay::on_sqlite().await?;
            let figures = load(&relay.url, size, connections, span()).await?;
            let megabytes = relay.peak_megabytes();
            row("relay, SQLite", size, connections, &figures, Some(megabytes))?;
            match (size, connections) {
                (SMALL, 64) => ours_at_64 = Some((figures.rate, figures.p99, megabytes)),
                (LARGE, 64) => ours_large = Some(figures.rate),
                _ => {}
            }
            if figures.refused > 0 {
                say(&format!("  ({} refused)", figures.refused))?;
            }
        }
    }
    // What an inlet may send by default, and far more than that from 256 connections that never pause: it sheds, and what
    // it takes it still answers in time.
    let relay = Relay::on_sqlite_with(&["--total-rate", "2000", "--total-burst", "500"]).await?;
    let figures = load(&relay.url, SMALL, 256, span()).await?;
    row("relay, allowed 2000/s, flooded", SMALL, 256, &figures, Some(relay.peak_megabytes()))?;
    let offered = (figures.rate + figures.refused as f64 / span().as_secs_f64()) / 2000.0;
    say(&format!("  ({} refused with 429: {offered:.1} times what is allowed was offered)", figures.refused))?;
    drop(relay);

    let nats = rivals::Nats::start()?;
    let jetstream = nats.publish(SMALL, 64, span()).await?;
    row("JetStream publish, sync always", SMALL, 64, &jetstream, None)?;
    let relay = Relay::on_nats(&nats).await?;
    let figures = load(&relay.url, SMALL, 64, span()).await?;
    row("relay, NATS (one server)", SMALL, 64, &figures, Some(relay.peak_megabytes()))?;
    drop(relay);
    if let Some(webhook) = rivals::Webhook::start().await? {
        let figures = load(&webhook.url, SMALL, 64, span()).await?;
        row("Debian's webhook, running `true`", SMALL, 64, &figures, None)?;
    }
    match rivals::postgres(span())? {
        Some(figures) => row("PostgreSQL insert and commit", SMALL, 64, &figures, None)?,
        None => say("(PostgreSQL is not installed: not measured)")?,
    }

    if let (Some(empty), Some((ours, p99, megabytes)), Some(large)) = (empty_at_64, ours_at_64, ours_large) {
        say(&format!(
            "\nat 64 connections with {SMALL} bytes: {:.2} of the empty handler, {:.1} times JetStream with sync always, p99 {p99:.1} ms, \
             {megabytes} MB at the most; with {LARGE} bytes {large:.0}/s",
            ours / empty,
            ours / jetstream.rate,
        ))?;
    }
    say(&format!("load average at the end {}", load_average()))
}

/// One line of the table; `megabytes` is the most memory that was ever resident.
fn row(what: &str, size: usize, connections: usize, figures: &Figures, megabytes: Option<u64>) -> Outcome<()> {
    let Figures { rate, p50, p99, p999, .. } = figures;
    let memory = megabytes.map_or_else(|| "–".to_owned(), |megabytes| megabytes.to_string());
    say(&format!("| {what} | {size} | {connections} | {rate:.0} | {p50:.1} | {p99:.1} | {p999:.1} | {memory} |"))
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn load_average() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn say(text: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    Ok(out.flush()?)
}
