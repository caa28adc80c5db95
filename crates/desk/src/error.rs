//! Every failure inside the desk, composed of the failures of its parts; and how it leaves as a [`Problem`].
//!
//! Each part has its own error, in its own file: the relay, a provider, the keychain, the store, the data folder, and the
//! refusals of the desk itself. Use-cases match on these. A [`Code`] is what a person is told and is made here only, when
//! a failure leaves the desk, gets its incident, and is written to the log with everything that led to it.
//!
//! Causes never contain bodies, tokens or keys: HTTP errors lose their URL, database errors carry no values, and a stored
//! text that cannot be read is described without quoting it.

use offizin_wire::pairing::MalformedCode;

use crate::{
    home::HomeError,
    id::NoEntropy,
    keychain::KeychainError,
    network::NetworkError,
    problem::{Code, Problem},
    provider::ProviderError,
    refusal::Refusal,
    relay::RelayError,
    rotation::GivenUp,
    store::{Failure, StoreError},
};

/// A failure inside the desk.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The operating system gives no random numbers.
    #[error("no random numbers")]
    Entropy,
    /// Work on another thread ended before its time. What it died of is not kept: a panic may quote what it worked on.
    #[error("work on another thread stopped")]
    Stopped,
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A file that somebody named.
    #[error("file")]
    File(#[source] std::io::Error),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    GivenUp(#[from] GivenUp),
}

impl Error {
    /// A field of the input that cannot be used.
    pub(crate) fn input(field: &'static str) -> Self {
        Error::Refused(Refusal::Input(field))
    }

    /// What a person is told, and nothing to decide by.
    pub(crate) fn code(&self) -> Code {
        self.told().0
    }

    /// Writes a failure down that stops nobody and is shown nowhere.
    pub(crate) fn noted(&self, what: &'static str) {
        tracing::info!(code = %self.code(), cause = %causes(self), "{what}");
    }

    /// The code, and the fact that belongs to it.
    fn told(&self) -> (Code, Option<String>) {
        match self {
            Error::Entropy | Error::Stopped => (Code::Internal, None),
            Error::Keychain(error) => (keychain(error), None),
            Error::Store(error) => (store(error), None),
            Error::Home(error) => (home(error), None),
            Error::File(error) if error.kind() == std::io::ErrorKind::StorageFull => (Code::DiskFull, None),
            Error::File(_) => (Code::FileUnusable, None),
            Error::Network(NetworkError::NotPem | NetworkError::Certificate(_)) => (Code::CertificateUnusable, None),
            Error::Network(NetworkError::Client(_)) => (Code::Internal, None),
            Error::Network(NetworkError::Proxy) => (Code::InputInvalid, Some("proxy_url".to_owned())),
            Error::Network(NetworkError::Store(error)) => (store(error), None),
            Error::Relay(error) => relay(error),
            Error::Provider(error) => provider(error),
            Error::Refused(refusal) => refused(*refusal),
            Error::GivenUp(GivenUp::AnswerLost) => (Code::RotationAnswerLost, None),
            Error::GivenUp(GivenUp::Vanished) => (Code::RotationVanished, None),
        }
    }
}

impl From<NoEntropy> for Error {
    fn from(NoEntropy: NoEntropy) -> Self {
        Error::Entropy
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Error::Store(error.into())
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Error::Store(error.into())
    }
}

fn keychain(error: &KeychainError) -> Code {
    match error {
        KeychainError::Missing(_) => Code::KeyringMissing,
        KeychainError::Locked(_) => Code::KeyringLocked,
        KeychainError::Failed(_) | KeychainError::NotText | KeychainError::NotKept | KeychainError::Stopped => {
            Code::KeyringFailed
        }
    }
}

fn store(error: &StoreError) -> Code {
    use sqlx::migrate::MigrateError;
    match error {
        StoreError::Database(error) => failed(error),
        StoreError::Migration(MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_)) => {
            Code::DatabaseNewer
        }
        StoreError::Migration(MigrateError::Execute(error)) => failed(error),
        StoreError::Migration(_) | StoreError::Unreadable { .. } => Code::Internal,
        StoreError::Old => Code::DatabaseOld,
        StoreError::KeyLost => Code::DatabaseKeyLost,
        StoreError::Moved => Code::DatabaseBusy,
    }
}

fn failed(error: &sqlx::Error) -> Code {
    match Failure::of(error) {
        Failure::Busy => Code::DatabaseBusy,
        Failure::DiskFull => Code::DiskFull,
        Failure::Unreadable => Code::DatabaseUnreadable,
        Failure::NotWritable => Code::HomeUnusable,
        Failure::Defect => Code::Internal,
    }
}

fn home(error: &HomeError) -> Code {
    match error {
        error if error.is_full() => Code::DiskFull,
        HomeError::Nowhere | HomeError::Io(_) => Code::HomeUnusable,
        HomeError::TurnTaken => Code::DatabaseBusy,
    }
}

fn relay(error: &RelayError) -> (Code, Option<String>) {
    let code = match error {
        RelayError::Unreachable(_) => Code::RelayUnreachable,
        RelayError::Unavailable => Code::RelayUnavailable,
        RelayError::DeviceRefused | RelayError::CredentialLost(_) => Code::RelayRefused,
        RelayError::CodeRefused => Code::PairingCodeRefused,
        RelayError::Version => Code::RelayVersion,
        RelayError::NotFound => Code::InletUnknown,
        RelayError::CutOff(_) | RelayError::NotAnswer(_) | RelayError::Address => Code::RelayUnexpected,
        RelayError::Status(status) => return (Code::RelayUnexpected, Some(format!("HTTP {status}"))),
        RelayError::NotAPage | RelayError::PageTooLarge | RelayError::Page(_) => {
            return (Code::RelayUnexpected, Some(error.to_string()));
        }
    };
    (code, None)
}

fn provider(error: &ProviderError) -> (Code, Option<String>) {
    let (code, detail) = match error {
        ProviderError::Unreachable(_) => (Code::ProviderUnreachable, None),
        ProviderError::Tls(_) => (Code::ProviderTls, None),
        ProviderError::Timeout(_) => (Code::ProviderTimeout, None),
        ProviderError::KeyMissing => (Code::ProviderKeyRefused, Some("the key is not in the keyring")),
        ProviderError::KeyRefused(words) => (Code::ProviderKeyRefused, Some(words.as_str())),
        ProviderError::PermissionMissing(name) => (Code::ProviderPermissionMissing, Some(name.as_str())),
        ProviderError::NotFound(words) => (Code::ProviderNotFound, Some(words.as_str())),
        ProviderError::WrongBasePath => (Code::ProviderWrongBasePath, None),
        ProviderError::Conflict(words) => (Code::ProviderConflict, Some(words.as_str())),
        ProviderError::Rejected(words) => (Code::ProviderRejected, Some(words.as_str())),
        ProviderError::RateLimited(wait) => (Code::ProviderRateLimited, Some(wait.as_str())),
        ProviderError::Failed(status) => return (Code::ProviderFailed, Some(format!("HTTP {status}"))),
        ProviderError::Unexpected(what) => (Code::ProviderUnexpected, Some(*what)),
        ProviderError::Redirected => (Code::ProviderRedirected, None),
        ProviderError::LostOthers(names) => (Code::ListLostOthers, Some(names.as_str())),
        ProviderError::Ambiguous(_) => (Code::ProviderAmbiguous, None),
    };
    (code, detail.map(str::to_owned))
}

fn refused(refusal: Refusal) -> (Code, Option<String>) {
    let code = match refusal {
        Refusal::Input(field) => return (Code::InputInvalid, Some(field.to_owned())),
        Refusal::FileForeign(kind) => return (Code::FileForeign, Some(kind.to_owned())),
        Refusal::PairingCode(MalformedCode::NotACode) => {
            return (Code::PairingCodeMalformed, Some("not_a_code".to_owned()));
        }
        Refusal::PairingCode(MalformedCode::Damaged) => {
            return (Code::PairingCodeMalformed, Some("damaged".to_owned()));
        }
        Refusal::NotPaired => Code::NotPaired,
        Refusal::AlreadyPaired => Code::AlreadyPaired,
        Refusal::ConnectionUnknown => Code::ConnectionUnknown,
        Refusal::ConnectionNameTaken => Code::ConnectionNameTaken,
        Refusal::ConnectionInUse => Code::ConnectionInUse,
        Refusal::ConfirmationNeeded => Code::ConfirmationNeeded,
        Refusal::DeleteNotConfigured => Code::DeleteNotConfigured,
        Refusal::TestNotConfigured => Code::TestNotConfigured,
        Refusal::SubscriptionUnknown => Code::SubscriptionUnknown,
        Refusal::SubscriptionForeign => Code::SubscriptionForeign,
        Refusal::SubscriptionElsewhere => Code::SubscriptionElsewhere,
        Refusal::RotationUnknown => Code::RotationUnknown,
        Refusal::RotationUnderWay => Code::RotationUnderWay,
        Refusal::RotationTooLate => Code::RotationTooLate,
        Refusal::InletUnknown => Code::InletUnknown,
        Refusal::DeviceUnknown => Code::DeviceUnknown,
        Refusal::DeviceName => Code::DeviceNameMalformed,
        Refusal::OrderUnknown => Code::OrderUnknown,
        Refusal::LinkNotPublic => Code::LinkRefused,
        Refusal::ConfirmationOff => Code::ConfirmationOff,
        Refusal::EventUnknown => Code::EventUnknown,
        Refusal::StockUnknown => Code::StockUnknown,
        Refusal::PrescriptionUnknown => Code::PrescriptionUnknown,
        Refusal::PrescriptionMissing => Code::PrescriptionMissing,
        Refusal::DoctorUnknown => Code::DoctorUnknown,
    };
    (code, None)
}

/// A failure and everything that led to it, each said once: some libraries repeat a cause in their own sentence.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        source = cause.source();
    }
    text
}

/// The one way out: it gets its incident, and the log has under that number what a person is not shown.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let (code, detail) = error.told();
        let problem = Problem { code, detail, incident: incident() };
        problem.logged(&causes(&error));
        problem
    }
}

fn incident() -> String {
    crate::id::random_text().map(|text| text.chars().take(8).collect()).unwrap_or_default()
}

impl Problem {
    /// A failure that a shell found by itself; it is in the log like those of the desk.
    pub fn found(code: Code, detail: Option<&str>) -> Self {
        let problem = Problem { code, detail: detail.map(str::to_owned), incident: incident() };
        problem.logged(detail.unwrap_or("found by the shell"));
        problem
    }

    fn logged(&self, causes: &str) {
        let Self { code, incident, .. } = self;
        match code {
            Code::Internal => tracing::error!(%incident, %code, "{causes}"),
            _ => tracing::info!(%incident, %code, "{causes}"),
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.as_str())
    }
}

#[cfg(test)]
mod code_tests;
#[cfg(test)]
mod tests;
