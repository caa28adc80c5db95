//! Pairing: how a desk gets access to an inbox of a relay.
//!
//! The operator makes a code that works once, and the administrator pastes it. The desk makes its own key pair and its
//! own device token. It stores both in the OS keyring first, and then sends the public key and the *hash* of the token.
//! No answer therefore contains a secret, and repeating a request whose answer was lost does no harm: it has the same
//! code, the same key and the same hash, and gets the same answer.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use crate::token::{self, TokenHash};

const PREFIX: &str = "offizin1-";
const CHECK_BYTES: usize = 4;

/// What the administrator pastes: where the relay is, and a one-use secret. Text form: `offizin1-` and URL-safe
/// base64 of `{secret}\n{public url}` followed by a 4-byte checksum, so a code cut off in an e-mail is told apart
/// from a used one.
#[derive(Clone, PartialEq, Eq)]
pub struct PairingCode {
    /// The relay's public address.
    pub relay: Url,
    secret: zeroize::Zeroizing<String>,
}

/// The text is not a pairing code, or not a whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCode {
    /// It does not begin as a pairing code does.
    #[error("not a pairing code")]
    NotACode,
    /// Characters are missing or were changed on the way.
    #[error("the pairing code is incomplete or was changed")]
    Damaged,
}

impl PairingCode {
    /// A fresh code for the relay reachable at `relay`.
    pub fn random(relay: Url) -> Result<Self, getrandom::Error> {
        Ok(Self { relay, secret: token::random_text::<24>()?.into() })
    }

    /// Reads what was pasted; surrounding and inner white space (line breaks of e-mails) is ignored.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let text: String = text.split_whitespace().collect();
        let packed = text.strip_prefix(PREFIX).ok_or(MalformedCode::NotACode)?;
        let bytes = BASE64URL_NOPAD.decode(packed.as_bytes()).map_err(|_| MalformedCode::Damaged)?;
        // The check value is not a protection: it tells a code that was cut off or mistyped apart from one that was used, so the
        // administrator gets the right advice without asking the relay.
        let (payload, check) =
            bytes.split_at_checked(bytes.len().saturating_sub(CHECK_BYTES)).ok_or(MalformedCode::Damaged)?;
        if Sha256::digest(payload).get(..CHECK_BYTES) != Some(check) {
            return Err(MalformedCode::Damaged);
        }
        let payload = std::str::from_utf8(payload).map_err(|_| MalformedCode::Damaged)?;
        let (secret, relay) = payload.split_once('\n').ok_or(MalformedCode::Damaged)?;
        let relay: Url = relay.parse().map_err(|_| MalformedCode::Damaged)?;
        if !token::is_url_safe(secret) || !matches!(relay.scheme(), "http" | "https") {
            return Err(MalformedCode::Damaged);
        }
        Ok(Self { relay, secret: secret.to_owned().into() })
    }

    /// The text to hand to the administrator. Shown once, stored nowhere.
    pub fn expose(&self) -> String {
        let mut payload = format!("{}\n{}", self.secret.as_str(), self.relay).into_bytes();
        let digest = Sha256::digest(&payload);
        payload.extend(digest.iter().take(CHECK_BYTES));
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&payload))
    }

    /// The part the relay compares, as the desk sends it in [`PairRequest`].
    pub fn expose_secret(&self) -> &str {
        &self.secret
    }

    /// What the relay stores.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.secret)
    }
}

impl std::fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PairingCode({}, …)", self.relay)
    }
}

/// The bearer token of a paired device: `Authorization: Bearer {token}` on every pull. Made by the desk.
#[derive(Clone)]
pub struct DeviceToken(zeroize::Zeroizing<String>);

impl DeviceToken {
    /// A fresh random token (256 bits).
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(token::random_text::<32>()?.into()))
    }

    /// A stored token, or `None` where the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        token::is_url_safe(text).then(|| Self(text.to_owned().into()))
    }

    /// The token's text, for the keyring and the `Authorization` header.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the relay stores.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl std::fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

/// `POST /v1/pair`.
#[derive(Clone, Serialize, Deserialize)]
pub struct PairRequest {
    /// [`PairingCode::expose_secret`].
    pub code: String,
    /// What the administrator calls this computer, 1 to 80 characters.
    pub device_name: String,
    /// The desk's age X25519 public key, `age1…`.
    pub recipient: crate::seal::Recipient,
    /// Hash of the device token the desk made.
    pub token_hash: TokenHash,
}

/// The answer to [`PairRequest`]: 200, the same for a repeated request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairAnswer {
    /// Opaque id of the inbox.
    pub inbox: String,
    /// The operator's name for it.
    pub inbox_name: String,
    /// Opaque id of this device.
    pub device: String,
    /// The cursor to pull from: segments before it were sealed before this device was paired and cannot be opened by it.
    pub cursor: u64,
}

/// One paired device (`GET /v1/devices`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswer {
    /// Opaque id.
    pub id: String,
    /// As given when pairing, or since.
    pub name: String,
    /// By the relay's clock.
    pub paired_at: jiff::Timestamp,
    /// Last authenticated request.
    pub last_seen_at: Option<jiff::Timestamp>,
    /// Highest acknowledged sequence.
    pub acked: u64,
    /// Segments it has not acknowledged.
    #[serde(default)]
    pub behind: u64,
    /// Not seen for so long that it no longer holds back what the other devices have: what it missed may be gone when it
    /// comes back.
    #[serde(default)]
    pub away: bool,
    /// True for the device that asks.
    pub this: bool,
}

/// `PATCH /v1/devices/{id}`: gives a device another name. Answer 204.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// 1 to 80 printable characters.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_survives_the_way_through_an_e_mail() {
        let code = PairingCode::random("https://relay.example:8443/x".parse().unwrap()).unwrap();
        let text = code.expose();
        let (a, b) = text.split_at(20);
        assert_eq!(PairingCode::parse(&format!("  {a}\r\n {b}\n")).unwrap(), code);
        assert_eq!(PairingCode::parse(&text[..text.len() - 3]), Err(MalformedCode::Damaged));
        assert_eq!(PairingCode::parse("hello"), Err(MalformedCode::NotACode));
        assert!(!format!("{code:?}").contains(code.expose_secret()));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = PairingCode::parse(&text);
            let _ = PairingCode::parse(&format!("offizin1-{text}"));
        }

        #[test]
        fn one_changed_character_is_noticed(at in 9usize..60, to in proptest::char::range('A', 'Z')) {
            let code = PairingCode::random("https://relay.example/".parse().unwrap()).unwrap().expose();
            let mut chars: Vec<char> = code.chars().collect();
            prop_assume!(chars[at] != to);
            chars[at] = to;
            prop_assert!(PairingCode::parse(&chars.into_iter().collect::<String>()).is_err());
        }
    }
}
