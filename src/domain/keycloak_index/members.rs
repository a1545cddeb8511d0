//! Sets of members as sorted hashes in a range that grows with the set: the gaps between them take about a byte each.

use super::KEYCLOAK;

/// A member's name, descriptor and whether it is static, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberKey(u64);

impl MemberKey {
    /// The key of a field or method.
    pub fn new(name: &str, descriptor: &str, is_static: bool) -> Self {
        // FNV-1a, then the finaliser of MurmurHash3, so that the low bits depend on every byte.
        let mut hash = 0xCBF2_9CE4_8422_2325_u64;
        let parts = [
            name.as_bytes(),
            &[u8::from(is_static)],
            descriptor.as_bytes(),
        ];
        for byte in parts.into_iter().flatten() {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
        for factor in [0xFF51_AFD7_ED55_8CCD, 0xC4CE_B9FE_1A85_EC53] {
            hash = (hash ^ (hash >> 33)).wrapping_mul(factor);
        }
        Self(hash ^ (hash >> 33))
    }

    fn within(self, range: u64) -> u64 {
        self.0 % range
    }
}

/// How many numbers there are for each member: one in so many members that are not there is taken for one that is.
pub(super) fn spread(class: &str) -> u64 {
    if class.starts_with(KEYCLOAK) {
        2048
    } else {
        32
    }
}

/// The gaps between the sorted hashes of `members`, as numbers of seven bits a byte.
pub(super) fn gaps(members: &[MemberKey], spread: u64) -> Vec<u8> {
    let range = members.len() as u64 * spread;
    let mut hashes: Vec<u64> = members.iter().map(|member| member.within(range)).collect();
    hashes.sort_unstable();
    let mut bytes = Vec::new();
    let mut last = 0;
    for hash in hashes {
        number(hash - last, &mut bytes);
        last = hash;
    }
    bytes
}

/// Whether `member` is among the `count` members whose gaps `bytes` starts with.
pub(super) fn has(mut bytes: &[u8], count: u32, spread: u64, member: MemberKey) -> bool {
    if count == 0 {
        return false;
    }
    let wanted = member.within(u64::from(count) * spread);
    let mut hash = 0_u64;
    for _ in 0..count {
        let Some(gap) = next(&mut bytes) else {
            return false;
        };
        hash = hash.saturating_add(gap);
        if hash >= wanted {
            return hash == wanted;
        }
    }
    false
}

/// Writes a number, seven bits a byte, the lowest first.
pub(super) fn number(mut number: u64, bytes: &mut Vec<u8>) {
    while number > 0x7F {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Reads what [`number`] wrote.
pub(super) fn next(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
