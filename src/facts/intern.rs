//! The table that numbers texts: each distinct text gets the next number, and its bytes are kept once.

use std::hint::black_box;

use super::hash::short_key;

/// In the highest byte of a head: the text stands in `long`.
const LONG: u128 = 255;

/// No number.
const UNKNOWN: u32 = u32::MAX;

/// Distinct texts, numbered from 0 in the order in which they came. Texts are compared byte by byte: the hash only finds them.
#[derive(Debug, Default)]
pub(super) struct Interner {
    /// By number: the key of a short text; of a long one the mark, the length (bits 64 to 95) and its start in `long`.
    heads: Vec<u128>,
    long: String,
    /// Open addressing, linear probing, a power of two long and at most three quarters full. An entry is tag << 32 | number + 1;
    /// 0 is free. The tag chooses the place, so that growing looks at no text.
    table: Vec<u64>,
}

/// What a text is looked up by: its head, but for the start.
#[inline]
pub(super) fn key(text: &str) -> u128 {
    short_key(text.as_bytes()).unwrap_or_else(|| {
        let len = u32::try_from(text.len()).expect("ids shorter than 4 GiB");
        LONG << 120 | u128::from(len) << 64
    })
}

/// The key says of its text the length alone.
#[inline]
pub(super) fn is_long(key: u128) -> bool {
    key >> 120 == LONG
}

/// Length of a text that is longer than its key.
pub(super) fn length(key: u128) -> usize {
    (key >> 64) as u32 as usize
}

impl Interner {
    /// The number of `text`, whose hash ends in `tag`.
    pub(super) fn intern(&mut self, text: &str, tag: u32) -> u32 {
        self.intern_key(key(text), tag, || text)
    }

    /// The numbers of many texts, given by their keys, tags and places. Goes over them in steps, so that within a step no load
    /// waits for another, as they do when one text is looked up after the other in a table larger than the cache.
    pub(super) fn intern_all<'a>(
        &mut self,
        keys: &[u128],
        tags: impl Iterator<Item = u32> + Clone,
        text: impl Fn(usize) -> &'a str,
        numbers: &mut Vec<u32>,
    ) {
        numbers.clear();
        if self.table.is_empty() {
            self.table = vec![0; 16];
        }
        let mask = self.table.len() - 1;
        black_box(tags.clone().fold(0, |seen, tag| seen ^ self.table[tag as usize & mask]));
        numbers.extend(tags.clone().map(|tag| self.find_tag(tag)));
        black_box(
            numbers.iter().fold(0, |seen, number| {
                seen ^ self.heads.get(*number as usize).map_or(0, |head| *head as u64)
            }),
        );
        for (i, ((number, &key), tag)) in numbers.iter_mut().zip(keys).zip(tags).enumerate() {
            if *number == UNKNOWN || !self.is(*number, key, || text(i)) {
                *number = self.intern_key(key, tag, || text(i));
            }
        }
    }

    fn intern_key<'a>(&mut self, key: u128, tag: u32, text: impl Fn() -> &'a str) -> u32 {
        if self.table.is_empty() {
            self.table = vec![0; 16];
        }
        let mask = self.table.len() - 1;
        let mut place = tag as usize & mask;
        loop {
            let entry = self.table[place];
            if entry == 0 {
                return self.add(key, tag, text, place);
            }
            if (entry >> 32) as u32 == tag && self.is(entry as u32 - 1, key, &text) {
                return entry as u32 - 1;
            }
            place = (place + 1) & mask;
        }
    }

    /// The first number whose text has this tag, or `UNKNOWN`.
    #[inline]
    fn find_tag(&self, tag: u32) -> u32 {
        let mask = self.table.len() - 1;
        let mut place = tag as usize & mask;
        loop {
            let entry = self.table[place];
            if entry == 0 {
                return UNKNOWN;
            }
            if (entry >> 32) as u32 == tag {
                return entry as u32 - 1;
            }
            place = (place + 1) & mask;
        }
    }

    /// Whether the text of that number is the one with this key.
    #[inline]
    fn is<'a>(&self, number: u32, key: u128, text: impl Fn() -> &'a str) -> bool {
        let head = self.heads[number as usize];
        if key >> 120 == LONG {
            head >> 64 == key >> 64 && self.long_text(head) == text()
        } else {
            head == key
        }
    }

    /// ## Panics
    /// Beyond 2³² - 2 texts, which is far beyond memory.
    #[cold]
    fn add<'a>(&mut self, key: u128, tag: u32, text: impl Fn() -> &'a str, place: usize) -> u32 {
        let entry = u32::try_from(self.heads.len() + 1).expect("fewer than 2^32 texts");
        self.table[place] = u64::from(tag) << 32 | u64::from(entry);
        if key >> 120 == LONG {
            self.heads.push(key | self.long.len() as u128);
            self.long.push_str(text());
        } else {
            self.heads.push(key);
        }
        if self.heads.len() * 4 >= self.table.len() * 3 {
            self.grow();
        }
        entry - 1
    }

    fn grow(&mut self) {
        let mut table = vec![0; self.table.len() * 2];
        let mask = table.len() - 1;
        for &entry in self.table.iter().filter(|entry| **entry != 0) {
            let mut place = (entry >> 32) as usize & mask;
            while table[place] != 0 {
                place = (place + 1) & mask;
            }
            table[place] = entry;
        }
        self.table = table;
    }

    fn long_text(&self, head: u128) -> &str {
        let start = head as u64 as usize;
        &self.long[start..start + (head >> 64) as u32 as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// Frees what only `intern` needs.
    pub(super) fn into_texts(self) -> InternedTexts {
        InternedTexts(Self { table: Vec::new(), ..self })
    }
}

/// The texts of an `Interner` by number.
#[derive(Debug)]
pub(super) struct InternedTexts(Interner);

impl InternedTexts {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Hands the text of that number to `read`.
    #[inline]
    pub(super) fn with<R>(&self, number: usize, read: impl FnOnce(&str) -> R) -> R {
        let head = self.0.heads[number];
        if head >> 120 == LONG {
            read(self.0.long_text(head))
        } else {
            let bytes = head.to_le_bytes();
            let text = &bytes[..usize::from(bytes[15])];
            read(str::from_utf8(text).expect("the bytes of a text"))
        }
    }

    pub(super) fn to_column(&self) -> super::ids::IdColumn {
        let mut column = super::ids::IdColumn::new();
        (0..self.len()).for_each(|number| self.with(number, |text| column.push(text)));
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_tags_are_told_apart_by_text() {
        let mut table = Interner::default();
        let text = |i: usize| format!("{}{i}", ["", "id", "a-long-id-", "an-id-of-the-same-length-"][i % 4]);
        let texts: Vec<String> = (0..500).map(text).collect();
        for round in 0..2 {
            for (i, text) in texts.iter().enumerate() {
                assert_eq!(table.intern(text, (i % 3) as u32), i as u32, "round {round}");
            }
        }
        assert_eq!(table.len(), 500);
        let mut numbers = Vec::new();
        let keys: Vec<u128> = texts.iter().map(|text| key(text)).collect();
        table.intern_all(&keys, (0..500).map(|i| i % 3), |i| &texts[i], &mut numbers);
        assert!(numbers.iter().copied().eq(0..500));
        assert!(table.into_texts().to_column().iter().eq(texts.iter().map(String::as_str)));
    }
}
