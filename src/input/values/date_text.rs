//! The text of a date in a small ASCII alphabet, so that one reader serves Chinese and full-width cells too.

use super::half_width;

pub(super) const YEAR_MARK: u8 = 1;
pub(super) const MONTH_MARK: u8 = 2;
pub(super) const DAY_MARK: u8 = 3;
pub(super) const HOUR_MARK: u8 = 4;
pub(super) const MINUTE_MARK: u8 = 5;
pub(super) const SECOND_MARK: u8 = 6;

/// Longer cells are no dates; the longest form, JavaScript's, has 39 characters without its comment.
pub(super) const LONGEST: usize = 64;

/// Takes off the name of the zone that JavaScript (`GMT+0800 (China Standard Time)`) and Java (`+08:00[Asia/Shanghai]`)
/// add to an offset.
pub(super) fn without_zone_comment(text: &str) -> (&str, bool) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if text.ends_with(close)
            && let Some((before, _)) = text.split_once(open)
        {
            return (before.trim_end(), true);
        }
    }
    (text, false)
}

/// Writes the text in ASCII: digits and punctuation at half width, marks for 年月日时分秒, `AM`/`PM` for 上午/下午, a
/// blank for the weekday. `None` for any other character.
pub(super) fn plain_text<'b>(text: &str, buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    let mut length = 0;
    let mut put = |bytes: &[u8]| {
        // 2011 年 12 月 9 日: a blank before a mark says nothing.
        while bytes[0] <= SECOND_MARK && length > 0 && buffer[length - 1] == b' ' {
            length -= 1;
        }
        let end = length + bytes.len();
        buffer.get_mut(length..end)?.copy_from_slice(bytes);
        length = end;
        Some(())
    };
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let mark = match half_width(c) {
            ascii if ascii.is_ascii() => ascii as u8,
            '年' => YEAR_MARK,
            '月' => MONTH_MARK,
            '日' | '号' | '號' => DAY_MARK,
            '时' | '時' | '点' | '點' => HOUR_MARK,
            '分' => MINUTE_MARK,
            '秒' => SECOND_MARK,
            '\u{2212}' | '\u{2013}' => b'-',
            '上' | '下' => {
                if chars.next() != Some('午') {
                    return None;
                }
                put(if c == '上' { b" AM " } else { b" PM " })?;
                continue;
            }
            '星' | '周' | '週' => {
                if c == '星' && chars.next() != Some('期') {
                    return None;
                }
                if !matches!(chars.next(), Some('一' | '二' | '三' | '四' | '五' | '六' | '日' | '天'))
                {
                    return None;
                }
                b' '
            }
            blank if blank.is_whitespace() => b' ',
            _ => return None,
        };
        put(&[mark])?;
    }
    Some(&buffer[..length])
}
