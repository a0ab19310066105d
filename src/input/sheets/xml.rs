//! XML as it comes out of an archive, token by token: never more of it in memory than one token, and a token has a limit.
//!
//! Just what workbooks need: elements, attributes and text in UTF-8. Names lose their prefix (`x:row` is `row`).

use std::io::{self, Read};

/// A text or tag beyond this is no workbook (a cell holds 32,767 characters at most) but an attack on the memory.
const LONGEST_TOKEN: usize = 16 << 20;

/// Bytes asked of the archive at a time.
const READ: usize = 128 << 10;

/// What stands in the document. Comments, declarations and processing instructions are passed over.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    Open {
        name: &'a [u8],
        attributes: Attributes<'a>,
        /// `<c/>`: no `Close` follows.
        empty: bool,
    },
    Close {
        name: &'a [u8],
    },
    /// As written: entities stand there as such.
    Text(&'a [u8]),
    /// CDATA: means what it says.
    Literal(&'a [u8]),
}

/// The part of a tag behind its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// The value as written, by the name without prefix.
    pub fn raw(&self, wanted: &[u8]) -> Option<&'a [u8]> {
        let mut rest = self.0;
        loop {
            rest = rest.trim_ascii_start();
            let equals = memchr::memchr(b'=', rest)?;
            let name = local(rest[..equals].trim_ascii());
            let value = rest[equals + 1..].trim_ascii_start();
            let quote = *value.first().filter(|quote| matches!(quote, b'"' | b'\''))?;
            let end = 1 + memchr::memchr(quote, &value[1..])?;
            if name == wanted {
                return Some(&value[1..end]);
            }
            rest = &value[end + 1..];
        }
    }

    /// The value as text.
    pub fn text(&self, wanted: &[u8]) -> Option<String> {
        self.raw(wanted).map(|raw| {
            let mut text = String::new();
            unescape(raw, &mut text);
            text
        })
    }

    /// The value as a number; `None` also when it is none.
    pub fn number(&self, wanted: &[u8]) -> Option<u64> {
        std::str::from_utf8(self.raw(wanted)?).ok()?.trim().parse().ok()
    }
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    memchr::memchr(b':', name).map_or(name, |colon| &name[colon + 1..])
}

/// What kind of token stands there.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Literal,
    /// Open or close.
    Tag,
}

/// Reads tokens from a stream.
pub(super) struct XmlReader<R> {
    stream: R,
    buffer: Vec<u8>,
    /// The unread part of the buffer.
    start: usize,
    end: usize,
    ended: bool,
    /// Bytes in front of the buffer.
    before: u64,
}

impl<R: Read> XmlReader<R> {
    pub fn new(stream: R) -> Self {
        Self { stream, buffer: vec![0; 2 * READ], start: 0, end: 0, ended: false, before: 0 }
    }

    /// Bytes read as tokens so far, for messages.
    pub fn position(&self) -> u64 {
        self.before + self.start as u64
    }

    /// The next token; `None` at the end. A document that ends within a tag is an `UnexpectedEof`.
    pub fn next(&mut self) -> io::Result<Option<Token<'_>>> {
        let Some((shape, from, to)) = self.advance()? else { return Ok(None) };
        let inside = &self.buffer[from..to];
        Ok(Some(match shape {
            Shape::Text => Token::Text(inside),
            Shape::Literal => Token::Literal(inside),
            Shape::Tag if inside.first() == Some(&b'/') => {
                Token::Close { name: local(inside[1..].trim_ascii()) }
            }
            Shape::Tag => {
                let (tag, empty) = match inside.strip_suffix(b"/") {
                    Some(tag) => (tag, true),
                    None => (inside, false),
                };
                let name = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
                Token::Open { name: local(&tag[..name]), attributes: Attributes(&tag[name..]), empty }
            }
        }))
    }

    /// Passes over the next token: what it is, and where in the buffer its inside stands.
    fn advance(&mut self) -> io::Result<Option<(Shape, usize, usize)>> {
        loop {
            if self.start == self.end && !self.more()? {
                return Ok(None);
            }
            if self.buffer[self.start] != b'<' {
                let (length, _) = self.find(0, |unread| memchr::memchr(b'<', unread))?;
                let from = self.start;
                self.start += length;
                return Ok(Some((Shape::Text, from, self.start)));
            }
            while self.end - self.start < 9 && self.more()? {}
            let unread = &self.buffer[self.start..self.end];
            if unread.starts_with(b"<![CDATA[") {
                let length = self.within(9, b"]]>")?;
                let from = self.start;
                self.start += length;
                return Ok(Some((Shape::Literal, from + 9, self.start - 3)));
            }
            if unread.starts_with(b"<!--") {
                self.start += self.within(4, b"-->")?;
                continue;
            }
            if unread.starts_with(b"<?") {
                self.start += self.within(2, b"?>")?;
                continue;
            }
            let (length, found) = self.find(1, tag_end)?;
            if !found {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let from = self.start;
            self.start += length + 1;
            if self.buffer[from + 1] != b'!' {
                return Ok(Some((Shape::Tag, from + 1, from + length)));
            }
        }
    }

    /// Length of the token that ends with `close`.
    fn within(&mut self, skip: usize, close: &[u8]) -> io::Result<usize> {
        let finder = memchr::memmem::Finder::new(close);
        let (length, found) = self.find(skip, |unread| finder.find(unread))?;
        if found { Ok(length + close.len()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Where `search`, from `skip` bytes on, finds something (true), or the length of all there is (false).
    fn find(&mut self, skip: usize, search: impl Fn(&[u8]) -> Option<usize>) -> io::Result<(usize, bool)> {
        loop {
            let unread = &self.buffer[self.start..self.end];
            let skip = skip.min(unread.len());
            if let Some(at) = search(&unread[skip..]) {
                return Ok((skip + at, true));
            }
            let length = unread.len();
            if length > LONGEST_TOKEN {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("a piece of text of more than {} MiB", LONGEST_TOKEN >> 20),
                ));
            }
            if !self.more()? {
                return Ok((length, false));
            }
        }
    }

    /// Reads on; false at the end.
    fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.before += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < READ {
            // Twofold: what `find` has looked at in vain is looked at again.
            self.buffer.resize((2 * self.buffer.len()).max(self.end + READ), 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The `>` of a tag, which is none within quotes.
fn tag_end(unread: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', &unread[at..])?;
        match unread[at] {
            b'>' => return Some(at),
            quote => at += 2 + memchr::memchr(quote, &unread[at + 1..])?,
        }
    }
}

/// Appends text with its entities resolved. What is no entity stays as it is.
pub(super) fn unescape(raw: &[u8], text: &mut String) {
    let raw = String::from_utf8_lossy(raw);
    let mut rest = &*raw;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.as_bytes().iter().take(12).position(|byte| *byte == b';');
        let resolved = end.and_then(|end| entity(&rest[1..end]).map(|resolved| (resolved, end)));
        match resolved {
            Some((character, end)) => {
                text.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives out a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(self.1).min(buffer.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn tokens(xml: &[u8], step: usize) -> io::Result<Vec<String>> {
        let mut reader = XmlReader::new(Slow(xml, step));
        let mut all = Vec::new();
        while let Some(token) = reader.next()? {
            all.push(format!("{token:?}"));
        }
        Ok(all)
    }

    #[test]
    fn tokens_are_found_wherever_the_stream_is_cut() {
        let xml = br#"<?xml version="1.0"?><!DOCTYPE x><a:b c="1 > 0" d:e='"'><!-- <no> --><v/>x &amp; y<![CDATA[<&>]]></a:b>"#;
        let whole = tokens(xml, 1000).unwrap();
        assert_eq!(whole.len(), 5);
        for step in 1..12 {
            assert_eq!(tokens(xml, step).unwrap(), whole, "{step}");
        }
        let mut reader = XmlReader::new(&xml[..]);
        let Some(Token::Open { name, attributes, empty: false }) = reader.next().unwrap() else { panic!() };
        assert_eq!(name, b"b");
        assert_eq!(attributes.raw(b"c"), Some(&b"1 > 0"[..]));
        assert_eq!(attributes.text(b"e").as_deref(), Some("\""));
        assert_eq!(attributes.raw(b"f"), None);
        assert!(tokens(b"<a b='", 3).is_err());
        assert!(tokens(b"<!-- ", 3).is_err());
    }

    #[test]
    fn entities() {
        let mut text = String::new();
        unescape("a&lt;b &amp;&#20013;&#x56FD; &nbsp; & &amp".as_bytes(), &mut text);
        assert_eq!(text, "a<b &中国 &nbsp; & &amp");
    }

    #[test]
    fn a_text_without_end_is_refused() {
        let endless = Read::chain(&b"<v>"[..], io::repeat(b'a').take(1 << 30));
        let mut reader = XmlReader::new(endless);
        reader.next().unwrap();
        assert!(reader.next().unwrap_err().to_string().contains("more than 16 MiB"));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(proptest::sample::select(b"<>!-?[]CDAT/'\"= a&;".to_vec()), 0..60)) {
            let _ = tokens(&bytes, 3);
        }
    }
}
