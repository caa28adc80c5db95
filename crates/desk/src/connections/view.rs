//! Connections as window and scripts see them. The API key goes in and never comes out.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{id::ConnectionId, problem::Problem};

/// Which provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// RxScale, Germany.
    Rxscale,
}

/// Which of the provider's APIs a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Organisation-wide.
    Management,
    /// One pharmacy or a group of pharmacies.
    Pharmacy,
}

/// What kind of world a connection talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real orders of real people.
    Production,
    /// The provider's test data.
    Development,
    /// A sandbox on this computer.
    Sandbox,
}

/// How a subscription is deleted: the documents of the Management API do not say, so it is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum DeleteStrategy {
    /// Not known yet: deleting is refused with an explanation. The default of the Management API.
    #[cfg_attr(feature = "clap", value(skip))]
    Off,
    /// `DELETE …/{uid}`. The default of the Pharmacy API, where it is documented.
    Path,
    /// `DELETE …/?uid={uid}`.
    Query,
    /// `DELETE …/` with the uid in a JSON body.
    Body,
}

/// Everything the documents leave open, with its safe default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct ConnectionSettings {
    /// Path of the API below the base URL; empty for the provider's default.
    pub base_path: String,
    /// How to delete; `None` for the API's default.
    pub delete: Option<DeleteStrategy>,
    /// Whether the provider's test call is used.
    pub test_call: bool,
    /// Whether `sha256=` before a signature is accepted, too. The documents show none.
    pub signature_prefix: bool,
    /// A JSON object sent as `meta_data` with every create at the Management API; empty for none.
    pub meta_data: String,
}

/// A new connection.
#[derive(Deserialize, TS)]
pub struct ConnectionInput {
    /// What the administrator calls it, 1 to 80 characters, unique.
    pub name: String,
    /// The provider.
    pub provider: Provider,
    /// The API the key is for.
    pub api: Api,
    /// `https://…`, or `http://` on loopback; the provider's production host when absent.
    pub base_url: Option<String>,
    /// Required with a group key.
    pub pharmacy_uid: Option<String>,
    /// The API key. Goes to the keyring and to the connection's own host, nowhere else.
    #[ts(type = "string")]
    pub api_key: SecretString,
    /// Settings the documents leave open.
    #[serde(default)]
    pub settings: ConnectionSettings,
}

/// Changes a connection. Host and API stay: another one is another connection.
#[derive(Deserialize, TS)]
pub struct ConnectionEditInput {
    /// Which.
    pub id: ConnectionId,
    /// What the administrator calls it, 1 to 80 characters, unique.
    pub name: String,
    /// Required with a group key.
    pub pharmacy_uid: Option<String>,
    /// Another API key; `None` keeps the one there is.
    #[ts(type = "string | null")]
    pub api_key: Option<SecretString>,
    /// Settings the documents leave open.
    pub settings: ConnectionSettings,
}

/// Removes a connection.
#[derive(Clone, Debug, Deserialize, TS)]
pub struct ConnectionRemoveInput {
    /// Which.
    pub id: ConnectionId,
    /// Its name, typed: wanted for production.
    pub confirm: Option<String>,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ConnectionView {
    /// Ours.
    pub id: ConnectionId,
    /// What the administrator calls it.
    pub name: String,
    /// The provider.
    pub provider: Provider,
    /// The API.
    pub api: Api,
    /// Scheme and host.
    pub base_url: String,
    /// Derived from the host.
    pub environment: Environment,
    /// For group keys.
    pub pharmacy_uid: Option<String>,
    /// Settings.
    pub settings: ConnectionSettings,
    /// Ours.
    #[ts(type = "string")]
    pub created_at: Timestamp,
    /// Last time the provider was asked.
    #[ts(type = "string | null")]
    pub checked_at: Option<Timestamp>,
    /// Last event that verified.
    #[ts(type = "string | null")]
    pub last_verified_at: Option<Timestamp>,
    /// Subscriptions of ours.
    pub subscriptions: u32,
}

/// One thing a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CheckStep {
    /// The host answers over TLS.
    Reachable,
    /// The API answers in JSON at the base path.
    BasePath,
    /// The key is accepted.
    Key,
    /// The key may list subscriptions.
    ReadSubscriptions,
    /// The key may create and delete them: known only from having done it.
    WriteSubscriptions,
}

/// How one step of a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It holds.
    Ok,
    /// It does not; the problem says why.
    Failed,
    /// Not known without changing something, or because an earlier step failed.
    Unknown,
}

/// One line of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CheckLineView {
    /// What was looked at.
    pub step: CheckStep,
    /// How it ended.
    pub state: CheckState,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// What a connection's key can do, found out without changing anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CheckView {
    /// No line failed.
    pub ok: bool,
    /// In the order they were looked at.
    pub lines: Vec<CheckLineView>,
    /// The other documented base path answers instead: what to set.
    pub suggested_base_path: Option<String>,
}
