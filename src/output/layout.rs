//! Text on a grid of terminal cells: how wide it is, where its lines may break, and what must not reach a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Cells of the terminal that the text takes. Chinese characters and most emoji take two.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Text that a terminal can only show: no escape sequence, no line of its own, no reversal of what stands beside it.
pub fn harmless(text: String) -> String {
    if !text.chars().any(|c| c.is_control() || is_bidi_control(c)) {
        return text;
    }
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !is_bidi_control(*c))
        .map(|c| match c {
            '\n' | '\r' => '↵',
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Marks that turn the direction of what stands around them.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// `text` in lines of at most `limit` cells, at most `most` of them: what is left over is cut, and "…" says so.
/// Lines break at blanks and between Chinese characters; a word longer than a line breaks where it must.
pub fn wrap(text: &str, limit: usize, most: usize) -> Vec<String> {
    let limit = limit.max(2);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if width(&line) + width(piece.trim_end()) <= limit {
            line.push_str(piece);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = piece;
        while width(rest.trim_end()) > limit {
            let (head, tail) = split_at_width(rest, limit);
            lines.push(head.to_owned());
            rest = tail;
            if lines.len() > most {
                break;
            }
        }
        line.push_str(rest);
        if lines.len() > most {
            break;
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    if lines.len() > most {
        lines.truncate(most.max(1));
        if let Some(last) = lines.last_mut() {
            let kept = split_at_width(last, limit - 1).0.trim_end().len();
            last.truncate(kept);
            last.push('…');
        }
    }
    lines
}

/// A heading in lines: broken before its parenthesis where both parts have room, else as text.
pub fn wrap_heading(heading: &str, limit: usize, most: usize) -> Vec<String> {
    if let Some(at) = heading.find('（').filter(|at| *at > 0 && most > 1 && width(heading) > limit) {
        let (before, after) = heading.split_at(at);
        if width(before) <= limit && width(after) <= limit {
            return vec![before.to_owned(), after.to_owned()];
        }
    }
    wrap(heading, limit, most)
}

/// Chinese up to this width is not broken: a line could end within a word.
const UNBROKEN: usize = 12;

/// The least width of a heading on one line or two: broken between words, or before a parenthesis.
pub fn heading_width(heading: &str) -> usize {
    let least = narrowest(heading, 2);
    if !heading.chars().any(|c| c.width() == Some(2)) {
        return least;
    }
    match heading.find('（') {
        Some(at) if at > 0 => width(&heading[..at]).max(width(&heading[at..])),
        _ => least.max(width(heading).min(UNBROKEN)),
    }
}

/// The least width in which `text` takes no more than `lines` lines and no word of it is broken.
fn narrowest(text: &str, lines: usize) -> usize {
    let longest = pieces(text).map(|piece| width(piece.trim_end())).max().unwrap_or(0);
    (longest..=width(text)).find(|limit| wrap(text, *limit, usize::MAX).len() <= lines).unwrap_or(longest)
}

/// `text` cut after as many characters as fit into `limit` cells, and one at least, so that every cut gets on.
fn split_at_width(text: &str, limit: usize) -> (&str, &str) {
    let mut taken = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        taken += c.width().unwrap_or(0);
        if taken > limit && at > 0 {
            break;
        }
        end = at + c.len_utf8();
    }
    while width(&text[..end]) > limit {
        match text[..end].char_indices().next_back() {
            Some((at, _)) if at > 0 => end = at,
            _ => break,
        }
    }
    text.split_at(end)
}

/// The text in the pieces between which a line may break; blanks belong to the piece before them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut characters = rest.char_indices().peekable();
        let mut end = rest.len();
        while let Some((_, c)) = characters.next() {
            let Some(&(next_at, next)) = characters.peek() else { break };
            if may_break(c, next) {
                end = next_at;
                break;
            }
        }
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        Some(piece)
    })
}

fn may_break(before: char, after: char) -> bool {
    // No percent sign begins a line: `95 %`.
    if after == ' ' || after == '%' {
        return false;
    }
    if before == ' ' {
        return true;
    }
    let wide = |c: char| c.width() == Some(2);
    (wide(before) || wide(after))
        && !"，。、；：！？）》」』】”’％,.;:!?)%".contains(after)
        && !"（《「『【“‘(".contains(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_between_chinese_characters() {
        assert_eq!(wrap("win them back soon", 9, 9), ["win them", "back soon"]);
        assert_eq!(wrap("专属客服，优先体验。", 9, 9), ["专属客", "服，优先", "体验。"]);
        assert_eq!(wrap("abcdefgh", 3, 9), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 5, 3), [""]);
        assert_eq!(wrap("one two three four", 5, 2), ["one", "two…"]);
        assert_eq!(wrap("to (95 %)", 7, 2), ["to", "(95 %)"]);
        assert_eq!(wrap_heading("差值（百分点）", 10, 2), ["差值", "（百分点）"]);
        assert_eq!(wrap_heading("差值（百分点）", 14, 2), ["差值（百分点）"]);
        assert_eq!(wrap("abcdefgh", 3, 2), ["abc", "de…"]);
    }

    #[test]
    fn no_line_is_wider_than_asked() {
        let text = "价格 price ➜ 👨‍👩‍👧‍👦 שלום ❤️❤️❤️ a̐éö̲ 超长超长超长超长, naïve—café";
        for limit in 2..40 {
            for line in wrap(text, limit, 99) {
                assert!(width(&line) <= limit, "{line:?} at {limit}");
            }
        }
    }

    #[test]
    fn headings_are_broken_evenly() {
        assert_eq!(heading_width("median days since purchase"), 14);
        assert_eq!(heading_width("customers"), 9);
        assert_eq!(heading_width(""), 0);
        assert_eq!(heading_width("平均购买次数"), 12);
        assert_eq!(heading_width("累计净消费的平均数"), 12);
        let median = "距上次购买天数（中位数）";
        assert_eq!(wrap(median, heading_width(median), 2), ["距上次购买天数", "（中位数）"]);
    }

    #[test]
    fn nothing_of_a_value_steers_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mred\nb\tc\u{202e}d".into()), "a\u{fffd}[31mred↵b cd");
        assert_eq!(harmless("普通".into()), "普通");
    }
}
