//! The flags of `offizin-relay`, each also an environment variable `OFFIZIN_RELAY_…`, and how people write times and sizes.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use offizin_relay::{Config, IpNet, Limits, Nats, Retention, Store, TlsFiles};
use url::Url;

/// Takes deliveries from providers, seals them to the paired desks and keeps them until every desk has them.
#[derive(Parser)]
#[command(name = "offizin-relay", version, about)]
pub(crate) struct Flags {
    /// File with settings, `name = value` in TOML; flags and environment go before it.
    // Read before flags are; named here to be documented.
    #[arg(long, env = "OFFIZIN_RELAY_CONFIG", global = true, value_name = "FILE")]
    _config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve until SIGINT or SIGTERM.
    Serve(Box<ServeFlags>),
    /// Make, list and remove inboxes; also while the relay serves.
    Inbox(InboxFlags),
    /// Copy a SQLite store into a file, while a relay serves it.
    Backup {
        #[command(flatten)]
        store: StoreFlag,
        /// The file to make.
        #[arg(long)]
        to: PathBuf,
    },
    /// Make a SQLite store of a back-up, at a path where nothing is.
    Restore {
        /// The back-up.
        #[arg(long)]
        from: PathBuf,
        #[command(flatten)]
        store: StoreFlag,
    },
    /// Move inboxes to another store. No relay may serve the inboxes meanwhile.
    Migrate(MigrateFlags),
}

#[derive(Args)]
pub(crate) struct MigrateFlags {
    /// The store the inboxes are in.
    #[arg(long)]
    from: Store,
    /// The store they go to.
    #[arg(long)]
    to: Store,
    /// One inbox [default: all]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    nats: NatsFlags,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl MigrateFlags {
    /// From where, and where to.
    pub(crate) fn configs(&self) -> Result<(Config, Config), url::ParseError> {
        let url = local_url("localhost")?;
        let config = |store: &Store| Config::new(self.nats.apply(store.clone()), url.clone());
        Ok((config(&self.from), config(&self.to)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Args)]
pub(crate) struct ServeFlags {
    #[command(flatten)]
    store: StoreFlag,
    /// Address and port to listen on.
    #[arg(long, env = "OFFIZIN_RELAY_LISTEN", default_value = "127.0.0.1:8787")]
    pub(crate) listen: String,
    /// How desks and providers reach this relay [default: http:// and the address it listens on]
    #[arg(long, env = "OFFIZIN_RELAY_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<Url>,
    /// Largest body of a delivery (at most 64MiB).
    #[arg(long, env = "OFFIZIN_RELAY_MAX_BODY", default_value = "32MiB", value_parser = bytes)]
    max_body: u64,
    /// Bodies that may be in memory at once.
    #[arg(long, env = "OFFIZIN_RELAY_MAX_IN_FLIGHT", default_value = "256MiB", value_parser = bytes)]
    max_in_flight: u64,
    /// How long a body may take to arrive.
    #[arg(long, env = "OFFIZIN_RELAY_BODY_TIME", default_value = "30s", value_parser = duration)]
    body_time: Duration,
    /// Deliveries per second and inlet; 0 is no limit.
    #[arg(long, env = "OFFIZIN_RELAY_INLET_RATE", default_value_t = 2_000)]
    inlet_rate: u32,
    /// Deliveries an inlet may send at once before its rate counts.
    #[arg(long, env = "OFFIZIN_RELAY_INLET_BURST", default_value_t = 4_000)]
    inlet_burst: u32,
    /// Deliveries per second over all inlets; 0 is no limit.
    #[arg(long, env = "OFFIZIN_RELAY_TOTAL_RATE", default_value_t = 50_000)]
    total_rate: u32,
    /// Deliveries that may come at once over all inlets.
    #[arg(long, env = "OFFIZIN_RELAY_TOTAL_BURST", default_value_t = 100_000)]
    total_burst: u32,
    /// Deliveries per second and network address; 0 is no limit.
    #[arg(long, env = "OFFIZIN_RELAY_ADDRESS_RATE", default_value_t = 5_000)]
    address_rate: u32,
    /// Deliveries an address may send at once before its rate counts.
    #[arg(long, env = "OFFIZIN_RELAY_ADDRESS_BURST", default_value_t = 10_000)]
    address_burst: u32,
    /// Open connections per network address, trusted proxies excepted; 0 is no limit.
    #[arg(long, env = "OFFIZIN_RELAY_ADDRESS_CONNECTIONS", default_value_t = 512)]
    address_connections: usize,
    /// Networks of proxies whose X-Forwarded-For is believed: 10.0.0.0/8,fd00::/8
    #[arg(long, env = "OFFIZIN_RELAY_TRUSTED_PROXY", value_delimiter = ',', value_parser = network)]
    trusted_proxy: Vec<IpNet>,
    /// Certificate and what leads from it to a root, in PEM; speaks TLS. Read anew when it changes, and at SIGHUP.
    #[arg(long, env = "OFFIZIN_RELAY_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[arg(long, env = "OFFIZIN_RELAY_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// How long the head of a request may take, and how long an unused connection stays open.
    #[arg(long, env = "OFFIZIN_RELAY_HEAD_TIME", default_value = "30s", value_parser = duration)]
    head_time: Duration,
    /// Open connections; further ones wait.
    #[arg(long, env = "OFFIZIN_RELAY_MAX_CONNECTIONS", default_value_t = 4_096)]
    max_connections: usize,
    /// How long a segment stays after every paired desk has it.
    #[arg(long, env = "OFFIZIN_RELAY_KEEP", default_value = "72h", value_parser = duration)]
    keep: Duration,
    /// Deletes what is older than this EVEN IF A DESK NEVER FETCHED IT, so that a dead desk cannot fill the disk.
    #[arg(long, env = "OFFIZIN_RELAY_KEEP_AT_MOST", default_value = "90d", value_parser = duration)]
    keep_at_most: Duration,
    /// A desk not seen for so long no longer holds back what another desk of its inbox has.
    #[arg(long, env = "OFFIZIN_RELAY_WAIT_FOR_DEVICE", default_value = "30d", value_parser = duration)]
    wait_for_device: Duration,
    /// Largest size of the store; deliveries are refused with 503 beyond it [default: the disk]
    #[arg(long, env = "OFFIZIN_RELAY_MAX_STORE", value_parser = bytes)]
    max_store: Option<u64>,
    /// Bytes that have to stay free on the disk of a store on this host; with less, deliveries are refused with 503.
    #[arg(long, env = "OFFIZIN_RELAY_MIN_FREE", default_value = "256MiB", value_parser = bytes)]
    min_free: u64,
    /// How often retention looks.
    #[arg(long, env = "OFFIZIN_RELAY_PRUNE_EVERY", default_value = "60s", value_parser = duration)]
    prune_every: Duration,
    /// How long a shutdown waits for requests under way.
    #[arg(long, env = "OFFIZIN_RELAY_DRAIN_TIME", default_value = "20s", value_parser = duration)]
    drain_time: Duration,
    /// How the log on standard error is written.
    #[arg(long, env = "OFFIZIN_RELAY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, or a tracing filter.
    #[arg(long, env = "OFFIZIN_RELAY_LOG", default_value = "info")]
    pub(crate) log: String,
}

impl ServeFlags {
    /// The configuration for a relay that listens on this address.
    pub(crate) fn config(self, address: SocketAddr) -> Result<Config, url::ParseError> {
        let public_url = match self.public_url {
            Some(url) => url,
            None if self.tls_cert.is_some() => Url::parse(&format!("https://{address}/"))?,
            None => local_url(&address.to_string())?,
        };
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let limits = Limits {
            body_bytes: size(self.max_body),
            bytes_in_flight: size(self.max_in_flight),
            body_time: self.body_time,
            inlet_rate: self.inlet_rate,
            inlet_burst: self.inlet_burst,
            total_rate: self.total_rate,
            total_burst: self.total_burst,
            address_rate: self.address_rate,
            address_burst: self.address_burst,
            address_connections: self.address_connections,
            connections: self.max_connections,
            head_time: self.head_time,
        };
        Ok(Config {
            limits,
            retention: Retention {
                keep: self.keep,
                keep_at_most: self.keep_at_most,
                wait_for_device: self.wait_for_device,
            },
            prune_every: self.prune_every,
            drain_time: self.drain_time,
            store_bytes: self.max_store,
            least_free: self.min_free,
            trusted_proxies: self.trusted_proxy,
            tls: self.tls_cert.zip(self.tls_key).map(|(certificate, key)| TlsFiles { certificate, key }),
            ..Config::new(self.store.store(), public_url)
        })
    }
}

#[derive(Args)]
pub(crate) struct StoreFlag {
    /// Where the log lives: sqlite:PATH, or nats://HOST[:PORT][,HOST…][/NAME]
    #[arg(long, env = "OFFIZIN_RELAY_STORE", hide_env_values = true)]
    store: Store,
    #[command(flatten)]
    nats: NatsFlags,
}

/// What only a store in NATS needs.
#[derive(Args)]
pub(crate) struct NatsFlags {
    /// Monitoring endpoints of the NATS servers, to ask whether they flush before they acknowledge [default: port 8222
    /// of every server]
    #[arg(long, env = "OFFIZIN_RELAY_NATS_MONITOR", value_delimiter = ',', value_parser = public_url)]
    nats_monitor: Vec<Url>,
    /// File with credentials for the NATS servers (.creds).
    #[arg(long, env = "OFFIZIN_RELAY_NATS_CREDENTIALS")]
    nats_credentials: Option<PathBuf>,
    /// Serve ALTHOUGH THE NATS SERVERS MAY LOSE acknowledged deliveries in a power failure.
    #[arg(long, env = "OFFIZIN_RELAY_NATS_ACCEPT_UNSYNCED")]
    nats_accept_unsynced: bool,
}

impl NatsFlags {
    fn apply(&self, store: Store) -> Store {
        match store {
            Store::Nats(nats) => Store::Nats(Nats {
                monitors: self.nats_monitor.clone(),
                credentials: self.nats_credentials.clone(),
                accept_unsynced: self.nats_accept_unsynced,
                ..nats
            }),
            store @ Store::Sqlite(_) => store,
        }
    }
}

impl StoreFlag {
    /// The store, with what belongs to it.
    pub(crate) fn store(&self) -> Store {
        self.nats.apply(self.store.clone())
    }

    /// For commands that hand out no address.
    pub(crate) fn config(self) -> Result<Config, url::ParseError> {
        Ok(Config::new(self.store(), local_url("localhost")?))
    }
}

#[derive(Args)]
pub(crate) struct InviteFlags {
    #[command(flatten)]
    store: StoreFlag,
    /// How desks and providers reach this relay; it becomes part of the code.
    #[arg(long, env = "OFFIZIN_RELAY_PUBLIC_URL", value_parser = public_url)]
    public_url: Url,
    /// How long the code can be used.
    #[arg(long, env = "OFFIZIN_RELAY_CODE_LIFE", default_value = "24h", value_parser = duration)]
    code_life: Duration,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl InviteFlags {
    pub(crate) fn config(&self) -> Config {
        Config { code_life: self.code_life, ..Config::new(self.store.store(), self.public_url.clone()) }
    }
}

#[derive(Args)]
pub(crate) struct InboxFlags {
    #[command(subcommand)]
    pub(crate) command: InboxCommand,
}

impl InboxFlags {
    pub(crate) fn json(&self) -> bool {
        match &self.command {
            InboxCommand::Add { invite, .. } | InboxCommand::Code { invite, .. } => invite.json,
            InboxCommand::List { json, .. }
            | InboxCommand::Remove { json, .. }
            | InboxCommand::Release { json, .. } => *json,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum InboxCommand {
    /// Make an inbox and print its pairing code.
    Add {
        /// What the operator calls it.
        name: String,
        #[command(flatten)]
        invite: InviteFlags,
    },
    /// Print another pairing code, for one more desk.
    Code {
        /// An existing inbox.
        name: String,
        #[command(flatten)]
        invite: InviteFlags,
    },
    /// List inboxes with what they hold.
    List {
        #[command(flatten)]
        store: StoreFlag,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Use an inbox again that a migration left on hold.
    Release {
        /// An existing inbox.
        name: String,
        #[command(flatten)]
        store: StoreFlag,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove an inbox with its devices, its inlets and everything nobody fetched.
    Remove {
        /// An existing inbox.
        name: String,
        /// Yes, delete it.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        store: StoreFlag,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

fn local_url(host: &str) -> Result<Url, url::ParseError> {
    Url::parse(&format!("http://{host}/"))
}

fn public_url(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "not a URL")?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "http" | "https" if plain => Ok(url),
        _ => Err("a public URL is http(s)://host[:port][/path]"),
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, &'static str> {
    let text = text.trim();
    let one = || text.parse::<std::net::IpAddr>().map(IpNet::from).map_err(|_| "a network is written 10.0.0.0/8");
    text.parse().or_else(|_| one())
}

/// `90s`, `30m`, `72h`, `90d`.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let (number, unit) = split(text);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err("a time is a whole number and s, m, h or d"),
    };
    let number: u64 = number.parse().map_err(|_| "a time is a whole number and s, m, h or d")?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or("that is too long")
}

/// `4096`, `512KiB`, `32MiB`, `20GiB`.
fn bytes(text: &str) -> Result<u64, &'static str> {
    let (number, unit) = split(text);
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err("a size is a whole number and KiB, MiB or GiB"),
    };
    let number: u64 = number.parse().map_err(|_| "a size is a whole number and KiB, MiB or GiB")?;
    number.checked_mul(factor).ok_or("that is too large")
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    (number, unit.trim())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_sound() {
        Flags::command().debug_assert();
    }

    #[test]
    fn every_setting_is_in_the_table() {
        let table = include_str!("../../../docs/relay.md");
        for command in Flags::command().get_subcommands_mut() {
            for flag in command.get_arguments() {
                if let (Some(long), Some(variable)) = (flag.get_long(), flag.get_env().and_then(|name| name.to_str())) {
                    let row =
                        table.lines().find(|line| line.starts_with("| `--") && line.contains(&format!("`--{long}`")));
                    assert!(row.is_some_and(|row| row.contains(&format!("`{variable}`"))), "--{long}, {variable}");
                }
            }
        }
    }

    #[test]
    fn times_and_sizes_are_written_as_people_write_them() {
        assert_eq!(duration("72h"), Ok(Duration::from_secs(259_200)));
        assert_eq!(duration("90 d"), Ok(Duration::from_secs(7_776_000)));
        assert_eq!(bytes("32MiB"), Ok(33_554_432));
        assert_eq!(bytes("4096"), Ok(4096));
        for wrong in ["", "h", "5", "5w", "-1h", "99999999999999999999d", "18446744073709551615d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "MiB", "5MB", "-1", "99999999999GiB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
