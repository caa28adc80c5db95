//! `offizinctl`: the second shell over the desk. It turns words into one call of [`Desk`] and prints the answer; it holds no
//! rules of its own.

mod args;
mod device;
mod print;
mod provider;
mod rotation;
mod sentence;
mod shelves;
mod views;

use std::{io::Read, process::ExitCode, time::Duration};

use args::{Cli, Command, LanguageArg, Ledger, PageArgs, SettingsCommand, ThemeArg};
use clap::Parser;
use offizin_desk::{
    Code, Desk, Home, Problem,
    page::PageInput,
    settings::RulesView,
    status::{Language, PairInput, PulledView, Settings, Theme},
    system_clock,
};
use print::{json, line, maybe_local, word};
use serde_json::{Value, json};

/// How long one long poll of `sync --follow` waits.
const FOLLOW_WAIT: Duration = Duration::from_secs(25);
/// How long `sync --follow` waits after a failure that passes: doubled with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("OFFIZIN_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let as_json = cli.json;
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tell(&problem, as_json);
            ExitCode::from(1)
        }
    }
}

#[expect(clippy::print_stderr, reason = "problems are told on standard error")]
fn tell(problem: &Problem, as_json: bool) {
    if as_json {
        eprintln!("{}", json!({ "code": problem.code, "detail": problem.detail, "incident": problem.incident }));
    } else {
        let detail = problem.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        eprintln!(
            "{}{detail}\ncode {} · incident {}",
            sentence::sentence(problem.code),
            problem.code,
            problem.incident
        );
    }
}

async fn run(cli: Cli) -> Result<(), Problem> {
    let home = Home::at(cli.home)?;
    if matches!(cli.command, Command::Diagnose) {
        return diagnose(home, cli.json).await;
    }
    let desk = Desk::open(home, system_clock()).await?.through(offizin_desk::audit::Shell::CommandLine);
    let shell = Shell { desk, json: cli.json };
    let done = shell.run(cli.command).await;
    shell.desk.close().await;
    done
}

struct Shell {
    desk: Desk,
    json: bool,
}

impl Shell {
    async fn run(&self, command: Command) -> Result<(), Problem> {
        match command {
            Command::Pair { code, device_name } => self.pair(code, device_name).await,
            Command::Unpair { yes: _ } => {
                self.desk.unpair().await?;
                self.done("left the relay")
            }
            Command::Connection(command) => self.connection(command).await,
            Command::Subscription(command) => self.subscription(command).await,
            Command::Rotation(command) => self.rotation(command).await,
            Command::Inlet(command) => self.inlet(command).await,
            Command::Device(command) => self.device(command).await,
            Command::Audit { page } => self.audit(page).await,
            Command::Network(command) => self.network(command).await,
            Command::Sync { follow } => self.sync(follow).await,
            Command::Order(command) => self.order(command).await,
            Command::Stock(command) => self.stock(command).await,
            Command::Assignment(command) => self.assignment(command).await,
            Command::Event(command) => self.event(command).await,
            Command::Ledger(command) => self.ledger(command).await,
            Command::Settings(command) => self.settings(command).await,
            Command::Status => self.status().await,
            Command::Diagnose => Ok(()),
        }
    }

    pub(crate) fn done(&self, what: &str) -> Result<(), Problem> {
        if self.json {
            json(&json!({ "done": true }))
        } else {
            line(what)
        }
        Ok(())
    }

    async fn pair(&self, code: String, device_name: String) -> Result<(), Problem> {
        let code = if code == "-" { standard_input()? } else { code };
        let relay = self.desk.pair(PairInput { code, device_name }).await?;
        if self.json {
            json(&relay);
        } else {
            line(&format!(
                "paired with {} as \u{201c}{}\u{201d}, inbox {}",
                relay.url, relay.device_name, relay.inbox_name
            ));
        }
        Ok(())
    }

    async fn sync(&self, follow: bool) -> Result<(), Problem> {
        if !follow {
            let pulled = self.desk.pull(Duration::ZERO).await?;
            self.desk.tend().await?;
            self.print_pulled(&pulled);
            return Ok(());
        }
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            ended = self.follow() => ended,
        }
    }

    async fn follow(&self) -> Result<(), Problem> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.desk.pull(FOLLOW_WAIT).await {
                Ok(pulled) => {
                    pause = FIRST_PAUSE;
                    self.desk.tend().await?;
                    if pulled.segments > 0 {
                        self.print_pulled(&pulled);
                    }
                }
                Err(problem) if passes(problem.code) => {
                    tell(&problem, self.json);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    fn print_pulled(&self, pulled: &PulledView) {
        if self.json {
            json(pulled);
        } else {
            line(&format!(
                "{} deliveries: {} new events, {} known, {} to quarantine, {} segments unopened",
                pulled.deliveries, pulled.events, pulled.duplicates, pulled.rejected, pulled.unopened
            ));
        }
    }

    async fn ledger(&self, command: Ledger) -> Result<(), Problem> {
        match command {
            Ledger::Rebuild => {
                let events = self.desk.ledger_rebuild().await?;
                if self.json {
                    json(&json!({ "events": events }))
                } else {
                    line(&format!("folded {events} events anew"))
                }
            }
            Ledger::Verify => {
                let report = self.desk.ledger_verify().await?;
                if self.json {
                    json(&report);
                } else {
                    line(&format!(
                        "{} events, {} damaged, {} unproven; a rebuild {} what is shown",
                        report.events,
                        report.damaged,
                        report.unproven,
                        if report.projections_match { "gives exactly" } else { "DIFFERS from" }
                    ));
                }
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

    async fn settings(&self, command: SettingsCommand) -> Result<(), Problem> {
        let mut settings = self.desk.settings().await?;
        let mut rules = self.desk.rules().await?;
        if let SettingsCommand::Set { language, theme, roomy, keep_in_tray, rotate_after_days } = command {
            settings.language = language.map_or(settings.language, |language| match language {
                LanguageArg::System => Language::System,
                LanguageArg::De => Language::De,
                LanguageArg::En => Language::En,
            });
            settings.theme = theme.map_or(settings.theme, |theme| match theme {
                ThemeArg::System => Theme::System,
                ThemeArg::Light => Theme::Light,
                ThemeArg::Dark => Theme::Dark,
                ThemeArg::Contrast => Theme::Contrast,
            });
            settings.roomy = roomy.unwrap_or(settings.roomy);
            settings.keep_in_tray = keep_in_tray.unwrap_or(settings.keep_in_tray);
            settings = self.desk.settings_set(&settings).await?;
            if let Some(days) = rotate_after_days {
                rules.rotate_after_days = Some(days).filter(|days| *days > 0);
                rules = self.desk.rules_set(&rules).await?;
            }
        }
        if self.json {
            json(&told(&settings, &rules));
        } else {
            let due = rules.rotate_after_days.map_or("never".to_owned(), |days| format!("after {days} days"));
            line(&format!(
                "language {} · theme {} · roomy {} · keep in tray {} · secrets are due {due}",
                word(&settings.language),
                word(&settings.theme),
                settings.roomy,
                settings.keep_in_tray
            ));
        }
        Ok(())
    }

    async fn status(&self) -> Result<(), Problem> {
        let status = self.desk.status().await?;
        if self.json {
            json(&status);
            return Ok(());
        }
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
        Ok(())
    }
}

async fn diagnose(home: Home, as_json: bool) -> Result<(), Problem> {
    let dir = home.dir().display().to_string();
    let opened = Desk::open(home, system_clock()).await;
    let status = match &opened {
        Ok(desk) => Some(desk.status().await?),
        Err(_) => None,
    };
    let problem = opened.as_ref().err().cloned();
    let report = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "os": std::env::consts::OS,
        "arch": std::env::consts::ARCH,
        "home": dir,
        "session_bus": std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some(),
        "keyring": keyring(problem.as_ref()),
        "database": if problem.is_none() { "open" } else { "closed" },
        "relay": status.as_ref().and_then(|s| s.relay.as_ref()).map(|r| json!({ "url": r.url, "state": r.state, "behind": r.behind })),
        "connections": status.as_ref().map(|s| s.connections.iter().map(|c| json!({ "name": c.name, "host": c.base_url,
            "subscriptions": c.subscriptions })).collect::<Vec<_>>()),
        "counts": status.as_ref().map(|s| s.counts.clone()),
    });
    if as_json {
        json(&report);
    } else if let Ok(text) = serde_json::to_string_pretty(&report) {
        line(&text);
    }
    if let Ok(desk) = opened {
        desk.close().await;
    }
    problem.map_or(Ok(()), Err)
}

/// Whether the keyring answered; nothing where it was not asked.
fn keyring(problem: Option<&Problem>) -> Option<String> {
    match problem.map(|problem| problem.code) {
        Some(code @ (Code::KeyringMissing | Code::KeyringLocked | Code::KeyringFailed)) => Some(code.as_str()),
        Some(Code::HomeUnusable) => None,
        _ => Some("reachable".to_owned()),
    }
}

/// Failures that end by themselves: `sync --follow` goes on.
fn passes(code: Code) -> bool {
    matches!(code, Code::RelayUnreachable | Code::RelayUnavailable | Code::DatabaseBusy)
}

/// Settings and rules as one document.
fn told(settings: &Settings, rules: &RulesView) -> Value {
    let mut told = serde_json::to_value(settings).unwrap_or_default();
    if let (Some(told), Ok(Value::Object(rules))) = (told.as_object_mut(), serde_json::to_value(rules)) {
        told.extend(rules);
    }
    told
}

fn page_input(page: PageArgs) -> PageInput {
    PageInput { limit: page.limit, after: page.after }
}

fn standard_input() -> Result<String, Problem> {
    let mut text = String::new();
    match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => Ok(text.trim().to_owned()),
        Err(_) => Err(usage("standard input")),
    }
}

fn usage(what: &str) -> Problem {
    Problem { code: Code::InputInvalid, detail: Some(what.to_owned()), incident: String::new() }
}
