//! Signatures: HMAC-SHA256 over the raw body, checked before anything in the body is parsed (step 5 of the journey).

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::delivery::{Delivery, Unverified, Verified};

/// Where a provider puts its signature and how it writes it. Filled in by the provider's folder of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Lower-case name of the header that carries the signature.
    pub header: &'static str,
    /// Text before the hex digits, `""` for none. Off means: a prefix is rejected.
    pub prefix: &'static str,
}

/// A signing secret as the provider issued it: the whole text is the key.
#[derive(Clone)]
pub struct SigningSecret(SecretString);

impl SigningSecret {
    /// Takes the provider's text as it is, without trimming or decoding. `None` for the empty text.
    pub fn new(text: String) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.into()))
    }

    /// The text, for the keyring only.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A short public name of this secret: the first 8 bytes of SHA-256 over a domain tag and the secret.
    pub fn fingerprint(&self) -> Fingerprint {
        // The prefix makes sure that the fingerprint is of no use as a hash of the secret in any other system.
        let digest = Sha256::new().chain_update(b"offizin fingerprint\0").chain_update(self.expose()).finalize();
        Fingerprint(HEXLOWER.encode(digest.get(..8).unwrap_or_default()))
    }

    /// Lower-case hex of HMAC-SHA256 over `body`.
    pub fn sign(&self, body: &[u8]) -> String {
        HEXLOWER.encode(&self.mac(body).finalize().into_bytes())
    }

    fn mac(&self, body: &[u8]) -> Hmac<Sha256> {
        // HMAC takes keys of any length, so the error case cannot be met; an empty key is refused in `new`.
        let key = self.expose().as_bytes();
        let mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
        mac.chain_update(body)
    }
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningSecret({})", self.fingerprint())
    }
}

/// Names a secret without telling it: 16 hex digits, safe to show and to store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// A fingerprint read back from the database.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The 16 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a delivery did not verify. It goes to quarantine with this reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The inlet has no secret to check with.
    #[error("no secret is known for this inlet")]
    SecretMissing,
    /// The signature header is absent.
    #[error("the signature header is missing")]
    SignatureMissing,
    /// The signature header came more than once.
    #[error("there is more than one signature header")]
    SignatureRepeated,
    /// The header is not 64 hex digits (after the scheme's prefix).
    #[error("the signature is not 64 hex digits")]
    SignatureMalformed,
    /// No secret of this inlet made this signature.
    #[error("the signature does not match")]
    SignatureWrong,
}

/// Checks the signature over the raw body with each secret in turn (current first, then those in grace), in
/// constant time. The rejected delivery comes back untouched, for quarantine.
pub fn verify<'a>(
    delivery: Delivery<Unverified>,
    scheme: Scheme,
    secrets: impl IntoIterator<Item = &'a SigningSecret>,
) -> Result<Delivery<Verified>, (Delivery<Unverified>, Rejection)> {
    match matching_secret(&delivery, scheme, secrets) {
        Ok(by) => {
            let Delivery { inlet, received_at, headers, body, .. } = delivery;
            Ok(Delivery { inlet, received_at, headers, body, trust: Verified { by } })
        }
        Err(rejection) => Err((delivery, rejection)),
    }
}

fn matching_secret<'a>(
    delivery: &Delivery<Unverified>,
    scheme: Scheme,
    secrets: impl IntoIterator<Item = &'a SigningSecret>,
) -> Result<Fingerprint, Rejection> {
    let mut secrets = secrets.into_iter().peekable();
    if secrets.peek().is_none() {
        return Err(Rejection::SecretMissing);
    }
    let mut values = delivery.header(scheme.header);
    let value = values.next().ok_or(Rejection::SignatureMissing)?;
    if values.next().is_some() {
        // Choosing one of several would let a proxy and this code disagree about which signature counts.
        return Err(Rejection::SignatureRepeated);
    }
    let digits = value.strip_prefix(scheme.prefix.as_bytes()).ok_or(Rejection::SignatureMalformed)?;
    // Upper-case digits are accepted as well: they stand for the same bytes, and what counts is the comparison below.
    let claimed = HEXLOWER_PERMISSIVE.decode(digits).map_err(|_| Rejection::SignatureMalformed)?;
    if claimed.len() != 32 {
        return Err(Rejection::SignatureMalformed);
    }
    secrets
        // `verify_slice` takes the same time wherever the first difference is. A comparison with `==` would reveal by its time how
        // many bytes of a guessed signature are right.
        .find(|secret| secret.mac(&delivery.body).verify_slice(&claimed).is_ok())
        .map(SigningSecret::fingerprint)
        .ok_or(Rejection::SignatureWrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Header, InletId};

    const SCHEME: Scheme = Scheme { header: "x-webhook-signature", prefix: "" };

    fn secret(text: &str) -> SigningSecret {
        SigningSecret::new(text.into()).unwrap()
    }

    fn delivery(headers: Vec<Header>, body: &[u8]) -> Delivery {
        let inlet = InletId::try_from("inlet-for-the-tests".to_owned()).unwrap();
        Delivery::new(inlet, jiff::Timestamp::UNIX_EPOCH, headers, body.to_vec())
    }

    fn signed(secret: &SigningSecret, body: &[u8]) -> Delivery {
        delivery(vec![Header::new("X-Webhook-Signature", secret.sign(body))], body)
    }

    /// RFC 4231, test case 2.
    #[test]
    fn it_is_hmac_sha256() {
        assert_eq!(
            secret("Jefe").sign(b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_secret_that_matched_is_named() {
        let (current, grace) = (secret("whsec_new"), secret("whsec_old"));
        let verified = verify(signed(&grace, b"{}"), SCHEME, [&current, &grace]).unwrap();
        assert_eq!(verified.verified_by(), &grace.fingerprint());
    }

    #[test]
    fn each_reason_has_its_name() {
        let key = secret("whsec_a");
        let rejected = |d: Delivery, keys: &[SigningSecret]| verify(d, SCHEME, keys).unwrap_err().1;
        let header = |value: &str| Header::new("x-webhook-signature", value);
        let good = key.sign(b"{}");
        let keys = [key.clone()];
        assert_eq!(rejected(signed(&key, b"{}"), &[]), Rejection::SecretMissing);
        assert_eq!(rejected(delivery(vec![], b"{}"), &keys), Rejection::SignatureMissing);
        assert_eq!(rejected(delivery(vec![header(&good), header(&good)], b"{}"), &keys), Rejection::SignatureRepeated);
        assert_eq!(rejected(delivery(vec![header("zz")], b"{}"), &keys), Rejection::SignatureMalformed);
        assert_eq!(rejected(delivery(vec![header("abcd")], b"{}"), &keys), Rejection::SignatureMalformed);
        let prefixed = delivery(vec![header(&format!("sha256={good}"))], b"{}");
        assert_eq!(rejected(prefixed, &keys), Rejection::SignatureMalformed);
        assert_eq!(rejected(delivery(vec![header(&good)], b"{ }"), &keys), Rejection::SignatureWrong);
        assert!(verify(delivery(vec![header(&good.to_uppercase())], b"{}"), SCHEME, &keys).is_ok());
    }

    #[test]
    fn secrets_print_their_fingerprint_only() {
        let key = secret("whsec_canary");
        assert!(!format!("{key:?}").contains("canary"));
        assert!(SigningSecret::new(String::new()).is_none());
    }

    proptest! {
        #[test]
        fn only_the_exact_body_verifies(body in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
            let key = secret("whsec_property");
            let intact = signed(&key, &body);
            prop_assert!(verify(intact.clone(), SCHEME, [&key]).is_ok());
            let mut changed = intact;
            if changed.body.is_empty() { changed.body.push(0) } else {
                let i = at.index(changed.body.len());
                changed.body[i] ^= 1;
            }
            prop_assert_eq!(verify(changed, SCHEME, [&key]).unwrap_err().1, Rejection::SignatureWrong);
        }

        #[test]
        fn any_header_bytes_are_survived(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            let key = secret("whsec_property");
            let _ = verify(delivery(vec![Header::new(SCHEME.header, value)], b"{}"), SCHEME, [&key]);
        }
    }
}
