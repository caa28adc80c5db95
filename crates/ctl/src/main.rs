//! `offizinctl`: the second shell over the desk. It turns words into one call of [`Desk`] and prints the answer; it holds no
//! rules of its own.

mod commands;
mod print;
mod sentence;
mod shell;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use commands::{Command, diagnose};
use offizin_desk::{Desk, Home, Problem, system_clock};
use shell::Shell;

/// The scriptable shell over the desk. It shares its data folder with the window.
///
/// Exit code 0: done; 1: a problem, told on standard error (as {"code","detail"} with --json); 2: wrong usage.
#[derive(Parser)]
#[command(name = "offizinctl", version, propagate_version = true)]
struct Cli {
    /// The data folder; the platform's own when absent.
    #[arg(long, env = "OFFIZIN_HOME", global = true, value_name = "DIR")]
    home: Option<PathBuf>,
    /// Machine-readable output.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("OFFIZIN_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let as_json = cli.json;
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            print::tell(&problem, as_json);
            ExitCode::from(1)
        }
    }
}

async fn run(cli: Cli) -> Result<(), Problem> {
    let home = Home::at(cli.home)?;
    let subject = match cli.command {
        Command::Diagnose => return diagnose::diagnose(home, cli.json).await,
        Command::Subject(subject) => subject,
    };
    let desk = Desk::open(home, system_clock()).await?.through(offizin_desk::audit::Shell::CommandLine);
    let shell = Shell { desk, json: cli.json };
    let done = subject.run(&shell).await;
    shell.desk.close().await;
    done
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};
    use offizin_desk::{
        Source,
        connections::view::{Api, DeleteStrategy, Provider},
        event::Verdict,
        network::Proxy,
        orders::{Rejections, view::OrderFormat},
        status::{Language, Theme},
    };
    use serde::Serialize;

    use super::Cli;
    use crate::print::word;

    #[test]
    fn no_command_contradicts_itself() {
        Cli::command().debug_assert();
    }

    /// A script that read a word in an answer may say it, but for hyphens.
    fn same_words<T: ValueEnum + Serialize>() {
        for value in T::value_variants() {
            if let Some(said) = value.to_possible_value() {
                assert_eq!(said.get_name(), word(value).replace('_', "-"));
            }
        }
    }

    #[test]
    fn what_an_option_takes_is_what_an_answer_tells() {
        same_words::<Api>();
        same_words::<DeleteStrategy>();
        same_words::<Language>();
        same_words::<OrderFormat>();
        same_words::<Provider>();
        same_words::<Proxy>();
        same_words::<Rejections>();
        same_words::<Source>();
        same_words::<Theme>();
        same_words::<Verdict>();
    }
}
