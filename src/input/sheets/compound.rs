//! Whether an old workbook (xls) can be handed to calamine: it follows the chains of the file without end where they go
//! round in circles, reserves what the file claims, and holds every sheet as a rectangle, however few cells are in it.

/// The largest sheet that the format has.
const MOST_ROWS: u64 = 65_536;
const MOST_COLUMNS: u64 = 256;

/// Sectors of the small streams' own table: room for 8 GiB of them where none is used.
const MOST_SMALL_TABLES: usize = 4096;

const END: u32 = 0xffff_fffe;
/// Sector numbers from here on mean something else.
const RESERVED: u32 = 0xffff_fffa;

/// What is wrong with the file, in a few words.
pub(super) fn check(bytes: &[u8]) -> Result<(), String> {
    let file = Compound::open(bytes)?;
    for (start, length) in file.books {
        let book = match length {
            ..SMALL => file.small.chain(start, length)?,
            _ => file.sectors.chain(start, length)?,
        };
        check_book(&book)?;
    }
    Ok(())
}

/// Where streams are cut into sectors: the file behind its header, or the stream that holds the small ones.
struct Sectors<B> {
    bytes: B,
    size: usize,
    /// Of each sector the next of its chain.
    next: Vec<u32>,
}

struct Compound<'a> {
    sectors: Sectors<&'a [u8]>,
    small: Sectors<Vec<u8>>,
    /// Start and length of what may be the workbook.
    books: Vec<(u32, usize)>,
}

/// Shorter streams are among the small ones.
const SMALL: usize = 4096;

impl<'a> Compound<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let cut_off = || "the file is cut off".to_owned();
        let header = bytes.get(..512).ok_or_else(cut_off)?;
        let size = match u16_at(header, 30) {
            Some(9) => 512,
            Some(12) => 4096,
            _ => return Err("sectors of an unknown size".to_owned()),
        };
        let number = |at: usize| u32_at(header, at).unwrap_or(END);
        let count = bytes.len() / size + 1;
        let (tables, small_tables) = (number(44) as usize, number(64) as usize);
        if tables > count || small_tables > count.min(MOST_SMALL_TABLES) {
            return Err(format!("tables of {tables} and {small_tables} sectors, in a file of {count}"));
        }
        let mut sectors = Sectors { bytes: bytes.get(size..).ok_or_else(cut_off)?, size, next: Vec::new() };

        let mut places: Vec<u32> = numbers(&header[76..]).collect();
        let mut more = number(68);
        let mut seen = 0;
        while more < RESERVED {
            let named: Vec<u32> = numbers(sectors.get(more)?).collect();
            places.extend(named);
            more = places.pop().unwrap_or(END);
            seen += 1;
            if seen > count {
                return Err(circles());
            }
        }
        places.retain(|place| *place < RESERVED);
        if places.len() > count {
            return Err("a sector is named twice".to_owned());
        }
        for place in places {
            let table: Vec<u32> = numbers(sectors.get(place)?).collect();
            sectors.next.extend(table);
        }

        let directory = sectors.chain(number(48), usize::MAX)?;
        let mut books = Vec::new();
        let mut small = Sectors { bytes: Vec::new(), size: 64, next: Vec::new() };
        for (index, entry) in directory.chunks_exact(128).enumerate() {
            let (start, low) = (u32_at(entry, 116).unwrap_or(END), u32_at(entry, 120).unwrap_or(0));
            let high = if size == 512 { 0 } else { u32_at(entry, 124).unwrap_or(0) };
            let length = usize::try_from(u64::from(high) << 32 | u64::from(low)).unwrap_or(usize::MAX);
            if index == 0 && small_tables > 0 {
                small.bytes = sectors.chain(start, length)?;
                small.next = numbers(&sectors.chain(number(60), small_tables * size)?).collect();
            }
            let name: Vec<u16> =
                entry[..64].chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
            let name = String::from_utf16_lossy(&name);
            let name = name.split('\0').next().unwrap_or_default();
            if ["workbook", "book"].iter().any(|book| name.eq_ignore_ascii_case(book)) {
                books.push((start, length));
            }
        }
        Ok(Self { sectors, small, books })
    }
}

fn circles() -> String {
    "its parts follow each other in circles".to_owned()
}

impl<B: AsRef<[u8]>> Sectors<B> {
    /// The last sector may be cut short.
    fn get(&self, number: u32) -> Result<&[u8], String> {
        let start = number as usize * self.size;
        let rest =
            self.bytes.as_ref().get(start..).ok_or_else(|| format!("sector {number} is beyond its end"))?;
        Ok(&rest[..rest.len().min(self.size)])
    }

    fn chain(&self, start: u32, length: usize) -> Result<Vec<u8>, String> {
        let mut chain = Vec::new();
        let mut at = start;
        let mut seen = 0;
        while at != END {
            let sector = self.get(at)?;
            chain.extend_from_slice(&sector[..sector.len().min(length - chain.len())]);
            if chain.len() >= length {
                break;
            }
            at = *self.next.get(at as usize).ok_or_else(|| format!("sector {at} has no successor"))?;
            seen += 1;
            if seen > self.bytes.as_ref().len() / self.size + 1 {
                return Err(circles());
            }
        }
        Ok(chain)
    }
}

/// The records of a workbook: cells only where a sheet has some, and no more room taken than the file can fill.
fn check_book(book: &[u8]) -> Result<(), String> {
    let mut sheets = Vec::new();
    for (kind, data) in Records(book) {
        match kind {
            0x85 => sheets.extend(u32_at(data, 0)),
            0x0a => break,
            _ => {}
        }
    }
    // Sheets stand one behind the other.
    let mut left = book.len();
    // A sheet that is full, and beyond that what there are bytes for: a cell takes ten and more.
    let most = MOST_ROWS * MOST_COLUMNS + book.len() as u64 / 8;
    let mut taken = 0;
    for sheet in sheets {
        let (mut cells, mut formulas) = (Extent::default(), Extent::default());
        for (kind, data) in Records(book.get(sheet as usize..).unwrap_or_default()) {
            left = left.checked_sub(4 + data.len()).ok_or("its sheets lie one over the other")?;
            match kind {
                0x0a => break,
                0x0200 => check_size(data)?,
                // Formula, RString, MulRk, LabelSst, Number, Label, BoolErr, Rk.
                0x06 | 0xd6 | 0xbd | 0xfd | 0x0203..=0x0205 | 0x027e => {
                    let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { continue };
                    let last = match kind {
                        0xbd => data.len().checked_sub(2).and_then(|at| u16_at(data, at)).unwrap_or(column),
                        _ => column,
                    };
                    for column in [column, last] {
                        if u64::from(column) >= MOST_COLUMNS {
                            return Err(format!(
                                "row {} has a cell in column {}",
                                row + 1,
                                u32::from(column) + 1
                            ));
                        }
                        cells.add(row, column);
                        if kind == 0x06 {
                            formulas.add(row, column);
                        }
                    }
                }
                _ => {}
            }
        }
        taken += cells.area() + formulas.area();
        if taken > most {
            return Err(format!("sheets of {taken} cells, nearly all of them empty"));
        }
    }
    Ok(())
}

/// First row and column, and the last ones.
#[derive(Default)]
struct Extent(Option<([u16; 2], [u16; 2])>);

impl Extent {
    fn add(&mut self, row: u16, column: u16) {
        let (first, last) = self.0.get_or_insert(([row, column], [row, column]));
        *first = [first[0].min(row), first[1].min(column)];
        *last = [last[0].max(row), last[1].max(column)];
    }

    fn area(&self) -> u64 {
        self.0.map_or(0, |(first, last)| (0..2).map(|at| u64::from(last[at] - first[at]) + 1).product())
    }
}

/// What a sheet claims to be as large as.
fn check_size(data: &[u8]) -> Result<(), String> {
    let wide = data.len() >= 14;
    let number = |at: usize| if wide { u32_at(data, at * 4) } else { u16_at(data, at * 2).map(u32::from) };
    let (Some(first), Some(end)) = (number(0), number(1)) else { return Ok(()) };
    let columns = if wide { 8 } else { 4 };
    let (Some(left), Some(right)) = (u16_at(data, columns), u16_at(data, columns + 2)) else { return Ok(()) };
    let is_empty = end == 0 || right == 0;
    if u64::from(end) > MOST_ROWS || u64::from(right) > MOST_COLUMNS || (!is_empty && first > end) {
        return Err(format!("a sheet claims rows {first} to {end}, columns {left} to {right}"));
    }
    Ok(())
}

/// Kind and content of each record.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length) = (u16_at(self.0, 0)?, usize::from(u16_at(self.0, 2)?));
        let data = self.0.get(4..4 + length)?;
        self.0 = &self.0[4 + length..];
        Some((kind, data))
    }
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes([two[0], two[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    numbers(bytes.get(at..at + 4)?).next()
}
