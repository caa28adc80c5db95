//! What goes wrong inside the desk, with its cause; and how it leaves as a [`Problem`].
//!
//! Which error to use: everything inside the crate returns [`Error`]; only the methods of [`crate::Desk`] turn it into a
//! [`Problem`], once, and write the cause to the log under the incident's number. Causes never contain bodies,
//! tokens or keys: HTTP errors lose their URL, database errors carry no values.

use crate::problem::{Code, Problem};

/// A failure inside the desk.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system gives no random numbers.
    #[error("no random numbers")]
    Entropy,
    /// The keyring.
    #[error("keyring: {0}")]
    Keyring(Code, #[source] Option<keyring::Error>),
    /// The database.
    #[error("database")]
    Database(#[from] sqlx::Error),
    /// A migration.
    #[error("migration")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A database of before the first release.
    #[error("the database is of before the first release")]
    Old,
    /// The data folder.
    #[error("data folder")]
    Home(#[source] std::io::Error),
    /// A file that somebody named.
    #[error("file")]
    File(#[source] std::io::Error),
    /// Something with a code of its own and a detail to show.
    #[error("{0:?}: {1}")]
    Told(Code, String),
    /// Something with a code of its own.
    #[error("{0:?}")]
    Plain(Code),
    /// HTTP to the relay or a provider failed before there was an answer.
    #[error("{0:?}")]
    Http(Code, #[source] reqwest::Error),
    /// What the database holds cannot be read back: a defect, or a damaged file.
    #[error("stored {0} is unreadable")]
    Stored(&'static str),
}

impl Error {
    /// HTTP failure without the URL it happened at.
    pub(crate) fn http(code: Code, error: reqwest::Error) -> Self {
        Error::Http(code, error.without_url())
    }

    /// A field of the input that cannot be used.
    pub(crate) fn input(field: &str) -> Self {
        Error::Told(Code::InputInvalid, field.to_owned())
    }

    /// The code a person can act on.
    pub fn code(&self) -> Code {
        match self {
            Error::Entropy | Error::Stored(_) => Code::Internal,
            Error::Keyring(code, _) | Error::Told(code, _) | Error::Plain(code) | Error::Http(code, _) => *code,
            Error::Old => Code::DatabaseOld,
            Error::Database(error) => database_code(error),
            Error::Migration(error) => match error {
                sqlx::migrate::MigrateError::VersionMissing(_) | sqlx::migrate::MigrateError::VersionMismatch(_) => {
                    Code::DatabaseNewer
                }
                sqlx::migrate::MigrateError::Execute(error) => database_code(error),
                _ => Code::Internal,
            },
            Error::Home(error) if error.kind() == std::io::ErrorKind::StorageFull => Code::DiskFull,
            Error::Home(_) => Code::HomeUnusable,
            Error::File(error) if error.kind() == std::io::ErrorKind::StorageFull => Code::DiskFull,
            Error::File(_) => Code::FileUnusable,
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Error::Told(_, detail) => Some(detail.clone()),
            _ => None,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.as_str())
    }
}

fn database_code(error: &sqlx::Error) -> Code {
    match error {
        sqlx::Error::Database(error) => {
            match error.code().as_deref().and_then(|c| c.parse::<i32>().ok()).map(|c| c & 0xff) {
                Some(5 | 6) => Code::DatabaseBusy,
                Some(13) => Code::DiskFull,
                Some(11 | 26) => Code::DatabaseUnreadable,
                Some(8 | 10 | 14) => Code::HomeUnusable,
                _ => Code::Internal,
            }
        }
        sqlx::Error::PoolTimedOut => Code::DatabaseBusy,
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Code::DiskFull,
        _ => Code::Internal,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let incident = crate::id::random_text().map(|text| text.chars().take(8).collect()).unwrap_or_default();
        let code = error.code();
        let mut causes = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        match code {
            Code::Internal => tracing::error!(%incident, code = %code, "{causes}"),
            _ => tracing::info!(%incident, code = %code, "{causes}"),
        }
        Problem { code, detail: error.detail(), incident }
    }
}
