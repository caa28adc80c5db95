//! Ids: newtypes around opaque text. A prefix is never parsed; equality is byte equality.

/// The operating system gives no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no random numbers")]
pub(crate) struct NoEntropy;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type, ts_rs::TS)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[ts(type = "string")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A connection to a provider's API, made by us.
    ConnectionId;
    /// One generation of a subscription, made by us.
    SubscriptionId;
    /// One replacement of a subscription by a fresh one, made by us.
    RotationId;
    /// An event: the first 16 bytes of SHA-256 over connection and body, as 32 hex digits. The same on every desk of the
    /// same connection id and whatever the order of arrival.
    EventId;
    /// One world of ids: a provider and a host of its API. The provider's other ids are unique only within it.
    Realm;
    /// The provider's id of a parent order.
    OrderUid;
    /// The provider's id of a pharmacy order: one lane of an order.
    LaneUid;
    /// The provider's id of a pharmacy.
    PharmacyUid;
    /// The provider's id of a product on the shelf of one pharmacy.
    PharmacySkuUid;
    /// The provider's id of a prescription.
    PrescriptionUid;
    /// The provider's id of a doctor.
    DoctorUid;
}

impl ConnectionId {
    /// A fresh random id.
    pub(crate) fn random() -> Result<Self, NoEntropy> {
        Ok(Self(random_text()?))
    }
}

impl SubscriptionId {
    /// A fresh random id.
    pub(crate) fn random() -> Result<Self, NoEntropy> {
        Ok(Self(random_text()?))
    }
}

impl RotationId {
    /// A fresh random id.
    pub(crate) fn random() -> Result<Self, NoEntropy> {
        Ok(Self(random_text()?))
    }
}

/// 80 random bits as 16 lower-case base32 characters: short enough to type after `offizinctl`.
pub(crate) fn random_text() -> Result<String, NoEntropy> {
    let mut bytes = [0u8; 10];
    getrandom::fill(&mut bytes).map_err(|_| NoEntropy)?;
    Ok(data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_can_be_typed_on_any_keyboard() {
        let id = random_text().unwrap();
        assert_eq!(id.len(), 16, "80 bits");
        assert!(id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')), "{id}");
    }

    #[test]
    fn no_two_ids_are_the_same() {
        let ids: std::collections::BTreeSet<_> = (0..1_000).map(|_| random_text().unwrap()).collect();
        assert_eq!(ids.len(), 1_000);
    }

    #[test]
    fn an_id_is_its_text_and_nothing_is_read_into_it() {
        let id = OrderUid::from(" PO-1/ü ");
        assert_eq!((id.as_str(), id.to_string().as_str()), (" PO-1/ü ", " PO-1/ü "));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\" PO-1/ü \"");
        assert_ne!(id, OrderUid::from("PO-1/ü"), "equality is byte equality");
    }
}
