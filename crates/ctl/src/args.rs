//! The words of the command line: what can be said, not what it does.
//!
//! Longer than 500 lines because every command and option of the program is declared here; it is to be split by subject.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The scriptable shell over the desk. It shares its data folder with the window.
///
/// Exit code 0: done; 1: a problem, told on standard error (as {"code","detail"} with --json); 2: wrong usage.
#[derive(Parser)]
#[command(name = "offizinctl", version, propagate_version = true)]
pub(crate) struct Cli {
    /// The data folder; the platform's own when absent.
    #[arg(long, env = "OFFIZIN_HOME", global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Machine-readable output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Pair with a relay; `-` reads the pairing code from standard input.
    Pair {
        code: String,
        /// What this computer shall be called at the relay.
        #[arg(long, default_value = "")]
        device_name: String,
    },
    /// Leave the relay. What was pulled stays; what the relay still holds for this desk is given up.
    Unpair {
        /// Yes, leave it.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Connections to providers.
    #[command(subcommand)]
    Connection(Connection),
    /// Webhook subscriptions.
    #[command(subcommand)]
    Subscription(Subscription),
    /// Rotations under way, and those that ended within a week.
    #[command(subcommand)]
    Rotation(Rotation),
    /// Addresses made by hand, to paste into a provider's portal.
    #[command(subcommand)]
    Inlet(Inlet),
    /// Desks that share this inbox at the relay.
    #[command(subcommand)]
    Device(Device),
    /// Pull until nothing is left, and print what arrived.
    Sync {
        /// Go on waiting for more, until interrupted.
        #[arg(long)]
        follow: bool,
    },
    /// Orders.
    #[command(subcommand)]
    Order(Order),
    /// Stock levels.
    #[command(subcommand)]
    Stock(Stock),
    /// Who had which prescription.
    #[command(subcommand)]
    Assignment(Assignment),
    /// Arrivals, quarantine included.
    #[command(subcommand)]
    Event(Event),
    /// The journal and what is folded from it.
    #[command(subcommand)]
    Ledger(Ledger),
    /// What administrators did: who, when, what, and how it ended.
    Audit {
        #[command(flatten)]
        page: PageArgs,
    },
    /// How this desk reaches the network: proxy, root certificates, timeout.
    #[command(subcommand)]
    Network(Network),
    /// How the window looks and speaks, and what the desk reminds of.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// The desk at a glance.
    Status,
    /// What this desk stands on: folder, keyring, database, relay, connections. Tells no secret.
    Diagnose,
}

#[derive(Args)]
pub(crate) struct PageArgs {
    /// How many rows at the most, 1 to 500.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: Option<u32>,
    /// `next` of the page before.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) after: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ProviderArg {
    Rxscale,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ApiArg {
    Management,
    Pharmacy,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum DeleteArg {
    Path,
    Query,
    Body,
}

#[derive(Subcommand)]
pub(crate) enum Connection {
    /// Add a connection; the API key is read from standard input.
    Add {
        name: String,
        #[arg(long, value_enum)]
        provider: ProviderArg,
        #[arg(long, value_enum, default_value = "management")]
        api: ApiArg,
        /// The provider's production host when absent.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// Needed with a group key.
        #[arg(long, value_name = "UID")]
        pharmacy_uid: Option<String>,
        /// Where the API begins; the documented path when absent.
        #[arg(long, value_name = "PATH", default_value = "")]
        base_path: String,
        /// How the provider deletes, where its documents do not say.
        #[arg(long, value_enum, value_name = "HOW")]
        delete_strategy: Option<DeleteArg>,
        /// Use the provider's test call.
        #[arg(long)]
        test_call: bool,
        /// Accept `sha256=` before a signature, too.
        #[arg(long)]
        signature_prefix: bool,
        /// A JSON object to send as `meta_data` with every create.
        #[arg(long, value_name = "JSON", default_value = "")]
        meta_data: String,
    },
    /// All connections.
    List,
    /// What the key can do, found out by reading only.
    Check { name: String },
    /// Change what is named; the rest stays.
    Edit {
        name: String,
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Read another API key from standard input.
        #[arg(long)]
        replace_key: bool,
        /// Empty for none.
        #[arg(long, value_name = "UID")]
        pharmacy_uid: Option<String>,
        /// Empty for the documented path.
        #[arg(long, value_name = "PATH")]
        base_path: Option<String>,
        #[arg(long, value_enum, value_name = "HOW")]
        delete_strategy: Option<DeleteArg>,
        #[arg(long, value_name = "true|false")]
        test_call: Option<bool>,
        #[arg(long, value_name = "true|false")]
        signature_prefix: Option<bool>,
        /// Empty for none.
        #[arg(long, value_name = "JSON")]
        meta_data: Option<String>,
    },
    /// Remove a connection without subscriptions, and its key. Its events stay.
    Remove {
        name: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

#[derive(Args)]
pub(crate) struct ConfirmArgs {
    /// The connection's name once more: wanted for production.
    #[arg(long, value_name = "NAME")]
    pub(crate) confirm: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Subscription {
    /// Our subscriptions and the provider's.
    List {
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// Do not ask the providers; show the last listing.
        #[arg(long)]
        offline: bool,
    },
    /// Register one subscription per type.
    Register {
        #[arg(long, value_name = "NAME")]
        connection: String,
        /// One of the provider's event types; may be repeated.
        #[arg(long = "type", required = true, num_args = 1.., value_name = "TYPE")]
        types: Vec<String>,
    },
    /// Ask the provider for a test event.
    Test { id: String },
    /// Store a signing secret; it is read from standard input. What waited in quarantine for it is verified.
    Secret { id: String },
    /// Rotate: a fresh one is made and proven before the old one is removed. Works on until each waits for something.
    Rotate {
        #[arg(required_unless_present = "all", value_name = "ID")]
        ids: Vec<String>,
        /// Every active subscription of the connection.
        #[arg(long, requires = "connection", conflicts_with = "ids")]
        all: bool,
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
        /// How long the old address and secret stay valid after the switch, in hours (`72h`) or days (`3d`).
        #[arg(long, value_name = "TIME", default_value = "72h", value_parser = grace)]
        grace: i64,
    },
    /// Take over a subscription that was made in the provider's portal with the address of an inlet of ours; its secret is
    /// read from standard input.
    Adopt {
        /// The provider's uid, as listed.
        uid: String,
        /// Needed where two connections list the same uid.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Delete one subscription of ours, or, by its uid and after its connection's name, a foreign one.
    Remove {
        id: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

/// `72h` or `3d`, in hours.
fn grace(text: &str) -> Result<i64, String> {
    let (digits, factor) = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(digits), _) => (digits, 1),
        (_, Some(digits)) => (digits, 24),
        _ => return Err("hours (72h) or days (3d) are wanted".to_owned()),
    };
    let hours = digits.parse::<u16>().map_err(|_| "hours (72h) or days (3d) are wanted".to_owned())?;
    Ok(i64::from(hours) * factor)
}

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

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ProxyArg {
    System,
    None,
    Custom,
}

#[derive(Subcommand)]
pub(crate) enum Network {
    /// As it is.
    Get,
    /// Change what is named; the rest stays.
    Set {
        #[arg(long, value_enum)]
        proxy: Option<ProxyArg>,
        /// For `--proxy custom`.
        #[arg(long, value_name = "URL")]
        proxy_url: Option<String>,
        /// A PEM file with additional root certificates; `-` removes them.
        #[arg(long, value_name = "FILE")]
        root_certificates: Option<PathBuf>,
        /// How long an answer may take, in seconds.
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u32>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum SourceArg {
    Rxscale,
    RxscalePubsub,
    Evitalrx,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RejectionsArg {
    /// The sender tells final rejections only.
    FinalOnly,
    /// It tells each rejection.
    Each,
    /// Nobody knows: the order stays open.
    NotSure,
}

#[derive(Subcommand)]
pub(crate) enum Inlet {
    /// Make an address; prints it.
    Add {
        name: String,
        #[arg(long, value_enum)]
        source: SourceArg,
        /// The connection whose orders it speaks of.
        #[arg(long, value_name = "NAME")]
        connection: Option<String>,
    },
    /// Addresses made by hand.
    List,
    /// Change what protects an address whose source does not sign, and what its silence means.
    Set {
        id: String,
        /// What a rejection without a word on finality means.
        #[arg(long, value_enum)]
        rejections: Option<RejectionsArg>,
        /// A header that every delivery must carry, `none` for none. `inlet secret` stores its value.
        #[arg(long, value_name = "NAME")]
        header: Option<String>,
    },
    /// Make a second address for a source that does not sign; the first answers until the grace period is over.
    Rotate {
        id: String,
        /// For example 72h; three days when absent.
        #[arg(long, value_name = "SPAN")]
        grace: Option<jiff::SignedDuration>,
    },
    /// Store its signing secret, or the value of the header it asks for; it is read from standard input.
    Secret { id: String },
    /// Store the key with which orders are confirmed with eVitalRx; it is read from standard input.
    Key {
        id: String,
        /// The API's host; production when absent.
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// Forget the key that is stored.
        #[arg(long, conflicts_with = "base_url")]
        forget: bool,
    },
    /// Retire an address: it answers 410 from then on.
    Remove {
        id: String,
        #[command(flatten)]
        confirm: ConfirmArgs,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    Csv,
    Json,
}

/// All of it must hold.
#[derive(Args)]
pub(crate) struct OrderFilter {
    #[arg(long)]
    pub(crate) status: Option<String>,
    /// The beginnings of words: name, uid, shop's number, product, PZN, pharmacy, patient, doctor.
    #[arg(long)]
    pub(crate) search: Option<String>,
    /// Only what needs attention.
    #[arg(long)]
    pub(crate) attention: bool,
    /// Only what is neither finished nor stopped.
    #[arg(long)]
    pub(crate) open: bool,
    /// Only orders with a priority.
    #[arg(long)]
    pub(crate) urgent: bool,
    /// The pharmacy has a lane of it, or had.
    #[arg(long, value_name = "UID")]
    pub(crate) pharmacy: Option<String>,
    /// As `order filters` names it.
    #[arg(long, value_name = "CODE")]
    pub(crate) delivery_type: Option<String>,
    #[arg(long)]
    pub(crate) shop: Option<String>,
    /// Only open orders that have had their status for so many hours.
    #[arg(long, value_name = "HOURS")]
    pub(crate) age: Option<u32>,
}

#[derive(Subcommand)]
pub(crate) enum Device {
    /// Desks that share this inbox, with when they were last seen and what waits for them.
    List,
    /// Give a desk another name.
    Rename { id: String, name: String },
    /// Revoke a desk: it can fetch nothing from then on. For this one it is `unpair`.
    Remove {
        id: String,
        /// Yes, revoke it.
        #[arg(long, required = true)]
        yes: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Order {
    /// Orders, newest order first.
    List {
        #[command(flatten)]
        filter: OrderFilter,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Write orders into a file, without their patients.
    Export {
        file: std::path::PathBuf,
        #[arg(long, value_enum, default_value = "csv")]
        format: FormatArg,
        /// Yes, write health data too: names, addresses, birth dates and numbers of patients.
        #[arg(long)]
        with_patients: bool,
        #[command(flatten)]
        filter: OrderFilter,
    },
    /// What orders can be filtered by, with how many orders each.
    Filters,
    /// One order, without its patient. The uid of one of its lanes will do.
    Show { uid: String },
    /// Everything that happened to one order, oldest first.
    Timeline { uid: String },
    /// Who had the prescriptions of one order, where identifiers and shop agree exactly.
    Assignments { uid: String },
    /// How each lane is handed over: who brings it, links. Not the handover code.
    Handover { uid: String },
    /// The handover code of one lane.
    Pin {
        uid: String,
        /// The lane; what is said of the whole order when absent.
        #[arg(long, value_name = "UID")]
        lane: Option<String>,
        /// Yes, print it.
        #[arg(long, required = true)]
        reveal: bool,
    },
    /// What came of asking the provider's API of one order; with `--ask`, ask it now. Asking costs credits.
    Confirm {
        uid: String,
        /// Yes, ask.
        #[arg(long)]
        ask: bool,
    },
    /// The patient of one order.
    Patient {
        uid: String,
        /// Yes, print health data.
        #[arg(long, required = true)]
        reveal: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum Stock {
    /// Stock levels: empty ones first, then low ones, then by level.
    List {
        #[arg(long)]
        search: Option<String>,
        /// Only what is low by its threshold.
        #[arg(long, conflicts_with = "as_of")]
        low: bool,
        /// As it was known to be at this moment, for example 2026-05-01T12:00:00Z; by level alone.
        #[arg(long, value_name = "TIME")]
        as_of: Option<jiff::Timestamp>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Known levels of one product, newest first.
    History {
        pharmacy_sku_uid: String,
        /// Up to this moment.
        #[arg(long, value_name = "TIME")]
        as_of: Option<jiff::Timestamp>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// From when on a product is low, where it has no threshold of its own. Without options: as it is.
    Rule {
        #[command(flatten)]
        threshold: ThresholdArgs,
    },
    /// Give one product a threshold of its own; without options the rule counts for it again.
    Threshold {
        pharmacy_sku_uid: String,
        #[command(flatten)]
        threshold: ThresholdArgs,
    },
}

#[derive(Args)]
pub(crate) struct ThresholdArgs {
    /// Low at so many pieces or fewer.
    #[arg(long, value_name = "N")]
    pub(crate) pieces: Option<i64>,
    /// Low when it lasts for so many days or fewer.
    #[arg(long, value_name = "N")]
    pub(crate) days: Option<i64>,
}

#[derive(Subcommand)]
pub(crate) enum Assignment {
    /// Assignments, newest first.
    List {
        #[arg(long, value_name = "UID")]
        prescription: Option<String>,
        #[arg(long, value_name = "UID")]
        doctor: Option<String>,
        /// Begun by this reason, exactly as the provider writes it.
        #[arg(long)]
        reason: Option<String>,
        #[arg(long)]
        shop: Option<String>,
        /// Only those that go on.
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One prescription and everybody who had it, oldest first.
    Prescription { uid: String },
    /// Doctors with what they have, were given and lost; those with the most open prescriptions first.
    Doctors {
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// One doctor, by reason.
    Doctor { uid: String },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum VerdictArg {
    Accepted,
    Unrecognised,
    Rejected,
}

#[derive(Subcommand)]
pub(crate) enum Event {
    /// Arrivals, newest first.
    List {
        #[arg(long, value_enum)]
        verdict: Option<VerdictArg>,
        #[arg(long = "type", value_name = "TYPE")]
        event_type: Option<String>,
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// What proves one event.
    Show {
        id: String,
        /// Write the raw body to standard output instead, byte for byte. It is health data.
        #[arg(long)]
        raw: bool,
        /// Print its fields one by one instead. It is health data.
        #[arg(long, conflicts_with = "raw")]
        fields: bool,
    },
    /// Check hash and signature of one event again.
    Verify { id: String },
    /// Take in deliveries that were captured in a file; docs/deliveries.md describes it. Each is verified like any other.
    Import {
        file: std::path::PathBuf,
        /// The address they shall count as received at, by id or name, where the file's own is not of this desk.
        #[arg(long, value_name = "INLET")]
        inlet: Option<String>,
    },
    /// Write raw deliveries into a file, with everything that proves them. They are health data.
    Export {
        file: std::path::PathBuf,
        #[arg(long, value_enum)]
        verdict: Option<VerdictArg>,
        #[arg(long = "type", value_name = "TYPE")]
        event_type: Option<String>,
        #[arg(long)]
        search: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum Ledger {
    /// Throw orders and stock away and fold them anew from the journal.
    Rebuild,
    /// Check every body against its hash, and what is shown against a rebuild.
    Verify,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LanguageArg {
    System,
    De,
    En,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum ThemeArg {
    System,
    Light,
    Dark,
    Contrast,
}

#[derive(Subcommand)]
pub(crate) enum SettingsCommand {
    /// As they are.
    Get,
    /// Change what is named; the rest stays.
    Set {
        #[arg(long, value_enum)]
        language: Option<LanguageArg>,
        #[arg(long, value_enum)]
        theme: Option<ThemeArg>,
        /// Taller rows.
        #[arg(long, value_name = "true|false")]
        roomy: Option<bool>,
        /// Keep running in the tray when the window is closed.
        #[arg(long, value_name = "true|false")]
        keep_in_tray: Option<bool>,
        /// Call a signing secret due when it is older than so many days; 0 for never. Nothing is rotated by itself.
        #[arg(long, value_name = "DAYS")]
        rotate_after_days: Option<u32>,
    },
}
