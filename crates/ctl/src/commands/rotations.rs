//! Rotations of signing secrets: showing them, moving them on and giving one up. `subscription rotate` begins them.

use std::time::Duration;

use clap::Subcommand;
use offizin_desk::{Problem, rotation::view::RotationView};

use crate::{
    print::{maybe, maybe_local, table, word},
    shell::Shell,
};

/// How long a first event is waited for before it is said that the rotation waits for one.
const STRIDE: Duration = Duration::from_secs(2);

#[derive(Subcommand)]
pub(crate) enum Rotation {
    /// Those that are under way, and those that ended within a week.
    List,
    /// Move on whatever can be moved on, until each rotation waits for something or is over.
    Run,
    /// Give one up before the switch: the new subscription is removed, the old one never stopped.
    RollBack { id: String },
    /// Ask the provider for a test event for the new subscription.
    Test { id: String },
}

impl Rotation {
    pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
        match self {
            Self::List => {}
            Self::Run => run_rotations(shell).await?,
            Self::RollBack { id } => {
                shell.desk.rotation_roll_back(&id.as_str().into()).await?;
                run_rotations(shell).await?;
            }
            Self::Test { id } => {
                shell.desk.rotation_test(&id.as_str().into()).await?;
                shell.done("the provider was asked for a test event");
                return Ok(());
            }
        }
        shell.rows(&shell.desk.subscription_list(None, false).await?.rotations, print_rotations);
        Ok(())
    }
}

/// Tends and pulls until nothing moves any more.
pub(super) async fn run_rotations(shell: &Shell) -> Result<(), Problem> {
    let desk = &shell.desk;
    loop {
        let before = desk.subscription_list(None, false).await?.rotations;
        desk.tend().await?;
        // The first event under a new secret is what a rotation usually waits for.
        desk.pull(STRIDE).await?;
        desk.tend().await?;
        if desk.subscription_list(None, false).await?.rotations == before {
            return Ok(());
        }
    }
}

pub(super) fn print_rotations(rows: &[RotationView]) {
    let cells = rows.iter().map(|r| {
        vec![
            r.id.to_string(),
            r.connection_name.clone(),
            r.notification_type.clone(),
            word(&r.step),
            r.waits_for.as_ref().map(word).unwrap_or_default(),
            maybe_local(r.grace_until),
            maybe(r.problem.as_ref().map(|problem| problem.code)),
        ]
    });
    table(&["ID", "CONNECTION", "TYPE", "STEP", "WAITS FOR", "GRACE UNTIL", "PROBLEM"], &cells.collect::<Vec<_>>());
}
