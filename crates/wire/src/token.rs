//! Bearer tokens. Whoever will use a token makes it from random bytes; the other side stores only its hash.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// SHA-256 of a token, 64 lower-case hex digits on the wire. Tokens hold 256 random bits, so a plain hash
/// is enough: there is nothing to guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of the token's text, exactly as it travels in a path or a header.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        HEXLOWER.encode(&hash.0)
    }
}

impl TryFrom<String> for TokenHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| "a token hash is 64 lower-case hex digits")?;
        Ok(Self(bytes.try_into().map_err(|_| "a token hash is 64 lower-case hex digits")?))
    }
}

/// `N` random bytes as URL-safe text without padding.
pub(crate) fn random_text<const N: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = zeroize::Zeroizing::new([0u8; N]);
    getrandom::fill(bytes.as_mut())?;
    Ok(BASE64URL_NOPAD.encode(bytes.as_ref()))
}

/// True for text that [`random_text`] could have made: URL-safe, neither empty nor absurdly long.
pub(crate) fn is_url_safe(text: &str) -> bool {
    (16..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceToken, InletToken, PairingCode};

    #[test]
    fn tokens_hold_256_random_bits_and_pairing_codes_192() {
        let relay: url::Url = "https://relay.example/".parse().unwrap();
        let made = || {
            let code = PairingCode::random(relay.clone()).unwrap();
            [
                (32, InletToken::random().unwrap().expose().to_owned()),
                (32, DeviceToken::random().unwrap().expose().to_owned()),
                (24, code.expose_secret().to_owned()),
            ]
        };
        let mut seen = [[0_u8; 32]; 3];
        for _ in 0..200 {
            for ((length, text), seen) in made().iter().zip(&mut seen) {
                let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
                assert_eq!(bytes.len(), *length);
                assert!(is_url_safe(text));
                // In two hundred draws no random bit is zero every time.
                seen.iter_mut().zip(bytes).for_each(|(seen, byte)| *seen |= byte);
            }
        }
        assert!(seen[..2].iter().all(|seen| seen.iter().all(|byte| *byte == 0xff)));
        assert!(seen[2][..24].iter().all(|byte| *byte == 0xff));
    }
}
