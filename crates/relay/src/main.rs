//! `offizin-relay`: the relay as a program. Owns flags, environment, clock, signals and what is printed; every rule is in
//! the library.

mod file;
mod flags;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, Parser};
use flags::{Command, Flags, InboxCommand, InboxFlags, LogFormat, MigrateFlags, ServeFlags};
use offizin_relay::{Clock, LogError, Relay, StartError, TlsError};
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// Why the program ends with 1.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot listen on {0}: {1}")]
    Listen(String, io::Error),
    #[error("the address cannot be written as a URL: {0}")]
    Url(#[from] url::ParseError),
    #[error("cannot start: {0}")]
    Start(io::Error),
    #[error("cannot write the answer: {0}")]
    Output(#[from] io::Error),
    #[error("removing an inbox deletes everything in it; say --yes if that is meant")]
    NotConfirmed,
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Log(error) => Self::Log(error),
            StartError::Tls(error) => Self::Tls(error),
        }
    }
}

impl Problem {
    fn code(&self) -> &'static str {
        match self {
            Self::Log(LogError::Full) => "store_full",
            Self::Log(LogError::Unsafe(_)) => "store_unsafe",
            Self::Log(LogError::Newer) => "store_newer",
            Self::Log(LogError::Old) => "store_old",
            Self::Log(LogError::Claimed) => "store_claimed",
            Self::Log(LogError::NameTaken) => "name_taken",
            Self::Log(LogError::NameUnknown) => "name_unknown",
            Self::Log(LogError::NameMalformed) => "name_malformed",
            Self::Log(_) => "store_unavailable",
            Self::Tls(_) => "certificate_unusable",
            Self::Listen(..) => "address_unavailable",
            Self::NotConfirmed => "not_confirmed",
            Self::Url(_) | Self::Start(_) | Self::Output(_) => "failed",
        }
    }
}

fn main() -> ExitCode {
    let line = file::arguments(std::env::args_os().collect(), |name| std::env::var_os(name).is_some());
    let flags = match line {
        Ok(line) => Flags::parse_from(line),
        Err(error) => Flags::command().error(clap::error::ErrorKind::InvalidValue, error).exit(),
    };
    let json = match &flags.command {
        Command::Inbox(inbox) => inbox.json(),
        Command::Migrate(migrate) => migrate.json,
        Command::Serve(_) | Command::Backup { .. } | Command::Restore { .. } => false,
    };
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Problem::Start)
        .and_then(|runtime| runtime.block_on(run(flags.command)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let mut out = io::stderr().lock();
            let _ = if json {
                writeln!(out, "{}", json!({ "code": problem.code(), "detail": problem.to_string() }))
            } else {
                writeln!(out, "offizin-relay: {problem}")
            };
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), Problem> {
    match command {
        Command::Serve(flags) => serve(*flags).await,
        Command::Inbox(InboxFlags { command }) => inbox(command).await,
        Command::Migrate(flags) => migrate(flags).await,
        Command::Backup { store, to } => {
            offizin_relay::backup(&store.store(), &to).await?;
            writeln!(io::stdout(), "Wrote {}.", to.display())?;
            Ok(())
        }
        Command::Restore { from, store } => {
            let inboxes = offizin_relay::restore(&from, &store.store(), Clock::default().now()).await?;
            writeln!(io::stdout(), "Restored {inboxes} inbox(es).")?;
            Ok(())
        }
    }
}

async fn serve(flags: ServeFlags) -> Result<(), Problem> {
    let filter = EnvFilter::try_new(&flags.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    match flags.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    let listener =
        TcpListener::bind(&flags.listen).await.map_err(|error| Problem::Listen(flags.listen.clone(), error))?;
    let address = listener.local_addr().map_err(|error| Problem::Listen(flags.listen.clone(), error))?;
    let format = flags.log_format;
    let config = flags.config(address)?;
    let public_url = config.public_url.clone();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let relay = Relay::open(config).await?;
    let serving = relay.start(listener).await?;
    // Waited for from now on: a signal that comes right after the ready line must already count.
    let stop = signals()?;
    reload_on_hangup(serving.reloader())?;
    let mut out = io::stdout();
    match format {
        LogFormat::Text => {
            writeln!(out, "offizin-relay listens on {scheme}://{address} and is reached at {public_url}")?
        }
        LogFormat::Json => {
            writeln!(out, "{}", json!({ "ready": true, "listen": address.to_string(), "public_url": public_url }))?;
        }
    }
    out.flush()?;
    serving.run(stop).await;
    Ok(())
}

/// Done at the first SIGINT or SIGTERM.
#[cfg(unix)]
fn signals() -> Result<impl Future<Output = ()>, Problem> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Problem::Start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Problem::Start)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// At every SIGHUP, for as long as the program runs.
#[cfg(unix)]
fn reload_on_hangup(reload: impl Fn() + Send + 'static) -> Result<(), Problem> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup()).map_err(Problem::Start)?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            reload();
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn reload_on_hangup(_reload: impl Fn() + Send + 'static) -> Result<(), Problem> {
    Ok(())
}

/// Done at the first Ctrl+C.
#[cfg(not(unix))]
fn signals() -> Result<impl Future<Output = ()>, Problem> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

async fn inbox(command: InboxCommand) -> Result<(), Problem> {
    let mut out = io::stdout();
    match command {
        InboxCommand::Add { name, invite } => {
            let relay = Relay::open(invite.config()).await?;
            let code = relay.add_inbox(&name, Clock::default().now()).await?;
            invitation(&relay, &name, &code.expose(), invite.json).await
        }
        InboxCommand::Code { name, invite } => {
            let relay = Relay::open(invite.config()).await?;
            let code = relay.add_code(&name, Clock::default().now()).await?;
            invitation(&relay, &name, &code.expose(), invite.json).await
        }
        InboxCommand::List { store, json } => {
            let relay = Relay::open(store.config()?).await?;
            let inboxes = relay.inboxes().await?;
            relay.close().await;
            if json {
                writeln!(out, "{}", json!({ "rows": inboxes, "next": null }))?;
                return Ok(());
            }
            if inboxes.is_empty() {
                writeln!(out, "There is no inbox yet: offizin-relay inbox add NAME")?;
            }
            for one in inboxes {
                writeln!(
                    out,
                    "{}  {} device(s), {} inlet(s), {} segment(s) kept ({} bytes), head {}",
                    one.name, one.devices, one.inlets, one.segments, one.bytes, one.head
                )?;
            }
            Ok(())
        }
        InboxCommand::Release { name, store, json } => {
            let relay = Relay::open(store.config()?).await?;
            relay.release_inbox(&name).await?;
            relay.close().await;
            if json {
                writeln!(out, "{}", json!({ "released": name.trim() }))?;
            } else {
                writeln!(out, "{} can be used again.", name.trim())?;
            }
            Ok(())
        }
        InboxCommand::Remove { name, yes, store, json } => {
            if !yes {
                return Err(Problem::NotConfirmed);
            }
            let relay = Relay::open(store.config()?).await?;
            relay.remove_inbox(&name).await?;
            relay.close().await;
            if json {
                writeln!(out, "{}", json!({ "removed": name.trim() }))?;
            } else {
                writeln!(out, "Removed {} and everything in it.", name.trim())?;
            }
            Ok(())
        }
    }
}

async fn migrate(flags: MigrateFlags) -> Result<(), Problem> {
    let (from, to) = flags.configs()?;
    let (from, to) = (Relay::open(from).await?, Relay::open(to).await?);
    let names = match &flags.name {
        Some(name) => vec![name.clone()],
        None => from.inboxes().await?.into_iter().map(|inbox| inbox.name).collect(),
    };
    let mut out = io::stdout();
    let mut moved = Vec::new();
    for name in names {
        let one = from.move_inbox(&name, &to).await?;
        if !flags.json {
            writeln!(
                out,
                "Moved {}: {} segment(s), {} bytes, head {}. The old store keeps it on hold.",
                one.name, one.segments, one.bytes, one.head
            )?;
        }
        moved.push(one);
    }
    from.close().await;
    to.close().await;
    if flags.json {
        writeln!(out, "{}", json!({ "rows": moved, "next": null }))?;
    }
    Ok(())
}

/// Prints a pairing code: the only time anybody sees it.
async fn invitation(relay: &Relay, name: &str, code: &str, json: bool) -> Result<(), Problem> {
    let id = relay.inboxes().await?.into_iter().find(|one| one.name == name.trim()).map(|one| one.inbox);
    relay.close().await;
    let mut out = io::stdout();
    if json {
        writeln!(out, "{}", json!({ "inbox": id, "name": name.trim(), "pairing_code": code }))?;
    } else {
        writeln!(out, "Pairing code for {}, to be used once:\n\n{code}\n", name.trim())?;
    }
    Ok(())
}
