//! The hash by which names are kept instead of themselves.

/// The bits of a hash that choose the bucket.
pub(crate) const BUCKET_BITS: u32 = 15;
/// The bits of a hash that are kept in a bucket.
pub(crate) const KEPT_BITS: u32 = 19;

/// A hash of a name, made letter by letter (FNV-1a, then the finish of MurmurHash3).
#[derive(Clone, Copy)]
pub(crate) struct Hash(u64);

impl Hash {
    /// The hash of no letters. The seed is the first with which no two names share a bucket and the kept bits.
    pub(crate) const fn new(seed: u16) -> Self {
        Self(0xcbf2_9ce4_8422_2325 ^ seed as u64)
    }

    /// With one more byte.
    pub(crate) const fn push(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u64).wrapping_mul(0x0100_0000_01b3))
    }

    /// With more bytes.
    pub(crate) fn extend(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |hash, byte| hash.push(*byte))
    }

    /// The bucket, and the bits that are kept in it.
    pub(crate) const fn finish(self) -> (usize, u32) {
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        let mixed = mixed ^ (mixed >> 33);
        ((mixed >> (64 - BUCKET_BITS)) as usize, (mixed & ((1 << KEPT_BITS) - 1)) as u32)
    }
}
