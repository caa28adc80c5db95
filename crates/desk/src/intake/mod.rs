//! Intake: from a sealed segment to judged deliveries (step 5 of the journey). The ledger writes them down.
//!
//! Everything here is computation: no network, no SQL. A delivery becomes an [`Entry`] only through a proof, and a signed
//! proof can only be made of a [`Delivery<Verified>`].

pub(crate) mod inlets;

use std::sync::Arc;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use offizin_wire::{
    Delivery, Fingerprint, Header, Identity, Rejection, Scheme, SigningSecret, Verified, pull::Segment, seal, signature,
};
use sha2::{Digest, Sha256};

use crate::{
    bodies::Body,
    event::{Event, fact::Trust, words::QuarantineReason},
    id::{ConnectionId, EventId},
    pack,
};
use inlets::{Inlet, Inlets};

/// Why an entry may be believed.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// Checked with the secret of this fingerprint.
    Signed(Fingerprint),
    /// The source does not sign.
    Unsigned,
}

impl Proof {
    pub(crate) fn trust(&self) -> Trust {
        match self {
            Proof::Signed(_) => Trust::Verified,
            Proof::Unsigned => Trust::Unsigned,
        }
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        match self {
            Proof::Signed(fingerprint) => Some(fingerprint.as_str()),
            Proof::Unsigned => None,
        }
    }
}

/// A trusted delivery, decoded and ready for the journal.
pub(crate) struct Entry {
    pub(crate) inlet: Arc<Inlet>,
    pub(crate) proof: Proof,
    pub(crate) received_at: Timestamp,
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Body,
    pub(crate) event: Event,
    /// The unsigned header named another event type than the body.
    pub(crate) header_mismatch: bool,
}

/// A delivery that was not believed.
pub(crate) struct Rejected {
    pub(crate) delivery: Delivery,
    pub(crate) reason: QuarantineReason,
    /// SHA-256 of the raw body.
    pub(crate) body_hash: [u8; 32],
    /// The whole body, packed.
    pub(crate) packed: Vec<u8>,
}

/// What became of one delivery.
pub(crate) enum Judged {
    Trusted(Box<Entry>),
    Rejected(Box<Rejected>),
}

/// What became of one segment.
pub(crate) enum Opened {
    Deliveries(Vec<Judged>),
    /// Kept as it is.
    Unopened(&'static str),
}

/// Opens a segment and judges what is in it.
pub(crate) fn open(segment: &Segment, identity: &Identity, inlets: &Inlets) -> Opened {
    match seal::open(&segment.sealed, identity) {
        Ok(deliveries) => Opened::Deliveries(deliveries.into_iter().map(|delivery| judge(delivery, inlets)).collect()),
        Err(seal::OpenError::NotForThisKey) => Opened::Unopened("not_for_this_key"),
        Err(seal::OpenError::Damaged(_)) => Opened::Unopened("damaged"),
        Err(seal::OpenError::TooLarge) => Opened::Unopened("too_large"),
    }
}

/// Verifies over the raw bytes, before any parsing.
pub(crate) fn judge(delivery: Delivery, inlets: &Inlets) -> Judged {
    let Some(inlet) = inlets.get(&delivery.inlet) else {
        return reject(delivery, QuarantineReason::InletUnknown);
    };
    let Some(scheme) = inlet.source.scheme() else {
        return match missing_header(inlet, &delivery) {
            None => Judged::Trusted(Box::new(entry(inlet, Proof::Unsigned, delivery))),
            Some(reason) => reject(delivery, reason),
        };
    };
    let at = delivery.received_at;
    match verify(delivery, scheme, inlet, || inlet.secrets_at(at)) {
        Ok(delivery) => Judged::Trusted(Box::new(signed(inlet, delivery))),
        Err((delivery, rejection)) => reject(delivery, reason(rejection)),
    }
}

/// A fixed header proves that the sender was told it, not that the body is its own: what passes stays unsigned.
fn missing_header(inlet: &Inlet, delivery: &Delivery) -> Option<QuarantineReason> {
    let name = inlet.required_header.as_deref()?;
    // Hashes are compared, so that how long it takes tells nothing of the value.
    let expected: Vec<_> =
        inlet.secrets_at(delivery.received_at).map(|secret| Sha256::digest(secret.expose())).collect();
    if expected.is_empty() {
        return Some(QuarantineReason::SecretMissing);
    }
    let mut values = delivery.header(name).map(Sha256::digest).peekable();
    if values.peek().is_none() {
        return Some(QuarantineReason::HeaderMissing);
    }
    let is_right = values.all(|value| expected.contains(&value));
    (!is_right).then_some(QuarantineReason::HeaderWrong)
}

/// What may stand before a signature where a connection's settings say so; no provider's documents show it.
const PREFIX: &str = "sha256=";

/// Checks a signature as this inlet's provider writes it, with these secrets of the inlet.
pub(crate) fn verify<'a, S: Iterator<Item = &'a SigningSecret>>(
    delivery: Delivery,
    scheme: Scheme,
    inlet: &Inlet,
    secrets: impl Fn() -> S,
) -> Result<Delivery<Verified>, (Delivery, Rejection)> {
    match signature::verify(delivery, scheme, secrets()) {
        Err((delivery, Rejection::SignatureMalformed)) if inlet.prefix_allowed => {
            signature::verify(delivery, Scheme { prefix: PREFIX, ..scheme }, secrets())
        }
        judged => judged,
    }
}

fn signed(inlet: &Arc<Inlet>, delivery: Delivery<Verified>) -> Entry {
    let proof = Proof::Signed(delivery.verified_by().clone());
    entry(inlet, proof, delivery)
}

fn entry<T>(inlet: &Arc<Inlet>, proof: Proof, delivery: Delivery<T>) -> Entry {
    let event = inlet.source.decode(&delivery.body);
    let header_mismatch = event
        .event_type
        .as_deref()
        .zip(inlet.source.event_header())
        .is_some_and(|(event_type, header)| delivery.header(header).any(|value| value != event_type.as_bytes()));
    Entry {
        inlet: Arc::clone(inlet),
        proof,
        received_at: delivery.received_at,
        body: Body::new(&delivery.body),
        headers: delivery.headers,
        event,
        header_mismatch,
    }
}

fn reject(delivery: Delivery, reason: QuarantineReason) -> Judged {
    let (body_hash, packed) = (Sha256::digest(&delivery.body).into(), pack::pack(&delivery.body));
    Judged::Rejected(Box::new(Rejected { delivery, reason, body_hash, packed }))
}

pub(crate) fn reason(rejection: Rejection) -> QuarantineReason {
    match rejection {
        Rejection::SecretMissing => QuarantineReason::SecretMissing,
        Rejection::SignatureMissing => QuarantineReason::SignatureMissing,
        Rejection::SignatureRepeated => QuarantineReason::SignatureRepeated,
        Rejection::SignatureMalformed => QuarantineReason::SignatureMalformed,
        Rejection::SignatureWrong => QuarantineReason::SignatureWrong,
    }
}

/// One event = one distinct raw body per connection.
pub(crate) fn event_id(connection: &ConnectionId, body_hash: &[u8; 32]) -> EventId {
    let digest = Sha256::new().chain_update(connection.as_str()).chain_update([0]).chain_update(body_hash).finalize();
    HEXLOWER.encode(digest.get(..16).unwrap_or_default()).into()
}
