//! `status`: the desk at a glance.

use clap::Args;
use offizin_desk::{Problem, status::StatusView};

use crate::{
    print::{line, maybe_local, word},
    shell::Shell,
};

#[derive(Args)]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        shell.answer(&shell.desk.status().await?, print_status);
        Ok(())
    }
}

fn print_status(status: &StatusView) {
    match &status.relay {
        None => line("not paired"),
        Some(relay) => line(&format!(
            "relay {} · {} · complete until {} · {} segments behind",
            relay.url,
            word(&relay.state),
            maybe_local(relay.complete_until),
            relay.behind
        )),
    }
    let c = &status.counts;
    line(&format!(
        "{} orders ({} need attention) · {} products ({} low) · {} events ({} unrecognised) · {} in quarantine · {} subscriptions",
        c.orders, c.attention, c.stock, c.low, c.events, c.unrecognised, c.quarantine, c.subscriptions
    ));
    line(&format!("last event {}", maybe_local(status.last_event_at)));
}
