//! Ids that a platform has made unreadable.

pub use crate::output::shortened::{names_person, shortened, shown};

/// The encrypted values of platforms are long; a shorter text between such signs may be an id like any other.
const CIPHER: usize = 16;

/// Bytes without one of which nothing is masked: stars, the signs of ciphers, `x`, and what is not ASCII (full-width signs).
const MAY_MASK: [bool; 256] = {
    let mut may = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        may[byte] = byte >= 0x80 || matches!(byte as u8, b'*' | b'#' | b'~' | b'$' | b'x' | b'X');
        byte += 1;
    }
    may
};

/// Whether a platform has made an id unreadable: `138****1234`, `张**`, `王*`, `j***@x.com`, `####`, `##cipher##`,
/// `~AgAAA...~1~`, `138xxxx1234`. Such ids are no keys: many people have one, or one person has many.
///
/// | mark | masked |
/// | --- | --- |
/// | `*`, `＊` | anywhere, a single one too |
/// | `#` | three in a row; `##...##`; `#...##` of 16 or more bytes (encrypted, Douyin) |
/// | `$` | `$$...$$`; `$...$$` of 16 or more bytes (encrypted, Douyin) |
/// | `~` | `~...~` of 16 or more bytes (encrypted, Pinduoduo and Douyin) |
/// | `＃` | two in a row |
/// | `x`, `X` | three in a row in what is otherwise a phone number |
pub fn is_masked(id: &str) -> bool {
    let bytes = id.as_bytes();
    // Ids of letters and digits alone are most; an ordinary one ends here, after one look at each byte.
    if !bytes.iter().fold(false, |seen, byte| seen | MAY_MASK[usize::from(*byte)]) {
        return false;
    }
    if memchr::memchr(b'*', bytes).is_some() {
        return true;
    }
    if memchr::memchr3(b'#', b'~', b'$', bytes).is_some() {
        let text = id.trim();
        let within = |begin: &str, end: &str, least: usize| {
            text.len() >= least && text.starts_with(begin) && text.ends_with(end)
        };
        if text.contains("###")
            || within("##", "##", 5)
            || within("$$", "$$", 5)
            || within("#", "##", CIPHER)
            || within("$", "$$", CIPHER)
            || within("~", "~", CIPHER)
        {
            return true;
        }
    }
    if !id.is_ascii() && id.contains(['＊', '＃']) {
        return id.contains('＊') || id.contains("＃＃");
    }
    memchr::memchr2(b'x', b'X', bytes).is_some_and(|at| at >= 2) && is_phone_with_gaps(id.trim())
}

/// `138xxxx1234`, `+86 138-XXXX-1234`: the form of a phone number, with three or more of its digits crossed out.
fn is_phone_with_gaps(text: &str) -> bool {
    let (mut digits, mut run, mut longest, mut crossed) = (0, 0, 0, 0);
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => (digits, run) = (digits + 1, 0),
            b'x' | b'X' => {
                (run, crossed) = (run + 1, crossed + 1);
                longest = longest.max(run);
            }
            b'+' | b'-' | b' ' => {}
            _ => return false,
        }
    }
    longest >= 3 && digits >= 3 && (7..=15).contains(&(digits + crossed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_platforms_are_known() {
        for id in [
            "138****1234",
            "186******05",
            "张**",
            "a**b",
            "***",
            "王*",
            "####",
            "##abc##",
            "张＊",
            "*",
            "138xxxx1234",
            "138XXXX1234",
            "+86 138-xxxx-1234",
            "j***@x.com",
            "C*",
            "$$abcdef$$",
            "＊＊＊",
            "###1234",
            "~AgAAAAI4rWUG3wJgBQC1nqQ~1~",
            "#bIeZ#0mC2+4q/abc#1##",
            "$pQ2$0mC2+4q/abcd$1$$",
            "138****1234-0123",
        ] {
            assert!(is_masked(id), "{id}");
        }
    }

    #[test]
    fn ordinary_ids_are_not_masked() {
        for id in [
            "",
            "#1001",
            "A#12",
            "13800001234",
            "张三",
            "a-b_c",
            "xxx",
            "max",
            "0x1f",
            "xx123456789",
            "12x34",
            "##",
            "#",
            "~",
            "~home",
            "a~b",
            "$5",
            "US$$",
            "1x2x3x4x5",
            "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
            "alex@x.com",
            "5f8xxx-abc",
            "tb_12345",
            "#1001#",
            "#Lq#abcdef~~",
        ] {
            assert!(!is_masked(id), "{id}");
        }
    }
}
