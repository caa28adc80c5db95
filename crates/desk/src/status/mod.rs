//! The state of the desk at a glance: what the status bar, the navigation and the first run are drawn from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub(crate) mod desk;

pub use crate::tag::Tag;
use crate::{
    attention::AttentionView, connections::view::ConnectionView, problem::Problem,
    subscriptions::view::SubscriptionCountsView,
};

/// How pulling goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PullState {
    /// Not paired, or never tried.
    Never,
    /// The last attempt reached the relay.
    Reachable,
    /// The last attempt failed; the problem says why.
    Failing,
}

/// The relay this desk is paired with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RelayView {
    /// Its address.
    pub url: String,
    /// The operator's name for our inbox.
    pub inbox_name: String,
    /// What this computer is called there.
    pub device_name: String,
    /// Ours.
    #[ts(type = "string")]
    pub paired_at: Timestamp,
    /// How pulling goes.
    pub state: PullState,
    /// Last attempt.
    #[ts(type = "string | null")]
    pub last_attempt_at: Option<Timestamp>,
    /// Last attempt that reached the relay.
    #[ts(type = "string | null")]
    pub last_success_at: Option<Timestamp>,
    /// Everything the relay accepted before this moment is on this disk.
    #[ts(type = "string | null")]
    pub complete_until: Option<Timestamp>,
    /// Segments the relay still holds for us, as of the last answer.
    #[ts(type = "number")]
    pub behind: i64,
    /// Why the last attempt failed.
    pub problem: Option<Problem>,
}

/// How much there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CountsView {
    /// Orders.
    #[ts(type = "number")]
    pub orders: i64,
    /// Orders that need attention.
    #[ts(type = "number")]
    pub attention: i64,
    /// Products with a known level.
    #[ts(type = "number")]
    pub stock: i64,
    /// Products that are low by their threshold.
    #[ts(type = "number")]
    #[serde(default)]
    pub low: i64,
    /// Distinct events.
    #[ts(type = "number")]
    pub events: i64,
    /// Events that were not understood.
    #[ts(type = "number")]
    pub unrecognised: i64,
    /// Deliveries in quarantine.
    #[ts(type = "number")]
    pub quarantine: i64,
    /// Segments that could not be opened.
    #[ts(type = "number")]
    pub unopened: i64,
    /// Active subscriptions of ours.
    #[ts(type = "number")]
    pub subscriptions: i64,
    /// What is to be said of subscriptions and rotations.
    #[serde(flatten)]
    #[ts(flatten)]
    pub watched: SubscriptionCountsView,
}

/// The desk at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StatusView {
    /// Version of the program.
    pub version: String,
    /// Where the data lies.
    pub home: String,
    /// The relay, once paired.
    pub relay: Option<RelayView>,
    /// Connections by name.
    pub connections: Vec<ConnectionView>,
    /// How much there is.
    pub counts: CountsView,
    /// What needs a person.
    pub attention: AttentionView,
    /// Newest receipt.
    #[ts(type = "string | null")]
    pub last_event_at: Option<Timestamp>,
}

/// What one pull brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PulledView {
    /// Segments read.
    #[ts(type = "number")]
    pub segments: u64,
    /// Deliveries in them.
    #[ts(type = "number")]
    pub deliveries: u64,
    /// Events not seen before.
    #[ts(type = "number")]
    pub events: u64,
    /// Deliveries of events seen before.
    #[ts(type = "number")]
    pub duplicates: u64,
    /// Deliveries now in quarantine.
    #[ts(type = "number")]
    pub rejected: u64,
    /// Segments that could not be opened.
    #[ts(type = "number")]
    pub unopened: u64,
    /// Segments the relay still held after it.
    #[ts(type = "number")]
    pub behind: u64,
    /// The cursor after it.
    #[ts(type = "number")]
    pub cursor: u64,
    /// What changed.
    pub changed: Vec<Tag>,
}

/// What tending came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TendedView {
    /// What changed.
    pub changed: Vec<Tag>,
    /// Tend again after so many milliseconds, if nothing else is a reason sooner.
    #[ts(type = "number")]
    pub next_in_ms: u64,
}

/// Pair with a relay.
#[derive(Clone, Deserialize, TS)]
pub struct PairInput {
    /// What the operator handed over.
    pub code: String,
    /// What this computer shall be called; the host name when empty.
    #[serde(default)]
    pub device_name: String,
}

/// Language of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// As the system says.
    #[default]
    System,
    /// German.
    De,
    /// English.
    En,
}

/// Colours of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// High contrast.
    Contrast,
}

/// How the window looks and speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Settings {
    /// Language.
    pub language: Language,
    /// Colours.
    pub theme: Theme,
    /// Taller rows.
    pub roomy: bool,
    /// The first run was finished or left for good.
    pub first_run_done: bool,
    /// Keep running in the tray when the window is closed.
    pub keep_in_tray: bool,
    /// Filters of the order list that somebody gave a name. A search may name a patient: they are kept here and nowhere else.
    pub order_views: Vec<SavedView>,
}

/// A filter with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SavedView {
    /// As somebody called it.
    pub name: String,
    /// As the window writes them into its address.
    pub filters: BTreeMap<String, String>,
}
