//! The seal: how the relay encrypts deliveries so that only a paired desk can read them (steps 2 and 5 of the journey).
//!
//! A *segment* holds the deliveries of one inbox that share a commit. It is an age file (X25519, one stanza per paired
//! desk) around a zstd frame around plain records. Anyone with the key can read it with public tools:
//! `age -d -i key segment | zstd -d`. A record is one line of JSON, then exactly `body_bytes` bytes of body, then a
//! line feed:
//!
//! ```text
//! {"inlet":"…","received_at":"2026-03-01T09:41:00.123Z","headers":[["x-webhook-event","…"]],"body_bytes":17}
//! {"event_type":"…"}
//! ```
//!
//! A header value that is not UTF-8 is written as `{"base64":"…"}`. age authenticates the content but not who sealed it:
//! anybody who knows a desk's public key can make a segment, so what comes out is [`Unverified`](crate::Unverified).

use std::io::{Read, Write};

use age::x25519;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Delivery, Header, InletId};

/// A segment gathers at most this many deliveries.
pub const MAX_DELIVERIES: usize = 256;
/// A segment gathers at most this many body bytes, unless a single delivery is larger.
pub const MAX_GATHERED_BYTES: usize = 1024 * 1024;
/// What a desk unpacks at the most: far above what a relay may seal (its largest body is 64 MiB), far below
/// what a decompression bomb would need.
pub const MAX_OPENED_BYTES: u64 = 96 * 1024 * 1024;

/// A desk's private key. Lives in the OS keyring as `AGE-SECRET-KEY-1…`, in memory only here.
#[derive(Clone)]
pub struct Identity(x25519::Identity);

impl Identity {
    /// A fresh key pair.
    pub fn random() -> Self {
        Self(x25519::Identity::generate())
    }

    /// The key read back from the keyring; `None` where the text is not one.
    pub fn parse(text: &SecretString) -> Option<Self> {
        text.expose_secret().parse().ok().map(Self)
    }

    /// The text for the keyring.
    pub fn to_secret(&self) -> SecretString {
        self.0.to_string()
    }

    /// The public half, for the relay.
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// A desk's public key, `age1…`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient(x25519::Recipient);

impl TryFrom<String> for Recipient {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        recipient.0.to_string()
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recipient({})", self.0)
    }
}

/// Sealing failed. Nothing was written; the delivery must not be acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// No desk is paired, so nobody could ever read it.
    #[error("there is nobody to seal to")]
    NoRecipient,
    /// The cipher or the compressor failed.
    #[error("sealing failed")]
    Failed(#[source] std::io::Error),
}

/// A segment cannot be opened. The desk keeps its bytes and says so; the cursor goes on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It was sealed to other keys.
    #[error("the segment was sealed to another key")]
    NotForThisKey,
    /// It is not an age file, was changed, or does not hold records.
    #[error("the segment is damaged: {0}")]
    Damaged(&'static str),
    /// It unpacks to more than [`MAX_OPENED_BYTES`].
    #[error("the segment unpacks to more than {MAX_OPENED_BYTES} bytes")]
    TooLarge,
}

#[derive(Serialize, Deserialize)]
struct RecordHead {
    inlet: InletId,
    received_at: Timestamp,
    headers: Vec<Header>,
    body_bytes: u64,
}

/// Seals the deliveries of one inbox to every paired desk.
pub fn seal(deliveries: &[Delivery], recipients: &[Recipient]) -> Result<Vec<u8>, SealError> {
    let body_bytes: usize = deliveries.iter().map(|d| d.body.len() + 512).sum();
    // Sized up front: a growing buffer would leave unwiped copies of plaintext behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(body_bytes));
    for delivery in deliveries {
        write_record(&mut plain, delivery).map_err(SealError::Failed)?;
    }
    // Level 1 is the fastest: providers wait for their 200 while this runs.
    let packed = Zeroizing::new(zstd::bulk::compress(&plain, 1).map_err(SealError::Failed)?);

    let encryptor = age::Encryptor::with_recipients(recipients.iter().map(|r| &r.0 as &dyn age::Recipient))
        .map_err(|_| SealError::NoRecipient)?;
    let mut sealed = Vec::with_capacity(packed.len() + 256 * (recipients.len() + 1));
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(SealError::Failed)?;
    writer.write_all(&packed).map_err(SealError::Failed)?;
    writer.finish().map_err(SealError::Failed)?;
    Ok(sealed)
}

/// Opens a segment with the desk's key. Bounded in memory whatever the bytes say.
pub fn open(segment: &[u8], identity: &Identity) -> Result<Vec<Delivery>, OpenError> {
    let decryptor = age::Decryptor::new(segment).map_err(|_| OpenError::Damaged("not an age file"))?;
    let reader =
        decryptor.decrypt(std::iter::once(&identity.0 as &dyn age::Identity)).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => OpenError::NotForThisKey,
            _ => OpenError::Damaged("the age header does not verify"),
        })?;
    let unpacked = zstd::stream::read::Decoder::new(reader).map_err(|_| OpenError::Damaged("not zstd"))?;
    let mut plain = Zeroizing::new(Vec::new());
    unpacked
        // One byte more than allowed, to tell a segment of exactly the limit from a larger one.
        .take(MAX_OPENED_BYTES + 1)
        .read_to_end(&mut plain)
        .map_err(|_| OpenError::Damaged("the content does not verify"))?;
    if plain.len() as u64 > MAX_OPENED_BYTES {
        return Err(OpenError::TooLarge);
    }
    let mut rest = plain.as_slice();
    let mut deliveries = Vec::new();
    while !rest.is_empty() {
        let (delivery, after) = read_record(rest)?;
        deliveries.push(delivery);
        rest = after;
    }
    Ok(deliveries)
}

fn write_record(out: &mut Vec<u8>, delivery: &Delivery) -> std::io::Result<()> {
    let head = RecordHead {
        inlet: delivery.inlet.clone(),
        received_at: delivery.received_at,
        headers: delivery.headers.clone(),
        body_bytes: delivery.body.len() as u64,
    };
    serde_json::to_writer(&mut *out, &head)?;
    out.push(b'\n');
    out.extend_from_slice(&delivery.body);
    out.push(b'\n');
    Ok(())
}

fn read_record(bytes: &[u8]) -> Result<(Delivery, &[u8]), OpenError> {
    let line_end = bytes.iter().position(|&b| b == b'\n').ok_or(OpenError::Damaged("a record head has no end"))?;
    let (head, rest) = bytes.split_at_checked(line_end).ok_or(OpenError::Damaged("a record head has no end"))?;
    let head: RecordHead =
        serde_json::from_slice(head).map_err(|_| OpenError::Damaged("a record head is unreadable"))?;
    let body_bytes = usize::try_from(head.body_bytes).map_err(|_| OpenError::Damaged("a body is cut off"))?;
    let rest = rest.get(1..).unwrap_or_default();
    let (body, rest) = rest.split_at_checked(body_bytes).ok_or(OpenError::Damaged("a body is cut off"))?;
    let rest = rest.strip_prefix(b"\n").ok_or(OpenError::Damaged("a body is longer than announced"))?;
    Ok((Delivery::new(head.inlet, head.received_at, head.headers, body.to_vec()), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn deliveries() -> impl Strategy<Value = Vec<Delivery>> {
        let header = ("[a-z-]{1,20}", proptest::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(name, value)| Header { name, value });
        let delivery = (
            0i64..4_000_000_000_000,
            proptest::collection::vec(header, 0..5),
            proptest::collection::vec(any::<u8>(), 0..2000),
        )
            .prop_map(|(ms, headers, body)| {
                let inlet = InletId::try_from("inlet-for-the-tests".to_owned()).unwrap();
                Delivery::new(inlet, Timestamp::from_millisecond(ms).unwrap(), headers, body)
            });
        proptest::collection::vec(delivery, 1..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_paired_desk_opens_what_was_sealed(deliveries in deliveries()) {
            let desks = [Identity::random(), Identity::random()];
            let sealed = seal(&deliveries, &desks.each_ref().map(Identity::recipient)).unwrap();
            for desk in &desks {
                prop_assert_eq!(open(&sealed, desk).unwrap(), deliveries.clone());
            }
            prop_assert!(matches!(open(&sealed, &Identity::random()), Err(OpenError::NotForThisKey)));
        }

        #[test]
        fn a_changed_bit_is_never_a_delivery(deliveries in deliveries(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let desk = Identity::random();
            let mut sealed = seal(&deliveries, &[desk.recipient()]).unwrap();
            let i = at.index(sealed.len());
            sealed[i] ^= 1 << bit;
            prop_assert!(open(&sealed, &desk).is_err());
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let desk = Identity::random();
            let _ = open(&bytes, &desk);
            let _ = read_record(&bytes);
        }
    }

    #[test]
    fn a_decompression_bomb_is_refused() {
        let desk = Identity::random();
        let packed = zstd::bulk::compress(&vec![b' '; MAX_OPENED_BYTES as usize + 10], 1).unwrap();
        assert!(packed.len() < 100_000);
        let recipient = desk.recipient();
        let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient.0 as &dyn age::Recipient)).unwrap();
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
        writer.write_all(&packed).unwrap();
        writer.finish().unwrap();
        assert!(matches!(open(&sealed, &desk), Err(OpenError::TooLarge)));
    }

    #[test]
    fn nothing_of_the_body_shows_in_the_segment() {
        let desk = Identity::random();
        let inlet = InletId::random().unwrap();
        let canary = b"Erika Beispiel 1990-01-01";
        let delivery = Delivery::new(inlet.clone(), Timestamp::UNIX_EPOCH, vec![], canary.to_vec());
        let sealed = seal(&[delivery], &[desk.recipient()]).unwrap();
        assert!(!sealed.windows(5).any(|w| canary.starts_with(w)));
        assert!(!sealed.windows(inlet.as_str().len()).any(|w| w == inlet.as_str().as_bytes()));
        assert!(matches!(seal(&[], &[]), Err(SealError::NoRecipient)));
    }
}
