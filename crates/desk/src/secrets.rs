//! Signing secrets that were read from the keyring once, by their fingerprint.

use std::collections::HashMap;

use offizin_wire::SigningSecret;
use secrecy::ExposeSecret;
use sqlx::SqliteConnection;
use tokio::sync::Mutex;

use crate::{error::Error, keychain::Keychain};

/// What was found under each fingerprint, also that nothing was.
#[derive(Debug, Default)]
pub(crate) struct SecretCache(Mutex<HashMap<String, Option<SigningSecret>>>);

impl SecretCache {
    /// Forgets what was not found, so that a secret stored since is looked for again.
    pub(crate) async fn forget_missing(&self) {
        self.0.lock().await.retain(|_, secret| secret.is_some());
    }

    /// The secrets of every inlet. This asks the keyring for what was not read yet, and the keyring may wait for a person:
    /// it is called before a transaction begins, never inside one.
    pub(crate) async fn of_all_inlets(
        &self,
        connection: &mut SqliteConnection,
        keychain: &Keychain,
    ) -> Result<Secrets, Error> {
        let fingerprints: Vec<String> =
            sqlx::query_scalar("SELECT DISTINCT fingerprint FROM signing_key").fetch_all(connection).await?;
        let mut secrets = Secrets::default();
        for fingerprint in fingerprints {
            let secret = self.read(keychain, &fingerprint).await?;
            secrets.0.insert(fingerprint, secret);
        }
        Ok(secrets)
    }

    /// The secret of a fingerprint, or `None` where the keyring has none.
    async fn read(&self, keychain: &Keychain, fingerprint: &str) -> Result<Option<SigningSecret>, Error> {
        if let Some(known) = self.0.lock().await.get(fingerprint) {
            return Ok(known.clone());
        }
        // The keyring may wait for a person to unlock it: nobody else waits for this cache meanwhile. Two who read the same
        // entry at once find the same.
        let secret = keychain.read(&entry_name(fingerprint)).await?;
        let secret = secret.and_then(|text| SigningSecret::new(text.expose_secret().to_owned()));
        self.0.lock().await.insert(fingerprint.to_owned(), secret.clone());
        Ok(secret)
    }
}

/// Secrets by their fingerprint, as of one moment. A fingerprint without a secret is one that the keyring does not have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(HashMap<String, Option<SigningSecret>>);

impl Secrets {
    /// The secret of a fingerprint.
    pub(crate) fn get(&self, fingerprint: &str) -> Option<&SigningSecret> {
        self.0.get(fingerprint)?.as_ref()
    }

    /// Whether the keyring was asked for this one.
    pub(crate) fn knows(&self, fingerprint: &str) -> bool {
        self.0.contains_key(fingerprint)
    }

    /// The same and this one.
    pub(crate) fn and(mut self, secret: &SigningSecret) -> Self {
        self.0.insert(secret.fingerprint().as_str().to_owned(), Some(secret.clone()));
        self
    }
}

/// The name of a signing secret's entry in the keyring.
pub(crate) fn entry_name(fingerprint: &str) -> String {
    format!("signing/{fingerprint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::new(text.to_owned()).unwrap()
    }

    fn fingerprint(text: &str) -> String {
        secret(text).fingerprint().as_str().to_owned()
    }

    #[test]
    fn a_secret_is_found_by_its_fingerprint() {
        let secrets = Secrets::default().and(&secret("one")).and(&secret("two"));
        assert_eq!(secrets.get(&fingerprint("one")).map(SigningSecret::expose), Some("one"));
        assert_eq!(secrets.get(&fingerprint("two")).map(SigningSecret::expose), Some("two"));
    }

    #[test]
    fn a_secret_that_the_keyring_lacks_is_another_thing_than_one_nobody_asked_for() {
        let secrets = Secrets(HashMap::from([(fingerprint("lost"), None)]));
        assert!(secrets.knows(&fingerprint("lost")) && secrets.get(&fingerprint("lost")).is_none());
        assert!(!secrets.knows(&fingerprint("never asked")));
    }

    #[test]
    fn a_secret_that_is_found_later_takes_the_place_of_the_gap() {
        let secrets = Secrets(HashMap::from([(fingerprint("late"), None)])).and(&secret("late"));
        assert!(secrets.get(&fingerprint("late")).is_some());
    }

    #[tokio::test]
    async fn only_what_was_not_found_is_looked_for_again() {
        let found = (fingerprint("found"), Some(secret("found")));
        let cache = SecretCache(Mutex::new(HashMap::from([found, (fingerprint("missing"), None)])));
        cache.forget_missing().await;
        let known: Vec<String> = cache.0.lock().await.keys().cloned().collect();
        assert_eq!(known, [fingerprint("found")]);
    }

    #[tokio::test]
    async fn what_was_read_once_is_not_asked_of_the_keyring_again() {
        let cache = SecretCache(Mutex::new(HashMap::from([("fp".to_owned(), Some(secret("read")))])));
        // Nobody answers in the test's session: a question would be an error.
        let keychain = Keychain::new("nobody".to_owned());
        let again = cache.read(&keychain, "fp").await.unwrap();
        assert_eq!(again.as_ref().map(SigningSecret::expose), Some("read"));
    }

    #[test]
    fn the_keyring_names_a_secret_by_its_fingerprint() {
        assert_eq!(entry_name("0123abcd"), "signing/0123abcd", "what is stored under it must be found after an update");
    }
}
