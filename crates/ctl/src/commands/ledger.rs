//! The ledger: checking the journal against what is shown, and folding it anew.

use clap::Subcommand;
use offizin_desk::{Code, Problem};
use serde_json::json;

use crate::{print::line, shell::Shell};

#[derive(Subcommand)]
pub(crate) enum Ledger {
    /// Throw orders and stock away and fold them anew from the journal.
    Rebuild,
    /// Check every body against its hash, and what is shown against a rebuild.
    Verify,
}

impl Ledger {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        match self {
            Self::Rebuild => {
                let events = shell.desk.ledger_rebuild().await?;
                shell.answer(&json!({ "events": events }), |_| line(&format!("folded {events} events anew")));
            }
            Self::Verify => {
                let report = shell.desk.ledger_verify().await?;
                shell.answer(&report, |report| {
                    line(&format!(
                        "{} events, {} damaged, {} unproven; a rebuild {} what is shown",
                        report.events,
                        report.damaged,
                        report.unproven,
                        if report.projections_match { "gives exactly" } else { "DIFFERS from" }
                    ));
                });
                if report.damaged > 0 || report.unproven > 0 || !report.projections_match {
                    return Err(Problem {
                        code: Code::Internal,
                        detail: Some("ledger".into()),
                        incident: String::new(),
                    });
                }
            }
        }
        Ok(())
    }
}
