//! Foreign containers: workbooks, HTML tables and archives. What is in them becomes CSV text with commas in UTF-8, which the
//! readers of text then read, in parallel and with every check they have.
//!
//! What a file is its content says, never its name.

mod archive;
mod compound;
mod html;
mod ods;
mod spool;
mod values;
mod workbook;
mod xlsx;
mod xml;

use super::InputOptions;
use super::container::{Compression, Stream};
use super::raw::Container;
use super::source::Found;
use crate::error::{Error, Result};
pub(super) use spool::Spooler;
use workbook::{Archive, OldWorkbook, Workbook};

/// An input whose content can be read as text or Parquet.
pub(super) struct Part {
    pub found: Found,
    pub compression: Compression,
    /// Outermost first.
    pub container: Vec<Container>,
    /// The text is ours: commas, UTF-8.
    pub is_spooled: bool,
    /// Members of the archive that hold no table; told with its first part.
    pub passed_over: Vec<String>,
}

impl Part {
    fn of(found: Found, compression: Compression, container: Vec<Container>) -> Self {
        Self { found, compression, container, is_spooled: false, passed_over: Vec::new() }
    }
}

/// Bytes that say what a file is.
const HEAD: usize = 4096;

/// The inputs that are in a file: itself, the table of a workbook, the members of an archive.
pub(super) fn unpack(found: Found, options: &InputOptions, spooler: &mut Spooler) -> Result<Vec<Part>> {
    unpack_within(found, Vec::new(), options, spooler)
}

fn unpack_within(
    mut found: Found,
    container: Vec<Container>,
    options: &InputOptions,
    spooler: &mut Spooler,
) -> Result<Vec<Part>> {
    let mut head = Vec::new();
    Stream::open(&found.source, Compression::None, &found.label)?.fill(&mut head, HEAD)?;
    let compression = Compression::of(&head);
    if compression != Compression::None {
        head.clear();
        Stream::open(&found.source, compression, &found.label)?.fill(&mut head, HEAD)?;
    }
    let is_zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
    let is_old_office = head.starts_with(b"\xd0\xcf\x11\xe0");
    if html::is_one(&head) {
        let stream = Stream::open(&found.source, compression, &found.label)?;
        let (source, bytes, part) = html::spool(stream, options, spooler, &found.label)?;
        return Ok(vec![spooled(Found { source, bytes, ..found }, container, "html", part)]);
    }
    if !is_zip && !is_old_office {
        return Ok(vec![Part::of(found, compression, container)]);
    }
    if compression != Compression::None {
        // Read in any order: it must be unpacked as a whole.
        let stream = Stream::open(&found.source, compression, &found.label)?;
        (found.source, found.bytes) = stream.spool()?;
    }
    let workbook = if is_zip {
        let archive: Archive = zip::ZipArchive::new(found.source.seekable(&found.label)?)
            .map_err(|error| archive::explain(&found.label, "", error))?;
        match zip_family(archive, &found.label)? {
            ZipFamily::Workbook(workbook) => workbook,
            ZipFamily::Archive(archive) => {
                return unpack_members(archive, &found, &container, options, spooler);
            }
        }
    } else {
        Workbook::Xls(Box::new(OldWorkbook::open(&found.source, &found.label)?))
    };
    let kind = workbook.kind();
    let (source, bytes, sheet) = workbook.spool(options, spooler, &found.label, found.bytes)?;
    Ok(vec![spooled(Found { source, bytes, ..found }, container, kind, Some(sheet))])
}

fn spooled(found: Found, mut container: Vec<Container>, kind: &'static str, part: Option<String>) -> Part {
    container.push(Container { kind, part });
    Part { is_spooled: true, ..Part::of(found, Compression::None, container) }
}

/// What begins as a zip archive does.
enum ZipFamily {
    Workbook(Workbook),
    Archive(Archive),
}

fn zip_family(mut archive: Archive, label: &str) -> Result<ZipFamily> {
    let refused = |what: &str| Error::Damaged {
        path: label.to_owned(),
        why: format!("this is {what}"),
        hint: Some("save it as xlsx or CSV (UTF-8)".to_owned()),
    };
    let holds = |path: &str| archive.file_names().any(|name| name.eq_ignore_ascii_case(path));
    if holds("xl/workbook.bin") {
        return Err(refused("a binary Excel workbook (xlsb)"));
    }
    if holds("word/document.xml") {
        return Err(refused("a Word document"));
    }
    if holds("ppt/presentation.xml") {
        return Err(refused("a presentation"));
    }
    if xlsx::is_one(&archive) {
        return Ok(ZipFamily::Workbook(Workbook::Xlsx(Box::new(xlsx::Xlsx::open(archive, label)?))));
    }
    if ods::is_one(&mut archive) {
        return Ok(ZipFamily::Workbook(Workbook::Ods(Box::new(ods::Ods::open(archive, label)?))));
    }
    Ok(ZipFamily::Archive(archive))
}

fn unpack_members(
    archive: Archive,
    found: &Found,
    container: &[Container],
    options: &InputOptions,
    spooler: &mut Spooler,
) -> Result<Vec<Part>> {
    if container.iter().any(|outer| outer.kind == "zip") {
        return Err(Error::Damaged {
            path: found.label.clone(),
            why: "an archive within an archive".to_owned(),
            hint: Some("unpack the outer one first".to_owned()),
        });
    }
    let members = archive::members(archive, found, found.bytes, spooler)?;
    let mut parts = Vec::new();
    for (member, name) in members.tables {
        let mut container = container.to_vec();
        container.push(Container { kind: "zip", part: Some(name) });
        parts.extend(unpack_within(member, container, options, spooler)?);
    }
    if let Some(first) = parts.first_mut() {
        first.passed_over = members.passed_over;
    }
    Ok(parts)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
