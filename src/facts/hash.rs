//! A 64-bit hash of short texts, in the manner of wyhash (Wang Yi; public domain): two 64x64-bit products, all bits used.
//!
//! Results never depend on it: it chooses the shard and the place of a customer, whose id is then compared as text. Order ids
//! within one customer are the exception that `customers` documents. It has no secret: it does not withstand chosen ids.

const SECRETS: [u64; 3] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db, 0x8ebc_6af0_9c88_c6e3];

/// The longest text that is its own key.
pub(super) const SHORT: usize = 15;

/// A text of up to 15 bytes as a number: its bytes, and its length in the highest byte. Equal keys are equal texts.
#[inline]
pub(super) fn short_key(bytes: &[u8]) -> Option<u128> {
    let len = bytes.len();
    let (low, high) = match len {
        0 => (0, 0),
        1..4 => {
            // The middle and the last byte are one another or the first where there are fewer than three.
            let byte = |at: usize| u64::from(bytes[at]) << (8 * at);
            (byte(0) | byte(len / 2) | byte(len - 1), 0)
        }
        4..8 => (read4(bytes, 0) | read4(bytes, len - 4) << (8 * (len - 4)), 0),
        8 => (read8(bytes, 0), 0),
        9..=SHORT => (read8(bytes, 0), read8(bytes, len - 8) >> (8 * (16 - len))),
        _ => return None,
    };
    Some(u128::from(low) | u128::from(high) << 64 | (len as u128) << 120)
}

#[inline]
pub(super) fn hash64(bytes: &[u8]) -> u64 {
    match short_key(bytes) {
        Some(key) => hash_short(key),
        None => hash_long(bytes),
    }
}

/// The hash of a text whose key (`intern::key`) is known.
#[inline]
pub(super) fn hash_key<'a>(key: u128, text: impl FnOnce() -> &'a str) -> u64 {
    if key >> 120 <= SHORT as u128 { hash_short(key) } else { hash64(text().as_bytes()) }
}

#[inline]
fn hash_short(key: u128) -> u64 {
    mix(key as u64, (key >> 64) as u64, SECRETS[0], 0)
}

fn hash_long(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    let mut seed = SECRETS[0];
    let mut at = 0;
    while at + 16 < len {
        seed = fold(read8(bytes, at) ^ SECRETS[1], read8(bytes, at + 8) ^ seed);
        at += 16;
    }
    mix(read8(bytes, len - 16), read8(bytes, len - 8), seed, len as u64)
}

#[inline]
fn mix(a: u64, b: u64, seed: u64, len: u64) -> u64 {
    let product = u128::from(a ^ SECRETS[1]) * u128::from(b ^ seed);
    // The length comes in behind a product: in front of one, a byte of the text can undo it.
    fold(product as u64 ^ SECRETS[2] ^ len, (product >> 64) as u64 ^ SECRETS[1])
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[inline]
fn read8(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

#[inline]
fn read4(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u64::from(u32::from_le_bytes(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbered_ids_do_not_collide() {
        let mut seen = HashSet::new();
        for i in 0..50_000 {
            let hyphens = "-".repeat(30);
            for id in [
                format!("{i:x}"),
                format!("C{i:010}"),
                format!("{i:06}{hyphens}"),
                format!("{hyphens}{i:06}"),
            ] {
                assert!(seen.insert(hash64(id.as_bytes())), "{id}");
            }
        }
    }

    #[test]
    fn keys_are_the_bytes_and_the_length() {
        let text = b"abcdefghijklmnop";
        for len in 0..=SHORT {
            let mut expected = [0; 16];
            expected[..len].copy_from_slice(&text[..len]);
            expected[15] = len as u8;
            assert_eq!(short_key(&text[..len]), Some(u128::from_le_bytes(expected)), "{len}");
        }
        assert_eq!(short_key(text), None);
    }

    #[test]
    fn every_byte_and_the_length_matter() {
        let mut seen = HashSet::new();
        for len in 0..70 {
            let mut text = vec![b'a'; len];
            assert!(seen.insert(hash64(&text)), "{len}");
            for i in 0..len {
                text[i] = b'b';
                assert!(seen.insert(hash64(&text)), "{len} {i}");
                text[i] = b'a';
            }
        }
    }

    #[test]
    fn all_bits_are_even_handed() {
        let mut ones = [0u32; 64];
        for i in 0..10_000 {
            let hash = hash64(format!("C{i:010}").as_bytes());
            for (bit, ones) in ones.iter_mut().enumerate() {
                *ones += (hash >> bit) as u32 & 1;
            }
        }
        assert!(ones.iter().all(|n| (4_700..5_300).contains(n)), "{ones:?}");
    }
}
