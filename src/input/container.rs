//! What wraps the data: gzip, Zstandard, or nothing; and the files that are no table at all.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::source::{self, Source};
use crate::error::{Error, Result};

/// Known by the first bytes, never by the suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub fn of(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else {
            Self::None
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Something that holds a table and is not the table itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// `xlsx`, `xls`, `ods`, `html`, `json`, `zip`.
    pub kind: &'static str,
    /// The sheet of a workbook, the member of an archive.
    pub part: Option<String>,
}

impl Container {
    /// As people say it: `xlsx, sheet export`.
    pub fn describe(&self) -> String {
        match (&self.part, self.kind) {
            (None, kind) => kind.to_owned(),
            (Some(part), "xlsx" | "xls" | "ods") => format!("{}, sheet {part}", self.kind),
            (Some(part), kind) => format!("{kind}, {part}"),
        }
    }

    /// Something that has sheets to choose from (`--sheet`).
    pub fn has_sheets(&self) -> bool {
        matches!(self.kind, "xlsx" | "xls" | "ods" | "html")
    }
}

pub const PARQUET_MAGIC: &[u8] = b"PAR1";

/// The content of an input without its wrapping, as a stream that counts the stored bytes it has taken.
pub struct Stream {
    label: String,
    compression: Compression,
    content: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Stream {
    pub fn open(source: &Source, compression: Compression, label: &str) -> Result<Self> {
        let taken = Arc::new(AtomicU64::new(0));
        let stored = Counting { inner: source.reader(label)?, taken: taken.clone() };
        let content: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(stored),
            Compression::Gzip => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(256 << 10, stored)))
            }
            Compression::Zstd => Box::new(zstd::Decoder::new(stored).map_err(|source| Error::Io {
                action: "read",
                path: label.to_owned(),
                source,
            })?),
        };
        let content = match compression {
            Compression::None => content,
            _ => Box::new(Bounded::new(content, Stored::Counted(taken.clone()))),
        };
        Ok(Self { label: label.to_owned(), compression, content, taken })
    }

    /// Stored (compressed) bytes read so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Appends up to `limit` bytes to `buffer`; fewer only at the end. Returns whether that was the end.
    pub fn fill(&mut self, buffer: &mut Vec<u8>, limit: usize) -> Result<bool> {
        buffer.reserve(limit);
        match self.content.by_ref().take(limit as u64).read_to_end(buffer) {
            Ok(read) => Ok(read < limit),
            Err(error) => Err(explain(&self.label, self.compression, self.taken(), error)),
        }
    }

    /// The whole content, kept where it can be read in any order.
    pub fn spool(self) -> Result<(Source, u64)> {
        let Self { label, compression, content, taken } = self;
        source::spool(content, |error| explain(&label, compression, taken.load(Ordering::Relaxed), error))
    }
}

fn explain(label: &str, compression: Compression, taken: u64, error: io::Error) -> Error {
    let path = label.to_owned();
    if let Some(bomb) = Bomb::of(&error) {
        return bomb.error(label);
    }
    if error.raw_os_error().is_some() || compression == Compression::None {
        return Error::Io { action: "read", path, source: error };
    }
    let name = compression.name();
    let (why, hint) = if error.kind() == io::ErrorKind::UnexpectedEof {
        (
            format!("the {name} data ends too early: the file is cut off"),
            "was the copy or the download finished? get the file again".to_owned(),
        )
    } else {
        (
            format!("the {name} data is damaged within the first {taken} bytes"),
            format!("get the file again; `{name} -t` tests it"),
        )
    };
    Error::Damaged { path, why, hint: Some(hint) }
}

/// What is unpacked onto the disk is not larger than this: more than any export, less than a disk. (gzip and Zstandard are
/// read as they come, and may be longer.)
const LARGEST: u64 = 64 << 30;

/// Deflate packs 1,032 to 1 at best, and that only where nothing is said: up to `RATIO_FROM` unpacked bytes anything goes,
/// behind them more than `RATIO` bytes for a stored one are no data.
const RATIO: u64 = 1000;
const RATIO_FROM: u64 = if cfg!(test) { 16 << 20 } else { 256 << 20 };

/// Something small that would fill memory or disk. Travels in an `io::Error`.
#[derive(Debug)]
pub(super) struct Bomb(String);

impl Bomb {
    /// What is wrong with this many bytes made of that many stored ones, if anything is.
    pub fn check(unpacked: u64, stored: u64) -> Result<(), Self> {
        if unpacked > LARGEST {
            return Err(Self(format!("unpacks to more than {} GiB", LARGEST >> 30)));
        }
        Self::check_ratio(unpacked, stored)
    }

    fn check_ratio(unpacked: u64, stored: u64) -> Result<(), Self> {
        if unpacked > RATIO_FROM && unpacked / RATIO > stored {
            let unpacked = unpacked >> 20;
            return Err(Self(format!("unpacks to more than {unpacked} MiB out of {stored} bytes")));
        }
        Ok(())
    }

    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    pub fn error(&self, label: &str) -> Error {
        Error::Damaged {
            path: label.to_owned(),
            why: format!("{self}: that is no export but a trap for memory and disk"),
            hint: Some("if the data is real, unpack it and name the unpacked file".to_owned()),
        }
    }
}

impl std::fmt::Display for Bomb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Bomb {}

/// How many bytes there were before unpacking.
pub(super) enum Stored {
    /// As read so far: a stream that is not kept.
    Counted(Arc<AtomicU64>),
    /// In all: what is unpacked to be kept.
    Known(u64),
}

/// Counts what really comes out of a packed stream, whatever its directory says, and stops a bomb.
pub(super) struct Bounded<R> {
    inner: R,
    unpacked: u64,
    stored: Stored,
}

impl<R> Bounded<R> {
    pub fn new(inner: R, stored: Stored) -> Self {
        Self { inner, unpacked: 0, stored }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.unpacked += read as u64;
        match &self.stored {
            Stored::Counted(taken) => Bomb::check_ratio(self.unpacked, taken.load(Ordering::Relaxed)),
            Stored::Known(stored) => Bomb::check(self.unpacked, *stored),
        }
        .map_err(io::Error::other)?;
        Ok(read)
    }
}

struct Counting<R> {
    inner: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Content that is no table of ours: what it is, and what to do.
pub fn refuse_foreign(head: &[u8], label: &str) -> Result<()> {
    const UNPACK: &str = "unpack it first";
    const EXPORT: &str = "export the table as CSV or Parquet";
    let found = if let Some((_, what, hint)) = [
        (&b"BZh"[..], "compressed by bzip2", UNPACK),
        (b"\xfd7zXZ\x00", "compressed by xz", UNPACK),
        (b"7z\xbc\xaf", "a 7z archive", UNPACK),
        (b"Rar!\x1a", "a rar archive", UNPACK),
        (b"\x04\x22\x4d\x18", "compressed by lz4", UNPACK),
        (b"%PDF-", "a PDF document", EXPORT),
        (b"SQLite format 3\x00", "an SQLite database", EXPORT),
        (b"ARROW1\x00\x00", "an Arrow IPC (Feather) file", EXPORT),
        (b"ORC", "an ORC file", EXPORT),
        (b"Obj\x01", "an Avro file", EXPORT),
        (b"\x1f\x8b", "compressed twice", UNPACK),
        (b"\x28\xb5\x2f\xfd", "compressed twice", UNPACK),
    ]
    .into_iter()
    .find(|(magic, _, _)| head.starts_with(magic) && (*magic != b"ORC" || head.contains(&0)))
    {
        Some((what, hint))
    } else if head.get(257..262) == Some(b"ustar") {
        Some(("a tar archive", UNPACK))
    } else {
        markup(head)
    };
    match found {
        None => Ok(()),
        Some((what, hint)) => Err(Error::Damaged {
            path: label.to_owned(),
            why: format!("this is {what}, not CSV or Parquet")
                .replace("this is compressed", "this file is compressed"),
            hint: Some(hint.to_owned()),
        }),
    }
}

/// Text that is markup and no table.
fn markup(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVE: &str = "open it in the spreadsheet and save it as xlsx or CSV (UTF-8)";
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let begins = |tag: &[u8]| head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    if begins(b"<?xml") { Some(("an XML document", SAVE)) } else { None }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::input::raw::testing::{Folder, complaint, options, read, row};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn table(rows: u64) -> String {
        let rows: String =
            (0..rows).map(|row| format!("{row},{}\n", row.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        format!("id,value\n{rows}")
    }

    #[test]
    fn compression_is_known_by_content_and_members_are_joined() {
        let folder = Folder::new();
        let members = [gzip(b"a,b\n1,"), gzip(b"2\n3,4\n")].concat();
        let zstd = zstd(b"a,b\n1,2\n3,4\n");
        for path in [folder.put("a.csv", members), folder.put("b.gz", zstd)] {
            assert_eq!(read(&options(&[&path])).unwrap().rows, [row(2, &["1", "2"]), row(3, &["3", "4"])]);
        }
    }

    #[test]
    fn cut_off_and_damaged_archives_are_refused() {
        let folder = Folder::new();
        let text = table(300_000);
        for (name, packed) in [("a.gz", gzip(text.as_bytes())), ("a.zst", zstd(text.as_bytes()))] {
            for keep in [5, 20, 1000, packed.len() / 2, packed.len() - 1] {
                let path = folder.put(name, &packed[..keep]);
                let said = complaint(&options(&[&path]));
                assert!(said.contains("ends too early: the file is cut off"), "{name} {keep}: {said}");
            }
            let mut damaged = packed.clone();
            let middle = damaged.len() / 2;
            damaged[middle..middle + 64].fill(0xa5);
            let said = complaint(&options(&[&folder.put(name, damaged)]));
            assert!(said.contains("data is damaged") || said.contains("ends too early"), "{name}: {said}");
        }
    }

    #[test]
    fn a_bomb_is_an_error_in_bounded_time() {
        // A frame that is packed once, repeated.
        let packed = zstd(&vec![b'x'; 64 << 20]).repeat(6);
        let source = Source::Memory(packed.into());
        let mut stream = Stream::open(&source, Compression::Zstd, "bomb.csv.zst").unwrap();
        let mut bytes = Vec::new();
        let error = loop {
            bytes.clear();
            match stream.fill(&mut bytes, 1 << 20) {
                Ok(end) => assert!(!end),
                Err(error) => break error.to_string(),
            }
        };
        assert!(error.starts_with("bomb.csv.zst: unpacks to more than "), "{error}");
        assert!(error.ends_with("a trap for memory and disk"), "{error}");
        // The same size of what can be packed less is none.
        assert!(Bomb::check(600 << 20, 1 << 20).is_ok());
        assert!(Bomb::check(65 << 30, 60 << 30).is_err());
    }

    #[test]
    fn foreign_files_are_named() {
        let folder = Folder::new();
        for (bytes, what) in [
            (&b"PK\x03\x04....[Content_Types].xml"[..], "the zip archive is damaged or cut off"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an older Office, but no workbook"),
            (b"\n<HTML><table>", "an HTML page without a table that holds anything"),
            (b"<?xml version=\"1.0\"?><Workbook/>", "an XML document"),
            (b"%PDF-1.4", "a PDF document"),
            (&gzip(&gzip(b"a,b\n")), "this file is compressed twice"),
        ] {
            let said = complaint(&options(&[&folder.put("a.csv", bytes)]));
            assert!(said.contains(what), "{what}: {said}");
        }
    }
}
