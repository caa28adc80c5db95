//! Pulling: how segments travel from the relay's outlet to a desk (step 4 of the journey).
//!
//! `GET /v1/segments?after={cursor}&wait={seconds}` answers one page: segments in the order of their sequence, framed
//! as `u64 sequence, i64 committed_at (epoch ms), u32 length, bytes`, big-endian. An empty page means nothing came while
//! waiting. `POST /v1/ack` with [`Ack`] tells the relay what is on the desk's disk.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Content type of a page.
pub const PAGE_CONTENT_TYPE: &str = "application/vnd.offizin.segments";
/// Answer header: the highest sequence the relay holds for this inbox, so a desk can tell how far it has to go.
pub const HEAD_HEADER: &str = "offizin-head";
/// Answer header: the relay's clock when it read the log, epoch milliseconds. Everything accepted before this moment
/// is in this page, in an earlier one, or announced by [`HEAD_HEADER`].
pub const CLOCK_HEADER: &str = "offizin-clock";
/// A relay stops filling a page after this many bytes; a page with one segment may be larger.
pub const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// A relay stops filling a page after this many segments.
pub const PAGE_SEGMENTS: usize = 512;
/// What a desk accepts as one page at the most.
pub const MAX_PAGE_BYTES: usize = 128 * 1024 * 1024;
/// The longest a desk may ask the relay to wait for something to arrive, in seconds.
pub const MAX_WAIT_SECONDS: u64 = 60;

const FRAME_HEAD: usize = 20;

/// A sealed segment with its place in the inbox's log.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// 1, 2, 3 … per inbox; never reused, gaps only where retention removed something.
    pub sequence: u64,
    /// When the relay made it durable, by the relay's clock.
    pub committed_at: Timestamp,
    /// The age file.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Segment(#{}, {} bytes)", self.sequence, self.sealed.len())
    }
}

/// `POST /v1/ack`: everything up to and including this sequence is durable on the desk. Answer 204. Never moves back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// A sequence the relay sent to this device.
    pub cursor: u64,
}

/// A page cannot be read; nothing of it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// It ends inside a frame.
    #[error("the page is cut off")]
    CutOff,
    /// A sequence is not greater than the one before it, or than the cursor asked for.
    #[error("the page is out of order")]
    OutOfOrder,
    /// A time outside the calendar.
    #[error("the page holds an impossible time")]
    Time,
}

/// Appends one segment to a page. A segment larger than 4 GiB cannot be framed and is left out (`false`); the
/// relay's body limit makes that unreachable.
pub fn write_segment(page: &mut Vec<u8>, segment: &Segment) -> bool {
    let Ok(length) = u32::try_from(segment.sealed.len()) else { return false };
    page.extend_from_slice(&segment.sequence.to_be_bytes());
    page.extend_from_slice(&segment.committed_at.as_millisecond().to_be_bytes());
    page.extend_from_slice(&length.to_be_bytes());
    page.extend_from_slice(&segment.sealed);
    true
}

/// Reads a page asked for with `after`.
pub fn read_page(mut page: &[u8], after: u64) -> Result<Vec<Segment>, PageError> {
    let mut segments = Vec::new();
    let mut last = after;
    while !page.is_empty() {
        let (head, rest) = page.split_at_checked(FRAME_HEAD).ok_or(PageError::CutOff)?;
        let (sequence, head) = head.split_first_chunk::<8>().ok_or(PageError::CutOff)?;
        let (committed_at, head) = head.split_first_chunk::<8>().ok_or(PageError::CutOff)?;
        let (length, _) = head.split_first_chunk::<4>().ok_or(PageError::CutOff)?;
        let sequence = u64::from_be_bytes(*sequence);
        // A page that goes back would make the desk move its cursor back, and read the same segments for ever.
        if sequence <= last {
            return Err(PageError::OutOfOrder);
        }
        let committed_at =
            Timestamp::from_millisecond(i64::from_be_bytes(*committed_at)).map_err(|_| PageError::Time)?;
        let (sealed, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize).ok_or(PageError::CutOff)?;
        segments.push(Segment { sequence, committed_at, sealed: sealed.to_vec() });
        last = sequence;
        page = rest;
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_page_reads_back_as_written(sizes in proptest::collection::vec(0usize..300, 0..8), after in 0u64..1000) {
            let segments: Vec<_> = sizes.iter().enumerate().map(|(i, size)| Segment {
                sequence: after + 1 + 2 * i as u64,
                committed_at: Timestamp::from_millisecond(i as i64 * 977).unwrap(),
                sealed: vec![i as u8; *size],
            }).collect();
            let mut page = Vec::new();
            for segment in &segments { prop_assert!(write_segment(&mut page, segment)); }
            prop_assert_eq!(read_page(&page, after).unwrap(), segments.clone());
            if let Some(first) = segments.first() {
                prop_assert_eq!(read_page(&page, first.sequence), Err(PageError::OutOfOrder));
                prop_assert_eq!(read_page(&page[..page.len() - 1], after), Err(PageError::CutOff));
            }
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_page(&bytes, 0);
        }
    }
}
