//! The short run of the fuzz targets (tests/fuzz/README.md): the same bodies over the corpus, and over 2,000 damaged copies
//! of it that are the same in every run.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};
use siyu::input::fuzzing;

use crate::support::root;

/// Of one input, the slowest that may be: generous, since machines are slow and busy at times.
const SLOWEST: Duration = Duration::from_secs(20);

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("tests/fuzz/corpus").join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not here", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// What stands in files of all kinds, to be put where it does not belong.
const PIECES: &[&[u8]] = &[
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"|",
    b"\n",
    b"\r\n",
    b"\r",
    b"=\"",
    b"'",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x81\x30\x81\x30",
    b"\xc4\xe3",
    "中".as_bytes(),
    "（".as_bytes(),
    "😀".as_bytes(),
    b"[",
    b"{",
    b"]",
    b"}",
    b"\\u0000",
    b"\\",
    b"1e999",
    b"-",
    b"1.23E+18",
    b"99999999999999999999",
    b"2024-02-30",
    b"<tr>",
    b"<td rowspan=99999>",
    b"</table>",
    b"<c r=\"XFD1\">",
    b"<row r=\"1048576\">",
    b"&#x110000;",
    b"&amp",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"case ",
    b"when ",
    b"(((((((",
    b"not ",
    b" || ",
    b"''",
    b"#",
    "合计".as_bytes(),
    b"sep=,\n",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\n[[drop]]\n",
    b" = true\n",
];

struct Dice(Pcg64Mcg);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end.max(1) as u64) as usize
    }

    /// A stretch of up to 64 bytes.
    fn stretch(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..(start + self.below(64)).min(length)
    }
}

/// A damaged copy of a file, sometimes with a part of another one.
fn damaged(of: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = of.to_vec();
    for _ in 0..=dice.below(5) {
        let stretch = dice.stretch(bytes.len());
        match dice.below(9) {
            0 => bytes.truncate(stretch.start),
            1 => drop(bytes.drain(stretch)),
            2 => {
                let again = bytes[stretch.clone()].to_vec();
                bytes.splice(stretch.end..stretch.end, again);
            }
            3 => {
                let taken = other[dice.stretch(other.len())].to_vec();
                bytes.splice(stretch, taken);
            }
            4 if !stretch.is_empty() => bytes[stretch.start] ^= 1 << dice.below(8),
            5 if !stretch.is_empty() => bytes[stretch.start] = dice.below(256) as u8,
            6 => bytes[stretch].fill([0, 0xff, b' ', b'9', b'"'][dice.below(5)]),
            _ => {
                let piece = PIECES[dice.below(PIECES.len())];
                let times = if dice.below(20) == 0 { 200 } else { 1 };
                bytes.splice(stretch.start..stretch.start, piece.repeat(times));
            }
        }
    }
    bytes
}

/// Runs `body` on the corpus and on `damages` damaged copies, on two threads.
fn run(target: &str, damages: usize, body: &(dyn Fn(&[u8]) + Sync)) {
    let corpus = corpus(target);
    if corpus.is_empty() {
        return;
    }
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let (path, bytes) = match number.checked_sub(corpus.len()) {
                None => corpus[number].clone(),
                Some(damage) if damage < damages => {
                    let mut dice = Dice(Pcg64Mcg::seed_from_u64(damage as u64));
                    let (path, of) = &corpus[dice.below(corpus.len())];
                    let other = dice.below(corpus.len());
                    (path.clone(), damaged(of, &corpus[other].1, &mut dice))
                }
                Some(_) => return,
            };
            check(target, &path, number, &bytes, body);
        }
    };
    std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        for thread in threads {
            thread.join().expect("each input is answered");
        }
    });
}

#[track_caller]
fn check(target: &str, path: &Path, number: usize, bytes: &[u8], body: &(dyn Fn(&[u8]) + Sync)) {
    let begin = Instant::now();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| body(bytes)));
    if outcome.is_err() || begin.elapsed() > SLOWEST {
        let kept = std::env::temp_dir().join(format!("siyu-fuzz-{target}-{number}"));
        std::fs::write(&kept, bytes).unwrap();
        let what = if outcome.is_err() { "a panic" } else { "too slow" };
        panic!("{what}: number {number}, made of {}; kept as {}", path.display(), kept.display());
    }
}

#[test]
fn files_of_any_bytes_are_read_or_refused() {
    run("table", 1200, &|bytes| {
        fuzzing::table(bytes);
    });
}

#[test]
fn formulas_of_any_text_are_read_or_refused() {
    run("formula", 500, &|bytes| fuzzing::formula(&String::from_utf8_lossy(bytes)));
}

#[test]
fn presets_of_any_text_are_read_or_refused() {
    run("preset", 300, &|bytes| fuzzing::preset(&String::from_utf8_lossy(bytes)));
}

/// An old workbook is read; one whose sectors follow each other in circles is not followed.
#[test]
fn an_old_workbook_in_circles() {
    let Some((_, mut bytes)) = corpus("table").into_iter().find(|(path, _)| path.ends_with("book.xls"))
    else {
        return;
    };
    assert_eq!(fuzzing::table(&bytes), Some(5));
    // The table of sectors: each is the next of itself.
    let table = 512 * (1 + usize::from(bytes[76]));
    for sector in 0..128 {
        bytes[table + 4 * sector..][..4].copy_from_slice(&(sector as u32).to_le_bytes());
    }
    assert_eq!(fuzzing::table(&bytes), None);
}
