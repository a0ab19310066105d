//! Rows of a sheet as CSV text, kept in memory while it is small and in a temporary file without a name beyond.
//!
//! The line number is the row number of the sheet: a blank row is an empty line, and a line break within a cell becomes a
//! blank.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::input::container::Bomb;
use crate::input::source::{Source, write_at};

/// A text up to this size stays in memory: a temporary file would cost more.
const IN_MEMORY: usize = 1 << 20;

/// Bytes per write.
const WRITE: usize = 1 << 20;

/// What a sheet has at most, in every spreadsheet there is.
pub(super) const MOST_COLUMNS: usize = 16_384;
pub(super) const MOST_ROWS: u64 = 1_048_576;

/// Bytes of all cells of a row. One shared text may stand in every cell, and thirty rows are held to find the header.
pub(super) const LARGEST_ROW: usize = 4 << 20;

/// The temporary file that everything unpacked in a run shares (many open files at once are refused by the system).
#[derive(Debug, Default)]
pub(in crate::input) struct Spooler {
    file: Option<Arc<File>>,
    /// Where the next part begins.
    end: u64,
}

impl Spooler {
    /// A new part. `stored` is the size of what it is made of, against which its own is held.
    pub(super) fn begin<'a>(&'a mut self, label: &'a str, stored: u64) -> Spool<'a> {
        Spool { spooler: self, label, stored, bytes: Vec::new(), written: 0 }
    }
}

/// A part while it is written. What is dropped unfinished is overwritten by the next.
pub(super) struct Spool<'a> {
    spooler: &'a mut Spooler,
    label: &'a str,
    stored: u64,
    bytes: Vec<u8>,
    written: u64,
}

impl Spool<'_> {
    /// Forgets all that was written.
    pub fn restart(&mut self) {
        self.bytes.clear();
        self.written = 0;
    }

    fn length(&self) -> u64 {
        self.written + self.bytes.len() as u64
    }

    fn write_when_full(&mut self) -> Result<()> {
        if self.bytes.len() > WRITE {
            Bomb::check(self.length(), self.stored).map_err(|bomb| bomb.error(self.label))?;
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let failed = |source| Error::Io {
            action: "write a temporary file in",
            path: std::env::temp_dir().display().to_string(),
            source,
        };
        let file = match self.spooler.file.clone() {
            Some(file) => file,
            None => {
                let file = Arc::new(tempfile::tempfile().map_err(failed)?);
                self.spooler.file.insert(file).clone()
            }
        };
        write_at(&file, &self.bytes, self.spooler.end + self.written).map_err(failed)?;
        self.written += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }

    /// All of a stream.
    pub fn copy(&mut self, mut stream: impl Read, failed: impl Fn(io::Error) -> Error) -> Result<()> {
        loop {
            let read = stream.by_ref().take(WRITE as u64).read_to_end(&mut self.bytes).map_err(&failed)?;
            if read == 0 {
                return Ok(());
            }
            self.write_when_full()?;
        }
    }

    /// The part, and its length in bytes.
    pub fn finish(mut self) -> Result<(Source, u64)> {
        let length = self.length();
        if self.written == 0 && self.bytes.len() <= IN_MEMORY {
            return Ok((Source::Memory(std::mem::take(&mut self.bytes).into()), length));
        }
        self.write()?;
        let start = self.spooler.end;
        self.spooler.end += length;
        let Some(file) = self.spooler.file.clone() else {
            return Ok((Source::Memory(Arc::default()), 0));
        };
        Ok((Source::Slice { file, start, length }, length))
    }
}

/// Writes the rows of a sheet.
pub(super) struct RowWriter<'a> {
    pub spool: Spool<'a>,
    /// Every row has at least this many fields: in a sheet the cells behind the last one are empty, not missing.
    pub width: usize,
    /// Cells up to the last that is not empty, in the widest row.
    pub widest: usize,
    /// The number of the last row written.
    row: u64,
    pub rows: u64,
}

impl<'a> RowWriter<'a> {
    pub fn new(spool: Spool<'a>, width: usize) -> Self {
        Self { spool, width, widest: 0, row: 0, rows: 0 }
    }

    /// A row by its number, counted from 1; rows come in order.
    pub fn push(&mut self, row: u64, cells: &[String]) -> Result<()> {
        let used = used(cells);
        if used == 0 {
            return Ok(());
        }
        if row <= self.row || row > MOST_ROWS || used > MOST_COLUMNS {
            return Err(Error::Damaged {
                path: self.spool.label.to_owned(),
                why: if row <= self.row {
                    format!("the sheet's row {row} stands behind its row {}", self.row)
                } else if row > MOST_ROWS {
                    format!("the sheet has a row {row}; {MOST_ROWS} are the most that a sheet has")
                } else {
                    format!(
                        "the sheet's row {row} has {used} columns; {MOST_COLUMNS} are the most that a sheet has"
                    )
                },
                hint: Some("export it again, or save it as CSV (UTF-8)".to_owned()),
            });
        }
        let blank_lines = usize::try_from(row - self.row - 1).unwrap_or(usize::MAX);
        let bytes = &mut self.spool.bytes;
        bytes.resize(bytes.len() + blank_lines, b'\n');
        for (index, cell) in cells[..used].iter().enumerate() {
            if index > 0 {
                bytes.push(b',');
            }
            put_cell(bytes, cell);
        }
        bytes.resize(bytes.len() + self.width.saturating_sub(used), b',');
        bytes.push(b'\n');
        self.row = row;
        self.rows += 1;
        self.widest = self.widest.max(used);
        self.spool.write_when_full()
    }
}

/// What a row of more than `LARGEST_ROW` is.
pub(super) fn too_large(label: &str, row: u64) -> Error {
    super::workbook::damaged(label, &format!("row {row} holds more than {} MiB of text", LARGEST_ROW >> 20))
}

/// Cells up to the last that is not empty.
pub(super) fn used(cells: &[String]) -> usize {
    cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1)
}

fn put_cell(bytes: &mut Vec<u8>, cell: &str) {
    if memchr::memchr3(b'\n', b'\r', b'"', cell.as_bytes()).is_none() {
        let quoted = memchr::memchr(b',', cell.as_bytes()).is_some();
        bytes.extend(quoted.then_some(b'"'));
        bytes.extend_from_slice(cell.as_bytes());
        bytes.extend(quoted.then_some(b'"'));
        return;
    }
    bytes.push(b'"');
    let mut before = 0;
    for byte in cell.bytes() {
        match byte {
            b'\n' if before == b'\r' => {}
            b'\n' | b'\r' => bytes.push(b' '),
            b'"' => bytes.extend_from_slice(b"\"\""),
            other => bytes.push(other),
        }
        before = byte;
    }
    bytes.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    fn text(source: &Source) -> String {
        let mut text = String::new();
        source.reader("").unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn the_line_is_the_row() {
        let mut spooler = Spooler::default();
        let mut writer = RowWriter::new(spooler.begin("a.xlsx", 1 << 20), 3);
        writer.push(3, &row(&["a", "b,c", "say \"x\"\r\ny", ""])).unwrap();
        writer.push(4, &row(&["", ""])).unwrap();
        writer.push(6, &row(&["1"])).unwrap();
        writer.push(7, &row(&["", "", "", "2"])).unwrap();
        assert_eq!(writer.widest, 4);
        let said = writer.push(7, &row(&["again"])).unwrap_err().to_string();
        assert_eq!(said, "a.xlsx: the sheet's row 7 stands behind its row 7");
        assert!(writer.push(MOST_ROWS + 1, &row(&["x"])).is_err());
        let (source, length) = writer.spool.finish().unwrap();
        let expected = "\n\na,\"b,c\",\"say \"\"x\"\" y\"\n\n\n1,,\n,,,2\n";
        assert_eq!((text(&source), length), (expected.to_owned(), expected.len() as u64));
    }

    #[test]
    fn parts_share_a_file() {
        let mut spooler = Spooler::default();
        let long: Vec<String> =
            [b'a', b'b', b'c'].map(|letter| char::from(letter).to_string().repeat(3 << 20)).into();
        let sources: Vec<Source> = long
            .iter()
            .map(|text| {
                let mut spool = spooler.begin("", 1 << 30);
                spool.copy(&b"left out"[..], |_| unreachable!()).unwrap();
                spool.restart();
                spool.copy(text.as_bytes(), |_| unreachable!()).unwrap();
                spool.finish().unwrap().0
            })
            .collect();
        for (source, long) in sources.iter().zip(&long) {
            assert!(matches!(source, Source::Slice { .. }));
            assert!(text(source) == *long);
            let mut end = String::new();
            let mut reader = source.seekable("").unwrap();
            reader.seek(io::SeekFrom::End(-3)).unwrap();
            reader.read_to_string(&mut end).unwrap();
            assert_eq!(end, long[..3]);
        }
    }

    proptest! {
        /// What the csv crate reads is what was written, but for line breaks.
        #[test]
        fn rows_are_read_back(rows in proptest::collection::vec(proptest::collection::vec("[a,\" '\n\r中]{0,4}", 1..4), 1..6)) {
            let mut spooler = Spooler::default();
            let mut writer = RowWriter::new(spooler.begin("", 1 << 20), 4);
            for (index, cells) in rows.iter().enumerate() {
                writer.push(1 + index as u64, cells).unwrap();
            }
            let text = text(&writer.spool.finish().unwrap().0);
            for (line, cells) in text.lines().zip(&rows) {
                prop_assert_eq!(line.is_empty(), used(cells) == 0);
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
                for record in reader.records() {
                    let record = record.unwrap();
                    prop_assert_eq!(record.len(), 4);
                    for (read, cell) in record.iter().zip(cells) {
                        prop_assert_eq!(read, cell.replace("\r\n", "\n").replace(['\r', '\n'], " "));
                    }
                }
            }
            let last = rows.iter().rposition(|cells| used(cells) > 0).map_or(0, |last| last + 1);
            prop_assert_eq!(text.lines().count(), last);
        }
    }
}
