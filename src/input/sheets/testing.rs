//! Workbooks and archives made by hand.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

/// A zip archive of these members.
pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A member that is deflated already.
pub struct Packed<'a> {
    pub name: &'a [u8],
    pub deflated: Vec<u8>,
    pub flags: u16,
    /// Of the unpacked bytes.
    pub checksum: u32,
    /// As the directory claims it.
    pub size: u32,
}

impl<'a> Packed<'a> {
    pub fn of(name: &'a [u8], bytes: &[u8]) -> Self {
        let mut checksum = flate2::Crc::new();
        checksum.update(bytes);
        let size = u32::try_from(bytes.len()).unwrap();
        Self { name, deflated: deflated_many(bytes, 1), flags: 0, checksum: checksum.sum(), size }
    }
}

/// A zip archive with just these members and claims.
pub fn raw_zip(members: &[Packed]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for Packed { name, deflated: packed, flags, checksum, size } in members {
        let start = u32::try_from(archive.len()).unwrap();
        let mut common = Vec::new();
        common.extend([20, 0]);
        common.extend(flags.to_le_bytes());
        // Deflate; no time, no date.
        common.extend([8, 0, 0, 0, 33, 0]);
        common.extend(checksum.to_le_bytes());
        common.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        common.extend(size.to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(*name);
        archive.extend(packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, disk 0, no attributes.
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(*name);
    }
    let (start, count) = (u32::try_from(archive.len()).unwrap(), u16::try_from(members.len()).unwrap());
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\x00\x00\x00\x00");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// `text` so often, deflated without packing it more than once.
pub fn deflated_many(text: &[u8], times: usize) -> Vec<u8> {
    let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
    let mut piece = Vec::with_capacity(text.len() + 1024);
    compress.compress_vec(text, &mut piece, flate2::FlushCompress::Full).unwrap();
    let mut packed = piece.repeat(times);
    // A last, empty block.
    packed.extend([3, 0]);
    packed
}

/// An xlsx by hand: sheets (name, attributes, xml of `sheetData` and around), shared strings, styles.
pub struct HandMade<'a> {
    pub sheets: &'a [(&'a str, &'a str, &'a str)],
    pub workbook: &'a str,
    pub strings: Option<&'a str>,
    pub styles: Option<&'a str>,
}

impl HandMade<'_> {
    pub const EMPTY: HandMade<'static> = HandMade { sheets: &[], workbook: "", strings: None, styles: None };

    pub fn bytes(&self) -> Vec<u8> {
        let mut sheets = String::new();
        let mut related = String::new();
        let mut members: Vec<(String, Vec<u8>)> = Vec::new();
        const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        for (index, (name, attributes, xml)) in self.sheets.iter().enumerate() {
            let number = index + 1;
            sheets +=
                &format!("<sheet name=\"{name}\" sheetId=\"{number}\" {attributes} r:id=\"rId{number}\"/>");
            related += &format!(
                "<Relationship Id=\"rId{number}\" Type=\"{KIND}/worksheet\" Target=\"worksheets/sheet{number}.xml\"/>"
            );
            let xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<worksheet>{xml}</worksheet>");
            members.push((format!("xl/worksheets/sheet{number}.xml"), xml.into_bytes()));
        }
        for (kind, name, text) in
            [("sharedStrings", "sharedStrings.xml", self.strings), ("styles", "styles.xml", self.styles)]
        {
            if let Some(text) = text {
                related +=
                    &format!("<Relationship Id=\"{kind}\" Type=\"{KIND}/{kind}\" Target=\"/xl/{name}\"/>");
                members.push((format!("xl/{name}"), text.as_bytes().to_vec()));
            }
        }
        let workbook = format!("<workbook>{}<sheets>{sheets}</sheets></workbook>", self.workbook);
        members.push(("[Content_Types].xml".into(), b"<Types/>".to_vec()));
        members.push(("xl/workbook.xml".into(), workbook.into_bytes()));
        members.push((
            "xl/_rels/workbook.xml.rels".into(),
            format!("<Relationships>{related}</Relationships>").into_bytes(),
        ));
        let members: Vec<(&str, &[u8])> =
            members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        zip(&members)
    }
}
