//! `./bench`: how fast relay and desk are, compared with a reference measured in the same run, because absolute numbers
//! depend on the machine.
//!
//! Each round has a fresh relay, a fresh desk and a fresh database on this machine's disk, none of them imitated. The
//! median round is reported. The relay is compared with a handler that discards the body, the desk with a loop of
//! inserts into a database with the same encryption. It fails on errors only and never because something was slow.

mod attachments;
mod house;
mod ledger;
mod reference;
mod views;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use offizin_desk::status::PulledView;
use offizin_wire::SigningSecret;
use tokio::task::JoinSet;
use url::Url;

use crate::house::{House, Outcome, problem, rate, say};

/// How many deliveries a round has.
const DELIVERIES: usize = 20_000;
/// How many are on their way at once, as from a provider that sends what piled up.
const AT_ONCE: usize = 64;
/// How many rounds; the middle one counts.
const ROUNDS: usize = 3;

fn main() -> Outcome<()> {
    // Quiet while measuring; what goes wrong is in the log of the house and nowhere else.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::ERROR)
        .with_writer(std::io::stderr)
        .init();
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let secret = SigningSecret::new("whsec_of_the_bench".to_owned()).ok_or("no secret")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match asked.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => runtime.block_on(measure(DELIVERIES, ROUNDS, &secret)),
        ["spine", deliveries] => runtime.block_on(measure(deliveries.parse()?, 1, &secret)),
        ["views", events] => runtime.block_on(views::measure(events.parse()?, &secret)),
        ["attachments", orders] => runtime.block_on(attachments::measure(orders.parse()?, &secret)),
        ["hot", events] => runtime.block_on(views::hot(events.parse()?, &secret)),
        // The parts of it, over a folder that stays; all under one keyring.
        ["fill", room, events] => runtime.block_on(views::fill(Path::new(room), events.parse()?, &secret)).map(drop),
        ["ask", room] => runtime.block_on(views::ask(Path::new(room))),
        ["fold", room] => runtime.block_on(views::fold(Path::new(room), None)),
        _ => {
            Err("bench [spine DELIVERIES | attachments ORDERS | views EVENTS | hot EVENTS | fill FOLDER EVENTS | ask FOLDER | fold FOLDER]"
                .into())
        }
    }
}

async fn measure(deliveries: usize, rounds: usize, secret: &SigningSecret) -> Outcome<()> {
    let bodies: Arc<Vec<String>> = Arc::new((0..deliveries).map(ledger::body).collect());
    let signatures: Arc<Vec<String>> = Arc::new(bodies.iter().map(|body| secret.sign(body.as_bytes())).collect());
    let bytes = bodies.iter().map(String::len).sum::<usize>() / deliveries;

    let (mut acks, mut empty, mut caught_up, mut inserts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let room = tempfile::tempdir()?;
        say(&format!("round {round} of {rounds}"))?;
        let (url, stop) = reference::empty_handler().await?;
        empty.push(post_all(&url, &bodies, &signatures).await?);
        drop(stop);
        let (ack, pull, bare) = spine(room.path(), secret, &bodies, &signatures).await?;
        acks.push(ack);
        caught_up.push(pull);
        inserts.push(bare);
    }

    let (acks, empty, caught_up, inserts) = (median(acks), median(empty), median(caught_up), median(inserts));
    say(&format!(
        "\n{deliveries} signed events of {bytes} bytes, {AT_ONCE} at once, median of {rounds}\n\n\
         | what | per second | reference | per second | ratio |\n\
         | --- | ---: | --- | ---: | ---: |\n\
         | relay: sealed, flushed, answered 200 | {acks:.0} | a handler that throws the body away | {empty:.0} | {:.2} |\n\
         | desk: pulled, verified, journaled, folded | {caught_up:.0} | bare inserts of the same rows with the same indexes into SQLCipher | {inserts:.0} | {:.2} |",
        acks / empty,
        caught_up / inserts,
    ))?;
    attachments::measure(attachments::ORDERS, secret).await
}

/// One round of the real thing: acknowledgements per second at the relay, then events per second at the desk, and the same
/// rows by bare inserts.
async fn spine(
    room: &Path,
    secret: &SigningSecret,
    bodies: &Arc<Vec<String>>,
    signatures: &Arc<Vec<String>>,
) -> Outcome<(f64, f64, f64)> {
    let house = House::build(room, secret).await?;
    let acks = post_all(&house.inlet.url.parse()?, bodies, signatures).await?;
    let from = Instant::now();
    let mut events = 0;
    // A pull may end at a page; what it says it took is what counts.
    while events < bodies.len() as u64 {
        let pulled: PulledView = house.desk.pull(Duration::ZERO).await.map_err(problem)?;
        if pulled.rejected > 0 || pulled.events == 0 {
            return Err(format!("the desk took {events} and then {pulled:?}").into());
        }
        events += pulled.events;
    }
    let caught_up = rate(bodies.len(), from);
    let home = house.desk.home().dir().to_owned();
    house.leave().await?;
    let bare = reference::same_rows(&home, &room.join("bare.db")).await?;
    Ok((acks, caught_up, bare))
}

/// Posts everything; answers acknowledgements per second. Anything but 200 ends the run.
async fn post_all(url: &Url, bodies: &Arc<Vec<String>>, signatures: &Arc<Vec<String>>) -> Outcome<f64> {
    let client = reqwest::Client::new();
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    let from = Instant::now();
    for _ in 0..AT_ONCE {
        let (client, url, next) = (client.clone(), url.clone(), next.clone());
        let (bodies, signatures) = (bodies.clone(), signatures.clone());
        senders.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let (Some(body), Some(signature)) = (bodies.get(number), signatures.get(number)) else { return Ok(()) };
                let request = client.post(url.clone()).header("x-webhook-signature", signature).body(body.clone());
                let answer = request.send().await?;
                if answer.status() != reqwest::StatusCode::OK {
                    return Outcome::Err(format!("answered {}", answer.status()).into());
                }
            }
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Ok(rate(bodies.len(), from))
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}
