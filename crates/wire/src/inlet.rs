//! Inlets: the addresses that a desk gives to a provider. Each subscription has an inlet of its own, because no header
//! of a provider says which subscription a delivery belongs to; the inlet does.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::token::{self, TokenHash};

/// Opaque id of an inlet, chosen by the desk. Not a secret: it travels in the relay's API and in segments.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InletId(String);

impl InletId {
    /// A fresh random id (128 bits).
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(token::random_text::<16>()?))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for InletId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if token::is_url_safe(&text) { Ok(Self(text)) } else { Err("an inlet id is 16 to 128 URL-safe characters") }
    }
}

impl From<InletId> for String {
    fn from(id: InletId) -> Self {
        id.0
    }
}

impl std::fmt::Display for InletId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for InletId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InletId({})", self.0)
    }
}

/// The unguessable last part of an inlet's address. Whoever knows it can post to the inlet (and land in quarantine
/// without the signing secret), so it is never logged; the relay keeps its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct InletToken(zeroize::Zeroizing<String>);

impl InletToken {
    /// A fresh random token (256 bits).
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(token::random_text::<32>()?.into()))
    }

    /// A stored token, or `None` where the text cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        token::is_url_safe(text).then(|| Self(text.to_owned().into()))
    }

    /// The token's text, for the address and for storage in the encrypted database.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the relay stores.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    /// The address to hand to a provider: `{public_url}/in/{token}`. `None` where `public_url` cannot carry a path.
    pub fn address(&self, public_url: &Url) -> Option<Url> {
        let mut url = public_url.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(["in", self.0.as_str()]);
        Some(url)
    }
}

impl std::fmt::Debug for InletToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InletToken(…)")
    }
}

/// `PUT /v1/inlets/{id}`: create an inlet, or say again that it exists. Idempotent: the same id with the same
/// hash is the same inlet; another hash for a known id is refused ([`crate::RefusalCode::InletConflict`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InletRequest {
    /// Hash of the inlet's token.
    pub token_hash: TokenHash,
}

/// One inlet as the relay lists it (`GET /v1/inlets`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InletAnswer {
    /// Chosen by the desk.
    pub id: InletId,
    /// By the relay's clock.
    pub created_at: jiff::Timestamp,
    /// Set once it was retired: it answers 410 from then on.
    pub retired_at: Option<jiff::Timestamp>,
    /// Deliveries accepted since it exists.
    pub deliveries: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_the_path_of_the_public_url() {
        let token = InletToken::parse("0123456789abcdef").unwrap();
        for base in ["https://relay.example/hooks", "https://relay.example/hooks/"] {
            let url = token.address(&base.parse().unwrap()).unwrap();
            assert_eq!(url.as_str(), "https://relay.example/hooks/in/0123456789abcdef");
        }
        assert!(token.address(&"mailto:a@b.test".parse().unwrap()).is_none());
    }

    #[test]
    fn a_token_prints_nothing() {
        let token = InletToken::random().unwrap();
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
