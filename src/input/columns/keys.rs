//! Header names as they are compared.

/// A header name as the table of synonyms writes it: as its `key`, and without `_`, `-`, `.`, so that `Order ID` and
/// `order-id` are found.
pub fn normalise(name: &str) -> String {
    key(name).replace(['_', '-', '.'], "")
}

/// A header name by which presets find it: half width, lower case, without blanks, line breaks and characters of no width,
/// and without a unit in brackets, so that `实付金额（元）` is `实付金额`.
pub fn key(name: &str) -> String {
    let half: String = half_width(name)
        .map(|c| match c {
            '帐' => '账',
            '￥' => '¥',
            c => c,
        })
        .filter(|c| {
            !c.is_whitespace()
                && !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}')
        })
        .collect();
    let mut rest = half.as_str();
    let mut out = String::with_capacity(rest.len());
    while let Some(open) = rest.find('(') {
        let Some(close) = rest[open..].find(')').map(|at| open + at) else { break };
        let inside = &rest[open + 1..close];
        out.push_str(&rest[..open]);
        if !is_unit(inside.trim_start_matches("单位").trim_start_matches(':')) {
            out.push_str(&rest[open..=close]);
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

/// Half-width twins of full-width characters, in small letters.
pub(in crate::input) fn half_width(text: &str) -> impl Iterator<Item = char> {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
            c => c,
        })
        .flat_map(char::to_lowercase)
}

/// A unit that changes nothing about the number. 万元 is none of them: it would be a factor of 10,000.
fn is_unit(text: &str) -> bool {
    const UNITS: &[&str] = &[
        "元",
        "人民币",
        "rmb",
        "cny",
        "usd",
        "eur",
        "gbp",
        "hkd",
        "jpy",
        "¥",
        "$",
        "€",
        "£",
        "件",
        "个",
        "张",
        "笔",
    ];
    UNITS.contains(&text)
}
