//! Packing in memory: zstd, with the length beside it, so that damage is noticed and nothing grows beyond what was packed.

use std::cell::RefCell;

use zstd::bulk::{Compressor, Decompressor};

thread_local! {
    // Making them takes longer than packing an event.
    static PACKER: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(1).ok());
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// Packs. It fails for want of memory only; what stays unpacked does not unpack later, and is noticed then.
pub(crate) fn pack(raw: &[u8]) -> Vec<u8> {
    let packed = PACKER.with_borrow_mut(|packer| packer.as_mut()?.compress(raw).ok());
    packed.unwrap_or_else(|| raw.to_vec())
}

/// The raw bytes, or `None` where they are damaged or not `bytes` long.
pub(crate) fn unpack(packed: &[u8], bytes: i64) -> Option<Vec<u8>> {
    let bytes = usize::try_from(bytes).ok()?;
    let raw = UNPACKER.with_borrow_mut(|unpacker| unpacker.as_mut()?.decompress(packed, bytes).ok())?;
    (raw.len() == bytes).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_and_what_is_damaged_does_not() {
        let raw = "a prescription, invented ".repeat(4000).into_bytes();
        let packed = pack(&raw);
        assert!(packed.len() < raw.len() / 10);
        let bytes = i64::try_from(raw.len()).unwrap();
        assert_eq!(unpack(&packed, bytes).as_deref(), Some(raw.as_slice()));
        for wrong in [bytes - 1, bytes + 1, -1, i64::MIN] {
            assert_eq!(unpack(&packed, wrong), None, "{wrong}");
        }
        assert_eq!(unpack(&packed[..packed.len() - 1], bytes), None);
        assert_eq!(unpack(b"", bytes), None);
        assert_eq!(unpack(&pack(b""), 0).as_deref(), Some(&b""[..]));
        // And the unpacker still works after it failed.
        assert_eq!(unpack(&packed, bytes).as_deref(), Some(raw.as_slice()));
    }
}
