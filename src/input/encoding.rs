//! Which characters the bytes of a text file stand for, and turning them into UTF-8 without losing any.

use encoding_rs::{Decoder, DecoderResult};

use super::container::Stream;
use crate::error::{Error, Result, nearest};

/// An encoding of text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    pub const UTF_8: Self = Self(encoding_rs::UTF_8);
    pub const UTF_16LE: Self = Self(encoding_rs::UTF_16LE);
    pub const UTF_16BE: Self = Self(encoding_rs::UTF_16BE);
    pub const GB18030: Self = Self(encoding_rs::GB18030);
    pub const BIG5: Self = Self(encoding_rs::BIG5);
    pub const SHIFT_JIS: Self = Self(encoding_rs::SHIFT_JIS);
    pub const WINDOWS_1252: Self = Self(encoding_rs::WINDOWS_1252);

    /// `UTF-8`, `GB18030`, ...: the name that `--encoding` takes.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The encoding of a WHATWG label; of GBK and GB2312 the superset GB18030.
    pub fn from_label(label: &str) -> Result<Self> {
        const KNOWN: [&str; 16] = [
            "utf-8",
            "utf-16le",
            "utf-16be",
            "gb18030",
            "gbk",
            "gb2312",
            "big5",
            "shift_jis",
            "euc-jp",
            "euc-kr",
            "windows-1250",
            "windows-1251",
            "windows-1252",
            "windows-1254",
            "iso-8859-2",
            "koi8-r",
        ];
        let plain = label.trim().to_ascii_lowercase();
        let label_of_whatwg = match plain.as_str() {
            "cp936" | "936" => "gbk",
            "cp950" => "big5",
            "cp932" => "shift_jis",
            "utf8-bom" | "utf-8-sig" | "utf-8-bom" => "utf-8",
            "utf16" => "utf-16",
            other => other,
        };
        let found = encoding_rs::Encoding::for_label_no_replacement(label_of_whatwg.as_bytes());
        match found {
            Some(encoding) if encoding == encoding_rs::GBK => Ok(Self::GB18030),
            Some(encoding) if encoding != encoding_rs::X_USER_DEFINED => Ok(Self(encoding)),
            _ => Err(Error::UnknownName {
                what: "encoding",
                name: label.to_owned(),
                nearest: nearest(label, KNOWN),
                known: KNOWN.map(str::to_owned).to_vec(),
            }),
        }
    }

    pub fn is_utf8(self) -> bool {
        self == Self::UTF_8
    }
}

impl std::fmt::Debug for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Display for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What the bytes of a file say about its encoding; fed piece by piece, so that a whole file can be judged.
pub struct Detector {
    start: Vec<u8>,
    zeros: [u64; 2],
    length: u64,
    /// Bytes of an unfinished UTF-8 character at the end of the last piece.
    unfinished: Vec<u8>,
    utf8_characters: u64,
    utf8_errors: u64,
    first_error: u64,
    candidates: [Candidate; 3],
    western: Western,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            start: Vec::new(),
            zeros: [0; 2],
            length: 0,
            unfinished: Vec::new(),
            utf8_characters: 0,
            utf8_errors: 0,
            first_error: 0,
            candidates: [Encoding::GB18030, Encoding::BIG5, Encoding::SHIFT_JIS].map(Candidate::new),
            western: Western::default(),
        }
    }
}

impl Detector {
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start.len() < 4 {
            self.start.extend(bytes.iter().take(4 - self.start.len()));
        }
        if memchr::memchr(0, bytes).is_some() {
            for (index, byte) in bytes.iter().enumerate() {
                self.zeros[(self.length as usize + index) % 2] += u64::from(*byte == 0);
            }
        }
        self.push_utf8(bytes);
        for candidate in &mut self.candidates {
            candidate.push(bytes);
        }
        self.western.push(bytes);
        self.length += bytes.len() as u64;
    }

    fn push_utf8(&mut self, bytes: &[u8]) {
        let joined;
        let before = self.length - self.unfinished.len() as u64;
        let mut rest: &[u8] = if self.unfinished.is_empty() {
            bytes
        } else {
            joined = [self.unfinished.as_slice(), bytes].concat();
            &joined
        };
        let whole = rest.len();
        self.unfinished.clear();
        loop {
            let (good, bad) = match simdutf8::compat::from_utf8(rest) {
                Ok(_) => (rest, None),
                Err(error) => (&rest[..error.valid_up_to()], Some(error.error_len())),
            };
            self.utf8_characters += good.iter().map(|byte| u64::from(*byte >= 0xc0)).sum::<u64>();
            match bad {
                None => return,
                Some(None) => {
                    self.unfinished = rest[good.len()..].to_vec();
                    return;
                }
                Some(Some(length)) => {
                    if self.utf8_errors == 0 {
                        self.first_error = before + (whole - rest.len() + good.len()) as u64;
                    }
                    self.utf8_errors += 1;
                    rest = &rest[good.len() + length..];
                }
            }
        }
    }

    /// The verdict. `complete`: the bytes end where the file ends (else a character may be cut there).
    pub fn finish(mut self, complete: bool, label: &str) -> Result<Encoding> {
        if self.start.starts_with(&[0xef, 0xbb, 0xbf]) {
            return Ok(Encoding::UTF_8);
        }
        if self.start.starts_with(&[0xff, 0xfe]) {
            return Ok(Encoding::UTF_16LE);
        }
        if self.start.starts_with(&[0xfe, 0xff]) {
            return Ok(Encoding::UTF_16BE);
        }
        let [even, odd] = self.zeros;
        // Digits, delimiters and line ends of UTF-16 have a zero byte at one side; a fifth of the pairs is enough.
        if odd * 10 > self.length && even * 20 < odd {
            return Ok(Encoding::UTF_16LE);
        }
        if even * 10 > self.length && odd * 20 < even {
            return Ok(Encoding::UTF_16BE);
        }
        if complete && !self.unfinished.is_empty() {
            self.utf8_errors += 1;
            self.first_error = self.length - self.unfinished.len() as u64;
        }
        if self.utf8_errors == 0 {
            return Ok(Encoding::UTF_8);
        }
        if self.utf8_characters > self.utf8_errors {
            return Err(Error::Damaged {
                path: label.to_owned(),
                why: format!(
                    "UTF-8 text with {} malformed bytes, the first at byte {}",
                    self.utf8_errors,
                    self.first_error + 1
                ),
                hint: Some(
                    "export it again; or, if it is no UTF-8, say which encoding it is by --encoding".into(),
                ),
            });
        }
        if let Some(found) = self.candidates.iter_mut().find_map(|candidate| candidate.verdict(complete)) {
            return Ok(found);
        }
        if self.western.is_plausible() && self.utf8_characters * 10 < self.utf8_errors.max(10) {
            return Ok(Encoding::WINDOWS_1252);
        }
        Err(Error::Damaged {
            path: label.to_owned(),
            why: format!(
                "its encoding could not be recognised: it is no UTF-8 (byte {}), and neither GB18030, Big5, Shift_JIS nor windows-1252 gives sensible text",
                self.first_error + 1
            ),
            hint: Some("say it by --encoding: windows-1251, windows-1250, euc-kr, ...".into()),
        })
    }
}

/// An encoding of two bytes per character that the text may be in: it must be valid throughout, and most characters
/// must be common ones, since Western text is often valid by accident ("Größe" is a Chinese character in GBK).
struct Candidate {
    encoding: Encoding,
    decoder: Decoder,
    valid: bool,
    characters: u64,
    common: u64,
    /// Second bytes above ASCII.
    high_trails: u64,
    lead: Option<u8>,
    skip: u8,
}

impl Candidate {
    fn new(encoding: Encoding) -> Self {
        let decoder = encoding.0.new_decoder_without_bom_handling();
        Self { encoding, decoder, valid: true, characters: 0, common: 0, high_trails: 0, lead: None, skip: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        if self.valid {
            self.decode(bytes, false);
        }
        if self.valid {
            self.classify(bytes);
        }
    }

    fn decode(&mut self, mut bytes: &[u8], last: bool) {
        let mut scratch = [0; 4096];
        loop {
            let (result, read, _) =
                self.decoder.decode_to_utf8_without_replacement(bytes, &mut scratch, last);
            bytes = &bytes[read..];
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.valid = false;
                    return;
                }
            }
        }
    }

    fn classify(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            let Some(lead) = self.lead.take() else {
                let single = self.encoding == Encoding::SHIFT_JIS && (0xa1..=0xdf).contains(&byte);
                if byte > 0x80 && !single {
                    self.lead = Some(byte);
                }
                continue;
            };
            self.characters += 1;
            self.high_trails += u64::from(byte >= 0x80);
            if self.encoding == Encoding::GB18030 && byte.is_ascii_digit() {
                self.skip = 2;
            }
            let common = if self.encoding == Encoding::GB18030 {
                // Punctuation, full-width forms, and the 3,755 characters of GB 2312's first level.
                byte >= 0xa1 && matches!(lead, 0xa1..=0xa3 | 0xb0..=0xd7)
            } else if self.encoding == Encoding::BIG5 {
                matches!(lead, 0xa4..=0xc6)
            } else {
                matches!(lead, 0x82 | 0x83 | 0x88..=0x97)
            };
            self.common += u64::from(common);
        }
    }

    fn verdict(&mut self, complete: bool) -> Option<Encoding> {
        if self.valid && complete {
            self.decode(&[], true);
        }
        let plausible = self.characters > 0
            && self.common * 10 >= self.characters * 6
            && self.high_trails * 10 >= self.characters * 3;
        (self.valid && plausible).then_some(self.encoding)
    }
}

/// Western European text has single accented letters among ASCII ones, never words of them.
#[derive(Default)]
struct Western {
    high: u64,
    in_runs: u64,
    run: u64,
    undefined: bool,
}

impl Western {
    fn push(&mut self, bytes: &[u8]) {
        if self.run == 0 && bytes.is_ascii() {
            return;
        }
        for &byte in bytes {
            if byte < 0x80 {
                self.run = 0;
                continue;
            }
            self.run += 1;
            self.high += 1;
            self.in_runs += match self.run {
                ..3 => 0,
                3 => 3,
                _ => 1,
            };
            self.undefined |= matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
        }
    }

    fn is_plausible(&self) -> bool {
        !self.undefined && self.in_runs * 2 <= self.high
    }
}

/// Why no more text came.
pub enum TextError {
    Failed(Error),
    /// A malformed sequence begins at this byte of the (unpacked) file.
    Malformed {
        offset: u64,
    },
}

impl From<Error> for TextError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A stream of bytes as a stream of UTF-8, without byte order mark. Text that claims to be UTF-8 is passed on unchecked:
/// the readers check it in parallel.
pub struct TextReader {
    stream: Stream,
    encoding: Encoding,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    /// Bytes taken from the stream that are decoded.
    decoded: u64,
    begun: bool,
    /// Length of the byte order mark, where it is UTF-8.
    mark: u64,
}

impl TextReader {
    pub fn new(stream: Stream, encoding: Encoding) -> Self {
        let decoder = (!encoding.is_utf8()).then(|| encoding.0.new_decoder_without_bom_handling());
        Self { stream, encoding, decoder, raw: Vec::new(), decoded: 0, begun: false, mark: 0 }
    }

    /// Stored bytes read so far.
    pub fn taken(&self) -> u64 {
        self.stream.taken()
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Where the text's first byte stands in the unpacked file, if it is UTF-8.
    pub fn mark(&self) -> u64 {
        self.mark
    }

    /// Appends text made of about `limit` bytes; what precedes a malformed sequence is appended before the error.
    /// Returns whether this was the end.
    pub fn fill(&mut self, text: &mut Vec<u8>, limit: usize) -> Result<bool, TextError> {
        let limit = limit.max(4);
        let start = text.len();
        let result = match &mut self.decoder {
            None => Ok(self.stream.fill(text, limit)?),
            Some(decoder) => {
                self.raw.clear();
                let end = self.stream.fill(&mut self.raw, limit)?;
                decode(decoder, &self.raw, end, text, &mut self.decoded).map(|()| end)
            }
        };
        if !self.begun && text.len() > start {
            self.begun = true;
            if text[start..].starts_with("\u{feff}".as_bytes()) {
                text.drain(start..start + 3);
                self.mark = 3;
            }
        }
        result
    }
}

fn decode(
    decoder: &mut Decoder,
    mut raw: &[u8],
    last: bool,
    text: &mut Vec<u8>,
    decoded: &mut u64,
) -> Result<(), TextError> {
    loop {
        let from = text.len();
        let room = decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(raw.len()).max(16);
        text.resize(from + room, 0);
        let (result, read, written) =
            decoder.decode_to_utf8_without_replacement(raw, &mut text[from..], last);
        text.truncate(from + written);
        *decoded += read as u64;
        raw = &raw[read..];
        match result {
            DecoderResult::InputEmpty => return Ok(()),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                return Err(TextError::Malformed { offset: *decoded - u64::from(length) - u64::from(after) });
            }
        }
    }
}

/// The error for a malformed sequence in an encoding that the user gave.
pub fn malformed(label: &str, encoding: Encoding, offset: u64, line: u64) -> Error {
    Error::Damaged {
        path: label.to_owned(),
        why: format!("line {line} is no {encoding}: malformed at byte {}", offset + 1),
        hint: Some("leave --encoding out to have it detected, or give another".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::raw::testing::{Folder, complaint, options, read, row};

    fn detect(bytes: &[u8]) -> Result<Encoding> {
        let mut detector = Detector::default();
        bytes.chunks(7).for_each(|piece| detector.push(piece));
        detector.finish(true, "a.csv")
    }

    fn encode(encoding: Encoding, text: &str) -> Vec<u8> {
        match encoding.name() {
            "UTF-16LE" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "UTF-16BE" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => encoding.0.encode(text).0.into_owned(),
        }
    }

    const CHINESE: &str = "订单号,客户,金额（元）\n1,李娜,\"3,5\"\n2,王喆,4\n";

    #[test]
    fn encodings_are_detected() {
        let western = "id,nom\n1,Café Müller\n2,Größe & Straße\n3,créée à Ängelholm – “l’été”\n";
        for (encoding, text) in [
            (Encoding::UTF_8, CHINESE),
            (Encoding::UTF_8, western),
            (Encoding::GB18030, CHINESE),
            (Encoding::UTF_16LE, CHINESE),
            (Encoding::UTF_16BE, CHINESE),
            (Encoding::WINDOWS_1252, western),
            (Encoding::WINDOWS_1252, "a,b\n1,Größe\n"),
            (Encoding::WINDOWS_1252, "a,b\n1,£5\n2,don’t\n3,5 °C\n"),
            (Encoding::BIG5, "訂單編號,客戶名稱,金額\n1,陳小姐,100\n2,臺北市大安區,200\n"),
            (Encoding::SHIFT_JIS, "注文番号,お客様名,金額\n1,田中さん,100\n2,カタカナ,200\n"),
        ] {
            assert_eq!(detect(&encode(encoding, text)).unwrap(), encoding, "{text}");
        }
        let russian = encode(Encoding(encoding_rs::WINDOWS_1251), "номер,имя\n1,Иванов\n2,Петрова\n");
        assert!(detect(&russian).unwrap_err().to_string().contains("could not be recognised"));
        let mut broken = CHINESE.as_bytes().to_vec();
        broken[20] = 0xff;
        assert!(detect(&broken).unwrap_err().to_string().contains("UTF-8 text with"));
    }

    #[test]
    fn every_encoding_gives_the_same_rows() {
        let folder = Folder::new();
        for (name, bytes) in [
            ("utf8", CHINESE.as_bytes().to_vec()),
            ("utf8 with mark", format!("\u{feff}{CHINESE}").into_bytes()),
            ("gbk", encode(Encoding::GB18030, CHINESE)),
            ("utf16le", encode(Encoding::UTF_16LE, &format!("\u{feff}{CHINESE}"))),
            ("utf16be", encode(Encoding::UTF_16BE, &format!("\u{feff}{CHINESE}"))),
            ("utf16le without mark", encode(Encoding::UTF_16LE, CHINESE)),
        ] {
            let found = read(&options(&[&folder.put("a.csv", bytes)])).unwrap();
            assert_eq!(found.header, ["订单号", "客户", "金额（元）"], "{name}");
            assert_eq!(found.rows, [row(2, &["1", "李娜", "3,5"]), row(3, &["2", "王喆", "4"])], "{name}");
        }
    }

    #[test]
    fn an_encoding_that_shows_late_is_found_by_reading_all() {
        let folder = Folder::new();
        let rows = 400_000;
        let plain = format!("id,name\n{}", "1,abc\n".repeat(rows));
        for (encoding, name) in [(Encoding::GB18030, "李娜"), (Encoding::WINDOWS_1252, "José")] {
            let bytes = [plain.as_bytes(), &encode(encoding, &format!("2,{name}\n"))].concat();
            let found = read(&options(&[&folder.put("a.csv", bytes)])).unwrap();
            assert_eq!(found.rows.len(), rows + 1);
            assert_eq!(found.rows[rows], row(rows as u64 + 2, &["2", name]));
        }
    }

    #[test]
    fn a_given_encoding_is_never_left() {
        let folder = Folder::new();
        let path = folder.put("a.csv", encode(Encoding::GB18030, CHINESE));
        let mut options = options(&[&path]);
        options.encoding = Some("gbk".into());
        assert_eq!(read(&options).unwrap().rows.len(), 2);
        options.encoding = Some("utf-8".into());
        assert!(complaint(&options).starts_with("a.csv: line 1 is no UTF-8: malformed at byte 1"));
        folder.put(
            "a.csv",
            format!("a,b\n{}", "1,2\n".repeat(500_000))
                .into_bytes()
                .into_iter()
                .chain(*b"3,\xff\n")
                .collect::<Vec<_>>(),
        );
        assert!(complaint(&options).starts_with("a.csv: line 500002 is no UTF-8: malformed at byte 2000007"));
        options.encoding = Some("gbk".into());
        assert!(
            complaint(&options).starts_with("a.csv: line 500002 is no gb18030: malformed at byte 2000007")
        );
        options.encoding = Some("gbx".into());
        assert!(complaint(&options).starts_with("unknown encoding \"gbx\" | did you mean gbk"));
    }
}
