//! The keychain: every secret of a desk, in the OS keyring and nowhere else.
//!
//! Entries are named `{home id}/{what}` under the service `offizin`. The keyring's own calls block (D-Bus, Keychain
//! Services, Credential Manager), so each runs on a blocking thread. There is no fallback to a file, on purpose.

use keyring::{Entry, Error as KeyringError};
use secrecy::{ExposeSecret, SecretString};

use crate::{error::Error, interrupt, problem::Code};

const SERVICE: &str = "offizin";

/// The door to this home's secrets.
#[derive(Clone, Debug)]
pub(crate) struct Keychain {
    home_id: String,
}

impl Keychain {
    pub(crate) fn new(home_id: String) -> Self {
        Self { home_id }
    }

    /// The secret, or `None` where there is none. Errors: keyring missing, locked or failed.
    pub(crate) async fn read(&self, what: &str) -> Result<Option<SecretString>, Error> {
        self.with(what, |entry| match entry.get_password() {
            Ok(text) => Ok(Some(text.into())),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Stores a secret and reads it back before saying so: what is not in the keyring is lost for good.
    pub(crate) async fn store(&self, what: &str, secret: &SecretString) -> Result<(), Error> {
        let secret = secret.clone();
        let kept = self
            .with(what, move |entry| {
                entry.set_password(secret.expose_secret())?;
                Ok(entry.get_password()? == secret.expose_secret())
            })
            .await?;
        interrupt::point("keyring, stored").await;
        if kept { Ok(()) } else { Err(Error::Keyring(Code::KeyringFailed, None)) }
    }

    /// Removes a secret; removing what is not there is fine.
    pub(crate) async fn remove(&self, what: &str) -> Result<(), Error> {
        self.with(what, |entry| match entry.delete_credential() {
            Ok(()) | Err(KeyringError::NoEntry) => Ok(()),
            Err(error) => Err(error),
        })
        .await?;
        interrupt::point("keyring, removed").await;
        Ok(())
    }

    async fn with<T: Send + 'static>(
        &self,
        what: &str,
        act: impl FnOnce(Entry) -> Result<T, KeyringError> + Send + 'static,
    ) -> Result<T, Error> {
        let user = format!("{}/{what}", self.home_id);
        tokio::task::spawn_blocking(move || Entry::new(SERVICE, &user).and_then(act))
            .await
            .map_err(|_| Error::Keyring(Code::KeyringFailed, None))?
            .map_err(told)
    }
}

fn told(error: KeyringError) -> Error {
    let code = match &error {
        KeyringError::NoDefaultStore => Code::KeyringMissing,
        KeyringError::NoStorageAccess(_) => Code::KeyringLocked,
        _ => Code::KeyringFailed,
    };
    // Some variants carry the bytes they could not decode: those never travel on.
    let source = match error {
        KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => None,
        error => Some(error),
    };
    Error::Keyring(code, source)
}
