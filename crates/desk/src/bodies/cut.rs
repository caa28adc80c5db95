//! What is cut out of a body, and how it is put back. Computation only.

use std::sync::Arc;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use crate::pack;

/// Shorter runs stay where they are: an entry of their own would take more than it saves.
const SHORTEST: usize = 4096;

/// A body, packed and ready to be written.
#[derive(Debug)]
pub(crate) struct Body {
    /// SHA-256 of the raw body.
    pub(crate) hash: [u8; 32],
    /// Bytes of the raw body.
    pub(crate) bytes: usize,
    /// Bytes of it that are its own.
    pub(super) own_bytes: usize,
    /// Those, packed.
    pub(super) packed: Vec<u8>,
    /// What was cut out, in the order of the body.
    pub(super) cuts: Vec<Cut>,
}

/// Something that was cut out of a body.
#[derive(Debug)]
pub(super) struct Cut {
    /// Bytes of the body's own that stand before it.
    pub(super) place: usize,
    /// Its slashes were written as `\/`, as some encoders of JSON do.
    pub(super) escaped: bool,
    /// SHA-256 of the decoded content.
    pub(super) hash: [u8; 32],
    /// Bytes of the decoded content.
    pub(super) bytes: usize,
    /// That, packed.
    pub(super) packed: Vec<u8>,
}

impl Body {
    /// Cuts out what other bodies may bring as well.
    pub(crate) fn new(raw: &[u8]) -> Self {
        let mut own = Vec::new();
        let mut cuts = Vec::new();
        let mut after = 0;
        for run in runs(raw) {
            let Some((content, escaped)) = raw.get(run.clone()).and_then(decode) else { continue };
            own.extend_from_slice(raw.get(after..run.start).unwrap_or_default());
            after = run.end;
            cuts.push(Cut {
                place: own.len(),
                escaped,
                hash: Sha256::digest(&content).into(),
                bytes: content.len(),
                packed: pack::pack(&content),
            });
        }
        own.extend_from_slice(raw.get(after..).unwrap_or_default());
        Self {
            hash: Sha256::digest(raw).into(),
            bytes: raw.len(),
            own_bytes: own.len(),
            packed: pack::pack(&own),
            cuts,
        }
    }
}

/// Something to put back into a body.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) place: usize,
    pub(super) escaped: bool,
    /// The decoded content, still packed; bodies that share it share this too.
    pub(super) content: Arc<Packed>,
}

/// Packed bytes and how many they are unpacked.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) bytes: i64,
    pub(super) packed: Vec<u8>,
}

/// The raw body, or `None` where something is damaged or does not come to `bytes`.
pub(super) fn join(own: &Packed, pieces: &[Piece], bytes: i64) -> Option<Vec<u8>> {
    let bytes = usize::try_from(bytes).ok()?;
    let own = pack::unpack(&own.packed, own.bytes)?;
    if pieces.is_empty() {
        return (own.len() == bytes).then_some(own);
    }
    let mut raw = Vec::with_capacity(bytes);
    let mut after = 0;
    for piece in pieces {
        raw.extend_from_slice(own.get(after..piece.place)?);
        after = piece.place;
        let text = BASE64.encode(&pack::unpack(&piece.content.packed, piece.content.bytes)?);
        if piece.escaped {
            raw.extend_from_slice(text.replace('/', "\\/").as_bytes());
        } else {
            raw.extend_from_slice(text.as_bytes());
        }
    }
    raw.extend_from_slice(own.get(after..)?);
    (raw.len() == bytes).then_some(raw)
}

/// Every run of base64 that is long enough, with the padding behind it.
fn runs(raw: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let mut runs = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        let start = at;
        loop {
            match raw.get(at..) {
                Some([byte, ..]) if is_base64(*byte) => at += 1,
                Some([b'\\', b'/', ..]) => at += 2,
                _ => break,
            }
        }
        if at - start >= SHORTEST {
            let padding = raw.get(at..).unwrap_or_default().iter().take(2).take_while(|byte| **byte == b'=').count();
            at += padding;
            runs.push(start..at);
        } else {
            at += 1;
        }
    }
    runs
}

/// The content of a run, and whether its slashes are escaped; `None` where encoding it again would not give the same bytes.
fn decode(run: &[u8]) -> Option<(Vec<u8>, bool)> {
    if !run.contains(&b'\\') {
        let content = BASE64.decode(run).ok()?;
        return (BASE64.encode(&content).as_bytes() == run).then_some((content, false));
    }
    let text = std::str::from_utf8(run).ok()?;
    let content = BASE64.decode(text.replace("\\/", "/").as_bytes()).ok()?;
    // One slash that is not escaped among some that are could not be told apart later.
    (BASE64.encode(&content).replace('/', "\\/") == text).then_some((content, true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(body: &Body) -> Option<Vec<u8>> {
        let own = Packed { bytes: i64::try_from(body.own_bytes).ok()?, packed: body.packed.clone() };
        let pieces: Vec<_> = body.cuts.iter().map(piece).collect();
        join(&own, &pieces, i64::try_from(body.bytes).ok()?)
    }

    fn piece(cut: &Cut) -> Piece {
        let content = Packed { bytes: i64::try_from(cut.bytes).unwrap(), packed: cut.packed.clone() };
        Piece { place: cut.place, escaped: cut.escaped, content: content.into() }
    }

    /// Bytes that hold every character of base64, slashes and pluses too.
    fn pdf(seed: u8, bytes: usize) -> Vec<u8> {
        let mut state = u64::from(seed) + 1;
        let next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u8
        };
        std::iter::repeat_with(next).take(bytes).collect()
    }

    #[test]
    fn a_prescription_is_cut_out_once_and_two_bodies_share_it() {
        let file = BASE64.encode(&pdf(1, 9_000));
        let bodies = [1, 2].map(|n| Body::new(format!(r#"{{"n":{n},"content_base64":"{file}"}}"#).as_bytes()));
        for body in &bodies {
            assert_eq!((body.cuts.len(), body.cuts[0].bytes), (1, 9_000));
            assert!(body.own_bytes < 40, "{}", body.own_bytes);
        }
        assert_eq!(bodies[0].cuts[0].hash, bodies[1].cuts[0].hash);
        assert_ne!(bodies[0].hash, bodies[1].hash);
    }

    #[test]
    fn slashes_may_be_escaped_all_or_none() {
        let text = BASE64.encode(&pdf(7, 8_000));
        assert!(text.contains('/'));
        let plain = format!(r#""{text}""#);
        let escaped = format!(r#""{}""#, text.replace('/', "\\/"));
        let mixed = format!(r#""{}""#, text.replacen('/', "\\/", 1));
        for (raw, cuts) in [(plain, 1), (escaped, 1), (mixed, 0)] {
            let body = Body::new(raw.as_bytes());
            assert_eq!(body.cuts.len(), cuts);
            assert_eq!(back(&body).unwrap(), raw.as_bytes());
        }
    }

    #[test]
    fn what_would_not_encode_back_stays_whole() {
        let text = BASE64.encode(&pdf(3, 6_001));
        assert!(text.ends_with('='));
        let no_padding = text.trim_end_matches('=').to_owned();
        let lines =
            text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>();
        for raw in [no_padding, lines.join("\\n"), "A".repeat(4_097), "/".repeat(9_999)] {
            let body = Body::new(raw.as_bytes());
            assert!(body.cuts.is_empty(), "{} bytes", raw.len());
            assert_eq!(back(&body).unwrap(), raw.as_bytes());
        }
    }

    #[test]
    fn damage_in_what_is_shared_is_noticed() {
        let raw = format!(r#"{{"file":"{}"}}"#, BASE64.encode(&pdf(5, 6_000)));
        let body = Body::new(raw.as_bytes());
        let own = Packed { bytes: i64::try_from(body.own_bytes).unwrap(), packed: body.packed.clone() };
        let bytes = i64::try_from(body.bytes).unwrap();
        let whole = piece(&body.cuts[0]);
        assert_eq!(join(&own, std::slice::from_ref(&whole), bytes).unwrap(), raw.as_bytes());
        let content = Packed { bytes: 6_000, packed: body.cuts[0].packed[1..].to_vec() };
        let damaged = Piece { content: content.into(), ..whole.clone() };
        for pieces in [vec![], vec![damaged], vec![whole.clone(), whole.clone()]] {
            assert_eq!(join(&own, &pieces, bytes), None);
        }
        assert_eq!(join(&own, &[Piece { place: body.own_bytes + 1, ..whole }], bytes), None);
    }

    proptest! {
        #[test]
        fn every_body_comes_out_byte_for_byte(
            parts in proptest::collection::vec(
                prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..60),
                    "[A-Za-z0-9+/=\\\\\"]{0,40}".prop_map(String::into_bytes),
                    (any::<u8>(), 2_900usize..3_400).prop_map(|(seed, n)| BASE64.encode(&pdf(seed, n)).into_bytes()),
                    (any::<u8>(), 2_900usize..3_400)
                        .prop_map(|(seed, n)| BASE64.encode(&pdf(seed, n)).replace('/', "\\/").into_bytes()),
                ],
                0..8,
            ),
        ) {
            let raw = parts.concat();
            let body = Body::new(&raw);
            prop_assert_eq!(back(&body), Some(raw));
        }
    }
}
