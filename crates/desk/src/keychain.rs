//! The keychain: every secret of a desk, in the OS keyring and nowhere else.
//!
//! Entries are named `{home id}/{what}` under the service `offizin`. The keyring's own calls block (D-Bus, Keychain
//! Services, Credential Manager), so each runs on a blocking thread. There is no fallback to a file, on purpose.

use keyring::{Entry, Error as KeyringError};
use secrecy::{ExposeSecret, SecretString};

use crate::interrupt;

const SERVICE: &str = "offizin";

/// The keyring does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeychainError {
    /// No keyring service runs in this session.
    #[error("no keyring service")]
    Missing(#[source] KeyringError),
    /// It is locked and was not unlocked.
    #[error("the keyring is locked")]
    Locked(#[source] KeyringError),
    /// It answered with an error.
    #[error("the keyring failed")]
    Failed(#[source] KeyringError),
    /// It holds something that is no text.
    #[error("the keyring holds no text")]
    NotText,
    /// It said that it stored a secret and does not give it back.
    #[error("the keyring did not keep what was stored")]
    NotKept,
    /// The call ended before its time.
    #[error("the call to the keyring stopped")]
    Stopped,
}

impl From<KeyringError> for KeychainError {
    fn from(error: KeyringError) -> Self {
        match error {
            // These carry the bytes they could not decode, which may be most of a secret: they never travel on.
            KeyringError::BadEncoding(_) | KeyringError::BadDataFormat(..) => KeychainError::NotText,
            error @ KeyringError::NoDefaultStore => KeychainError::Missing(error),
            error @ KeyringError::NoStorageAccess(_) => KeychainError::Locked(error),
            error => KeychainError::Failed(error),
        }
    }
}

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
    pub(crate) async fn read(&self, what: &str) -> Result<Option<SecretString>, KeychainError> {
        self.with(what, |entry| match entry.get_password() {
            Ok(text) => Ok(Some(text.into())),
            Err(KeyringError::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    /// Stores a secret and reads it back before saying so: what is not in the keyring is lost for good.
    pub(crate) async fn store(&self, what: &str, secret: &SecretString) -> Result<(), KeychainError> {
        let secret = secret.clone();
        let kept = self
            .with(what, move |entry| {
                entry.set_password(secret.expose_secret())?;
                Ok(entry.get_password()? == secret.expose_secret())
            })
            .await?;
        interrupt::point("keyring, stored").await;
        if kept { Ok(()) } else { Err(KeychainError::NotKept) }
    }

    /// Removes a secret; removing what is not there is fine.
    pub(crate) async fn remove(&self, what: &str) -> Result<(), KeychainError> {
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
    ) -> Result<T, KeychainError> {
        let user = format!("{}/{what}", self.home_id);
        let ended = tokio::task::spawn_blocking(move || Entry::new(SERVICE, &user).and_then(act)).await;
        ended.map_err(|_| KeychainError::Stopped)?.map_err(KeychainError::from)
    }
}
