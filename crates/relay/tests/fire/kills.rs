//! SIGKILL at any moment under concurrent writers: nothing acknowledged is missing, nothing is damaged.
//!
//! Twenty rounds on each engine; `OFFIZIN_KILL_ROUNDS` makes it more.

use std::time::Duration;

use crate::{
    house::{Desk, noise},
    nats::Server,
    programs::{Served, add_inbox, add_inbox_with, program, program_on},
    writers::{Ledger, tell},
};

const WRITERS: usize = 64;

fn rounds() -> usize {
    std::env::var("OFFIZIN_KILL_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

async fn kill_again_and_again(
    program: impl Fn() -> std::process::Command,
    rounds: usize,
    code: &offizin_wire::PairingCode,
) {
    let limits = ["--inlet-rate", "0", "--keep", "0s", "--prune-every", "1s"];
    let mut served = Served::start_with(program(), &limits);
    let mut desk = Desk::new(served.address, reqwest::Client::new());
    assert_eq!(desk.pair(code, "Desk").await.status(), 200);
    let inlet = desk.inlet().await;
    let ledger = Ledger::default();
    let mut acknowledged = 0;
    for round in 0..rounds {
        let writers = ledger.write(WRITERS, &[format!("{}/in/{}", desk.base, inlet.token.expose())]);
        // Anywhere between the first bytes of the first requests and hundreds of commits.
        let pause = u16::from_le_bytes(noise(2).try_into().unwrap()) % 300;
        tokio::time::sleep(Duration::from_millis(pause.into())).await;
        served.kill();
        writers.stop().await;
        served = Served::start_with(program(), &limits);
        desk.base = format!("http://{}", served.address);
        ledger.settle(&desk, &format!("round {round}")).await;
        acknowledged += ledger.acknowledged();
        // The log would grow by every round. What was seen to be there is acknowledged, and may go.
        if let Some(last) = desk.segments().await.last() {
            assert_eq!(desk.ack(last.sequence).await.status(), 204);
            desk.cursor = last.sequence;
            ledger.forget();
        }
    }
    tell(&format!("{rounds} rounds of SIGKILL under {WRITERS} writers: {acknowledged} acknowledged, none missing"));
    assert!(acknowledged > rounds, "the relay was at work");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_by_sigkill() {
    let home = tempfile::tempdir().unwrap();
    let code = add_inbox(home.path(), "Adler");
    kill_again_and_again(|| program(home.path()), rounds(), &code).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_acknowledged_is_lost_by_sigkill_of_a_relay_on_nats() {
    let server = Server::start(None);
    let address = server.store();
    let code = add_inbox_with(program_on(&address), "Adler");
    kill_again_and_again(|| program_on(&address), rounds(), &code).await;
}
