//! `offizin-sandbox`: the sandbox as a program.
//!
//! It reads flags, handles signals, and prints one line when it is ready. Everything else is in
//! [`offizin_sandbox::Sandbox`].

use std::{net::SocketAddr, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};
use offizin_sandbox::{
    AnswerFault, AnswerRule, ApiKey, Call, Config, DEMO_KEY, Faults, MANAGEMENT_PERMISSIONS, Odds, Pace, RateLimit,
    Reach, Retry, Sandbox, Switches,
    evitalrx::{self, Caller, Tale, api::OrdersApi},
    presets,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// The providers as their documents describe them, on loopback, with faults on request.
#[derive(Debug, Parser)]
#[command(version)]
struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve both APIs and deliver the lives of invented orders to whoever subscribes.
    #[command(after_long_help = KEYS)]
    Serve(Box<Serve>),
    /// Be eVitalRx: tell the lives of invented orders to one address, unsigned, each call once.
    Evitalrx(Evitalrx),
}

#[derive(Debug, clap::Args)]
struct Evitalrx {
    /// The address that was handed over at onboarding.
    #[arg(long)]
    target: url::Url,
    /// How many orders: each tale in turn.
    #[arg(long, default_value_t = 10)]
    orders: u64,
    /// Calls a second; 0 makes them as fast as they are answered.
    #[arg(long, default_value_t = 2.0)]
    rate: f64,
    /// The number of the first order.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Make each call twice.
    #[arg(long)]
    duplicate: bool,
    /// Numbers as text and text as numbers, where the documents show both.
    #[arg(long)]
    drift: bool,
    /// A header that was agreed on, as NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE")]
    header: Option<String>,
    /// Serve the orders API here, too, to whoever has the key `sandbox`, until interrupted.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

const KEYS: &str = "Preset API keys, for the header X-API-Key:
  sandbox-organisation               Management API, every permission
  sandbox-organisation-read-only     Management API, may list only
  sandbox-organisation-no-webhooks   Management API, orders and prescriptions only
  sandbox-pharmacy                   External Pharmacy API, one pharmacy, every permission
  sandbox-pharmacy-read-only         External Pharmacy API, one pharmacy, may list only
  sandbox-pharmacy-no-webhooks       External Pharmacy API, one pharmacy, orders and stock only
  sandbox-pharmacy-group             External Pharmacy API, four pharmacies, must name pharmacy_uid

Switches and faults can be changed while it runs, at /_sandbox/switches and /_sandbox/faults; /_sandbox/state shows everything.";

#[derive(Debug, clap::Args)]
struct Serve {
    /// Where to listen; loopback only. Port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// How many orders live; 0 without end.
    #[arg(long, default_value_t = 0)]
    orders: u64,
    /// Events a second, from when there are subscriptions; 0 tells everything at once.
    #[arg(long, default_value_t = 2.0)]
    rate: f64,
    /// The same seed lives the same lives.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Nothing happens until POST /_sandbox/emit?events=N.
    #[arg(long)]
    paused: bool,
    /// The time of the first event, as 2026-05-04T08:00:00Z; without it the story begins when it is first told.
    #[arg(long)]
    starts_at: Option<jiff::Timestamp>,
    /// Seconds without a new subscription before the story begins.
    #[arg(long, default_value_t = 2.0)]
    quiet: f64,
    /// Another key that may do everything at the Management API.
    #[arg(long = "api-key", value_name = "KEY")]
    api_keys: Vec<String>,
    /// A switch, as delete_by=path or management_secret=false.
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    switches: Vec<String>,
    /// A fault in deliveries, as duplicate=0.1 or drop=3x, or in answers, as create:lost=1x or any:hang=0.05.
    #[arg(long = "fault", value_name = "NAME=ODDS")]
    faults: Vec<String>,
    /// Milliseconds before the first retry; the pause doubles with every further one, up to a minute.
    #[arg(long, default_value_t = 1_000)]
    retry_after_ms: u64,
    /// Deliveries under way at the same time for one subscription; with 1 they arrive in order.
    #[arg(long, default_value_t = 1)]
    parallel: usize,
    /// Answer as often as one asks, instead of 10 requests a second and 600 a minute.
    #[arg(long)]
    no_rate_limit: bool,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    #[error(transparent)]
    Start(#[from] offizin_sandbox::StartError),
    #[error("cannot watch for signals: {0}")]
    Signals(std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info")),
        )
        .with_writer(std::io::stderr)
        .init();
    let done = match Flags::parse().command {
        Command::Serve(flags) => serve(*flags).await,
        Command::Evitalrx(flags) => tell(flags).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tracing::error!("{failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

#[expect(clippy::print_stdout, reason = "the line that says it is ready is for whoever started it")]
async fn serve(flags: Serve) -> Result<(), Failure> {
    let listen = flags.listen;
    let config = config(flags)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Signals)?;
    let listener = TcpListener::bind(listen).await.map_err(|error| Failure::Listen(listen, error))?;
    let sandbox = Sandbox::serve_on(listener, config)?;
    println!("offizin-sandbox ready at {} with API key {DEMO_KEY}", sandbox.base_url());
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    sandbox.shutdown().await;
    Ok(())
}

/// Tells one tale after the other, and says how many calls were accepted.
#[expect(clippy::print_stdout, reason = "what came of it is for whoever started it")]
async fn tell(flags: Evitalrx) -> Result<(), Failure> {
    let header = flags.header.as_deref().map(split).transpose()?;
    let header = header.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let caller = Caller::new(flags.target, header).map_err(|error| Failure::Start(error.into()))?;
    let pause = if flags.rate > 0.0 { 1.0 / flags.rate } else { 0.0 };
    let pause = Duration::try_from_secs_f64(pause).map_err(|error| Failure::Usage(format!("--rate: {error}")))?;
    let api = match flags.listen {
        Some(listen) => {
            let listener = TcpListener::bind(listen).await.map_err(|error| Failure::Listen(listen, error))?;
            let address = listener.local_addr().map_err(|error| Failure::Listen(listen, error))?;
            let api = OrdersApi::serve_on(listener, address, "sandbox");
            println!("offizin-sandbox answers for orders at {} with API key sandbox", api.base_url());
            Some(api)
        }
        None => None,
    };
    let (mut made, mut accepted) = (0u64, 0u64);
    for (number, tale) in
        (flags.first..).take(usize::try_from(flags.orders).unwrap_or(usize::MAX)).zip(Tale::ALL.into_iter().cycle())
    {
        for call in evitalrx::tell(tale, number, flags.drift) {
            if let Some(api) = &api {
                api.note(&call);
            }
            for _ in 0..=u8::from(flags.duplicate) {
                made += 1;
                accepted += u64::from(caller.call(&call).await.is_some_and(|status| (200..300).contains(&status)));
                tokio::time::sleep(pause).await;
            }
        }
    }
    println!("offizin-sandbox made {made} calls, {accepted} were accepted");
    if api.is_some() {
        signal(SignalKind::interrupt()).map_err(Failure::Signals)?.recv().await;
    }
    Ok(())
}

fn config(flags: Serve) -> Result<Config, Failure> {
    let step = Duration::from_secs(60);
    let pace = match flags.rate {
        _ if flags.paused => Pace::Manual { step },
        0.0 => Pace::AtOnce { step },
        rate => Pace::Rate(rate),
    };
    let mut keys = presets();
    for (number, key) in flags.api_keys.iter().enumerate() {
        let name = format!("own-{}", number + 1);
        keys.push(ApiKey::new(&name, key, Reach::Organisation, MANAGEMENT_PERMISSIONS));
    }
    Ok(Config {
        seed: flags.seed,
        orders: flags.orders,
        pace,
        starts_at: flags.starts_at,
        keys,
        switches: switches(&flags.switches)?,
        faults: faults(&flags.faults)?,
        rate_limit: if flags.no_rate_limit { RateLimit::NONE } else { RateLimit::DOCUMENTED },
        retry: Retry { first_pause: Duration::from_millis(flags.retry_after_ms), ..Retry::default() },
        parallel: flags.parallel,
        remember: 5_000,
        quiet: Duration::try_from_secs_f64(flags.quiet).map_err(|error| Failure::Usage(format!("--quiet: {error}")))?,
    })
}

fn split(assignment: &str) -> Result<(&str, &str), Failure> {
    assignment.split_once('=').ok_or_else(|| Failure::Usage(format!("`{assignment}` is not NAME=VALUE")))
}

fn read<T: DeserializeOwned>(what: &str, value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| Failure::Usage(format!("{what}: {error}")))
}

/// `false` and `3` are what they look like, everything else is a word.
fn word(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

fn switches(assignments: &[String]) -> Result<Switches, Failure> {
    let mut fields = Map::new();
    for assignment in assignments {
        let (name, value) = split(assignment)?;
        fields.insert(name.to_owned(), word(value));
    }
    read("--switch", Value::Object(fields))
}

fn faults(assignments: &[String]) -> Result<Faults, Failure> {
    let mut fields = Map::new();
    let mut answers = Vec::new();
    for assignment in assignments {
        let (name, value) = split(assignment)?;
        if name.ends_with("_ms") {
            fields.insert(name.to_owned(), word(value));
            continue;
        }
        let odds: Odds = value.parse().map_err(|error| Failure::Usage(format!("--fault {name}: {error}")))?;
        match name.split_once(':') {
            Some((call, fault)) => {
                let on: Call = read("--fault", json!(call))?;
                let fault: AnswerFault = match fault.parse::<u16>() {
                    Ok(status) => AnswerFault::Status(status),
                    Err(_) => read("--fault", json!(fault))?,
                };
                answers.push(AnswerRule { on, fault, odds });
            }
            None => {
                fields.insert(name.to_owned(), json!(odds));
            }
        }
    }
    let mut faults: Faults = read("--fault", Value::Object(fields))?;
    faults.answers = answers;
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use offizin_sandbox::DeleteBy;

    use super::*;

    fn flags(arguments: &[&str]) -> Result<Config, Failure> {
        let parsed = Flags::try_parse_from([&["offizin-sandbox", "serve"], arguments].concat());
        let Command::Serve(flags) = parsed.map_err(|error| Failure::Usage(error.to_string()))?.command else {
            return Err(Failure::Usage("serve".into()));
        };
        config(*flags)
    }

    #[test]
    fn the_flags_are_sound() {
        use clap::CommandFactory;
        Flags::command().debug_assert();
    }

    #[test]
    fn switches_and_faults_are_read() {
        let config = flags(&[
            "--switch",
            "delete_by=path",
            "--switch",
            "management_secret=false",
            "--switch",
            "retry_after=3",
            "--fault",
            "duplicate=0.5",
            "--fault",
            "drop=2x",
            "--fault",
            "slow_ms=10",
            "--fault",
            "create:lost=1x",
            "--fault",
            "list:503=1x",
        ])
        .unwrap();
        assert_eq!(config.switches.delete_by, DeleteBy::Path);
        assert!(!config.switches.management_secret);
        assert_eq!(config.switches.retry_after, Some(3));
        assert_eq!((config.faults.duplicate, config.faults.drop), (Odds::Chance(0.5), Odds::next(2)));
        assert_eq!(config.faults.slow_ms, 10);
        let rules = [
            AnswerRule { on: Call::Create, fault: AnswerFault::Lost, odds: Odds::next(1) },
            AnswerRule { on: Call::List, fault: AnswerFault::Status(503), odds: Odds::next(1) },
        ];
        assert_eq!(config.faults.answers, rules);
    }

    #[test]
    fn what_nobody_knows_is_wrong_usage() {
        for wrong in [
            ["--switch", "delete_by=fax"],
            ["--switch", "delete_by"],
            ["--switch", "colour=blue"],
            ["--fault", "duplicate=often"],
            ["--fault", "gremlins=1x"],
            ["--fault", "create:gremlins=1x"],
            ["--fault", "dance:lost=1x"],
            ["--quiet", "-1"],
        ] {
            assert!(matches!(flags(&wrong), Err(Failure::Usage(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_rate_of_zero_means_at_once_and_paused_wins() {
        assert!(matches!(flags(&["--rate", "0", "--orders", "3"]).unwrap().pace, Pace::AtOnce { .. }));
        assert!(matches!(flags(&["--rate", "0", "--paused"]).unwrap().pace, Pace::Manual { .. }));
        assert_eq!(flags(&[]).unwrap().pace, Pace::Rate(2.0));
    }
}
