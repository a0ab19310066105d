//! Zip archives: each member that holds a table becomes an input of its own.

use std::io::{self, Read};

use zip::result::ZipError;

use super::spool::Spooler;
use super::workbook::Archive;
use crate::error::{Error, Result};
use crate::input::container::{Bomb, Bounded, Compression, PARQUET_MAGIC, Stored};
use crate::input::encoding::Detector;
use crate::input::source::{self, Found, has_data_suffix};

/// So many bytes say what a member is.
const HEAD: usize = 64 << 10;

/// A shop exports a few files; an archive of more members is something else. Each that is a table is open as long as the
/// run lasts.
const MOST_MEMBERS: usize = 10_000;

/// What an archive holds.
pub(super) struct Members {
    /// Label, bytes and the name within the archive, in order of the names.
    pub tables: Vec<(Found, String)>,
    /// The names of what holds no table.
    pub passed_over: Vec<String>,
}

/// Unpacks the members that hold tables. `found` is the archive, `stored` its size.
pub(super) fn members(
    mut archive: Archive,
    found: &Found,
    stored: u64,
    spooler: &mut Spooler,
) -> Result<Members> {
    let label = &found.label;
    if archive.len() > MOST_MEMBERS {
        return Err(broken(label, &format!("a zip archive of {} members", archive.len())));
    }
    let mut named: Vec<(String, usize)> = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|error| explain(label, "its directory", error))?;
        if member.is_dir() {
            continue;
        }
        let name = decode(member.name_raw());
        if !is_aside(&name) {
            named.push((name, index));
        }
    }
    named.sort();
    let mut members = Members { tables: Vec::new(), passed_over: Vec::new() };
    for (name, index) in named {
        let member_label = format!("{label}/{name}");
        let member = archive.by_index(index).map_err(|error| explain(label, &name, error))?;
        let packed = member.compressed_size().min(stored);
        let mut stream = Bounded::new(member, Stored::Known(packed));
        let failed = |error: io::Error| unreadable(&member_label, error);
        let mut head = Vec::new();
        stream.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
        if is_archive(&head) && !is_document(&head) {
            let is_workbook = [".xlsx", ".xlsm", ".ods"].iter().any(|end| name.to_lowercase().ends_with(end));
            if !is_workbook {
                return Err(Error::Damaged {
                    path: member_label,
                    why: "an archive within an archive".to_owned(),
                    hint: Some("unpack the outer one first".to_owned()),
                });
            }
        }
        if !holds_table(&name, &head) {
            members.passed_over.push(name);
            continue;
        }
        let whole = head.as_slice().chain(stream);
        let (source, bytes) = if head.starts_with(PARQUET_MAGIC) {
            // Read in any order, through the system.
            source::spool(whole, failed)?
        } else {
            let mut spool = spooler.begin(&member_label, packed);
            spool.copy(whole, failed)?;
            spool.finish()?
        };
        let path = found.path.join(&name);
        let found = Found { label: member_label, path, source, bytes, hive: found.hive.clone() };
        members.tables.push((found, name));
    }
    if members.tables.is_empty() {
        return Err(Error::Empty {
            path: label.clone(),
            why: match members.passed_over.as_slice() {
                [] => "a zip archive with nothing in it".to_owned(),
                names => format!("a zip archive without a table; it holds {}", some(names)),
            },
        });
    }
    Ok(members)
}

/// A few names, for people.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN { format!("{shown} and {} more", names.len() - SHOWN) } else { shown }
}

/// The name as people wrote it: UTF-8, or as Windows in China packs it.
fn decode(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(raw).0.into_owned(),
    };
    name.replace('\\', "/").trim_start_matches('/').to_owned()
}

/// What systems put beside the data.
fn is_aside(name: &str) -> bool {
    name.split('/').any(|part| {
        part == "__MACOSX" || (part.starts_with('.') && part != "." && part != "..") || part.starts_with("~$")
    })
}

fn is_archive(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Whether the archive's first members are those of a workbook.
fn is_document(head: &[u8]) -> bool {
    [&b"[Content_Types].xml"[..], b"xl/", b"_rels/", b"docProps/", b"opendocument."]
        .iter()
        .any(|name| memchr::memmem::find(head, name).is_some())
}

/// A file that is called data is data, and an error if it is not. Of the others (readme.txt, licence, picture) the content
/// decides.
fn holds_table(name: &str, head: &[u8]) -> bool {
    let lower = name.to_lowercase();
    if !lower.ends_with(".txt") && has_data_suffix(name.as_ref()) {
        return true;
    }
    if is_archive(head)
        || head.starts_with(PARQUET_MAGIC)
        || head.starts_with(b"\xd0\xcf\x11\xe0")
        || Compression::of(head) != Compression::None
    {
        // .docx, .doc and the like are no data, whatever they hold.
        return !name.contains('.') || has_data_suffix(name.as_ref()) || lower.ends_with(".xlsm");
    }
    if head.contains(&0) && !head.starts_with(b"\xff\xfe") && !head.starts_with(b"\xfe\xff") {
        return false;
    }
    if [".html", ".htm", ".xml", ".md", ".pdf", ".rtf", ".svg", ".css", ".js", ".eml"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        return false;
    }
    super::html::is_one(head) || is_delimited(head)
}

/// Whether most lines are split into as many fields as others.
fn is_delimited(head: &[u8]) -> bool {
    let mut detector = Detector::default();
    detector.push(head);
    let Ok(encoding) = detector.finish(head.len() < HEAD, "") else { return false };
    let charset = encoding_rs::Encoding::for_label(encoding.name().as_bytes()).unwrap_or(encoding_rs::UTF_8);
    let text = charset.decode(head).0;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(60).collect();
    // The last line may be cut off; with a preamble half of the lines are enough.
    [',', '\t', ';', '|'].iter().any(|delimiter| {
        let counts: Vec<usize> = lines.iter().map(|line| line.matches(*delimiter).count()).collect();
        let usual = counts
            .iter()
            .copied()
            .filter(|count| *count > 0)
            .max_by_key(|count| (counts.iter().filter(|other| *other == count).count(), *count));
        usual.is_some_and(|usual| {
            let same = counts.iter().filter(|count| **count == usual).count();
            same >= 2 && same * 2 >= lines.len()
        })
    })
}

fn broken(label: &str, why: &str) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: why.to_owned(),
        hint: Some("get the file again, or unpack it and name the files in it".to_owned()),
    }
}

fn unreadable(label: &str, error: io::Error) -> Error {
    if let Some(bomb) = Bomb::of(&error) {
        return bomb.error(label);
    }
    if error.raw_os_error().is_some() {
        return Error::Io { action: "read", path: label.to_owned(), source: error };
    }
    broken(label, &format!("it is damaged within the archive: {error}"))
}

/// What the zip reader says, in our words. `part` is the member concerned.
pub(super) fn explain(label: &str, part: &str, error: ZipError) -> Error {
    match error {
        ZipError::Io(error) => unreadable(&format!("{label}/{part}"), error),
        ZipError::UnsupportedArchive(why) if why == ZipError::PASSWORD_REQUIRED => Error::Damaged {
            path: format!("{label}/{part}"),
            why: "it is encrypted".to_owned(),
            hint: Some("unpack the archive with its password, and name the files in it".to_owned()),
        },
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            broken(&format!("{label}/{part}"), "packed in a way that siyu does not read")
        }
        error => broken(label, &format!("the zip archive is damaged or cut off: {error}")),
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
