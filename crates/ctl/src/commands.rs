//! All commands of `offizinctl`, one file for each subject. A subject's file holds its arguments, the calls of the desk that it
//! makes and what it prints for people. A new command of a subject is written in that file alone; a new subject is its file and its
//! entry here.

mod assignments;
mod audit;
mod connections;
mod devices;
pub(crate) mod diagnose;
mod events;
mod inlets;
mod ledger;
mod network;
mod orders;
mod relay;
mod rotations;
mod settings;
mod status;
mod stock;
mod subscriptions;

use clap::Subcommand;
use offizin_desk::Problem;

use crate::shell::Shell;

/// Makes the enum of all subjects, in the order in which `--help` lists them, and hands each to its own `run`.
macro_rules! subjects {
    ($($(#[$about:meta])* $name:ident($arguments:path),)*) => {
        #[derive(Subcommand)]
        pub(crate) enum Subject {
            $($(#[$about])* $name($arguments),)*
        }

        impl Subject {
            pub(crate) async fn run(self, shell: &Shell) -> Result<(), Problem> {
                match self {
                    $(Self::$name(arguments) => arguments.run(shell).await,)*
                }
            }
        }
    };
}

subjects! {
    /// Pair with a relay; `-` reads the pairing code from standard input.
    Pair(relay::Pair),
    /// Leave the relay. What was pulled stays; what the relay still holds for this desk is given up.
    Unpair(relay::Unpair),
    /// Connections to providers.
    #[command(subcommand)]
    Connection(connections::Connection),
    /// Webhook subscriptions.
    #[command(subcommand)]
    Subscription(subscriptions::Subscription),
    /// Rotations under way, and those that ended within a week.
    #[command(subcommand)]
    Rotation(rotations::Rotation),
    /// Addresses made by hand, to paste into a provider's portal.
    #[command(subcommand)]
    Inlet(inlets::Inlet),
    /// Desks that share this inbox at the relay.
    #[command(subcommand)]
    Device(devices::Device),
    /// Pull until nothing is left, and print what arrived.
    Sync(relay::Sync),
    /// Orders.
    #[command(subcommand)]
    Order(orders::Order),
    /// Stock levels.
    #[command(subcommand)]
    Stock(stock::Stock),
    /// Who had which prescription.
    #[command(subcommand)]
    Assignment(assignments::Assignment),
    /// Arrivals, quarantine included.
    #[command(subcommand)]
    Event(events::Event),
    /// The journal and what is folded from it.
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// What administrators did: who, when, what, and how it ended.
    Audit(audit::Audit),
    /// How this desk reaches the network: proxy, root certificates, timeout.
    #[command(subcommand)]
    Network(network::Network),
    /// How the window looks and speaks, and what the desk reminds of.
    #[command(subcommand)]
    Settings(settings::Settings),
    /// The desk at a glance.
    Status(status::Status),
}

/// What can be typed after `offizinctl`.
#[derive(Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Subject(Subject),
    /// What this desk stands on: folder, keyring, database, relay, connections. Tells no secret.
    // It has to say why a desk does not open, so it is the one command that is not handed an open one.
    Diagnose,
}
