//! The relay: pairing with it, leaving it, and fetching what waits there.

use std::time::Duration;

use clap::Args;
use offizin_desk::{
    Code, Problem,
    status::{PairInput, PulledView},
};

use crate::{
    print::{line, tell},
    shell::{Shell, standard_input},
};

/// How long one long poll of `sync --follow` waits.
const FOLLOW_WAIT: Duration = Duration::from_secs(25);
/// How long `sync --follow` waits after a failure that passes: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[derive(Args)]
pub(crate) struct Pair {
    code: String,
    /// What this computer shall be called at the relay.
    #[arg(long, default_value = "")]
    device_name: String,
}

impl Pair {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let code = if self.code == "-" { standard_input()? } else { self.code };
        let relay = shell.desk.pair(PairInput { code, device_name: self.device_name }).await?;
        shell.answer(&relay, |relay| {
            line(&format!(
                "paired with {} as \u{201c}{}\u{201d}, inbox {}",
                relay.url, relay.device_name, relay.inbox_name
            ));
        });
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct Unpair {
    /// Yes, leave it.
    #[arg(long, required = true)]
    yes: bool,
}

impl Unpair {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        let Self { yes: _ } = self;
        shell.desk.unpair().await?;
        shell.done("left the relay");
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct Sync {
    /// Go on waiting for more, until interrupted.
    #[arg(long)]
    follow: bool,
}

impl Sync {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        if !self.follow {
            let pulled = shell.desk.pull(Duration::ZERO).await?;
            shell.desk.tend().await?;
            print_pulled(shell, &pulled);
            return Ok(());
        }
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            ended = follow(shell) => ended,
        }
    }
}

async fn follow(shell: &Shell) -> Result<(), Problem> {
    let mut pause = FIRST_PAUSE;
    loop {
        match shell.desk.pull(FOLLOW_WAIT).await {
            Ok(pulled) => {
                pause = FIRST_PAUSE;
                shell.desk.tend().await?;
                if pulled.segments > 0 {
                    print_pulled(shell, &pulled);
                }
            }
            Err(problem) if passes(problem.code) => {
                tell(&problem, shell.json);
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// Failures that end by themselves: `sync --follow` goes on.
fn passes(code: Code) -> bool {
    matches!(code, Code::RelayUnreachable | Code::RelayUnavailable | Code::DatabaseBusy)
}

fn print_pulled(shell: &Shell, pulled: &PulledView) {
    shell.answer(pulled, |pulled| {
        line(&format!(
            "{} deliveries: {} new events, {} known, {} to quarantine, {} segments unopened",
            pulled.deliveries, pulled.events, pulled.duplicates, pulled.rejected, pulled.unopened
        ));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_goes_on_after_what_passes_by_itself_and_nothing_else() {
        let passing: Vec<Code> = Code::ALL.iter().copied().filter(|code| passes(*code)).collect();
        assert_eq!(passing, [Code::DatabaseBusy, Code::RelayUnreachable, Code::RelayUnavailable]);
    }
}
