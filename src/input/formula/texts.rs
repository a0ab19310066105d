//! How texts are compared: half width, without the white space around them, and without making new ones.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::values::{half_width, trimmed};

/// A text as it is compared with others.
pub(super) fn normal(text: &str) -> String {
    trimmed(text).chars().map(half_width).collect()
}

/// The text in half width, copied only if it is not so already.
pub(super) fn in_half_width(text: &str) -> Cow<'_, str> {
    if has_full_width(text) {
        Cow::Owned(text.chars().map(half_width).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Full-width signs begin with this byte; so do a few other characters, which cost a little time.
fn has_full_width(text: &str) -> bool {
    memchr::memchr(0xef, text.as_bytes()).is_some()
}

fn characters(text: &str) -> impl DoubleEndedIterator<Item = char> + '_ {
    text.chars().map(half_width)
}

pub(super) fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (trimmed(left), trimmed(right));
    left == right
        || ((has_full_width(left) || has_full_width(right)) && characters(left).eq(characters(right)))
}

/// By code points.
pub(super) fn order(left: &str, right: &str) -> Ordering {
    characters(trimmed(left)).cmp(characters(trimmed(right)))
}

pub(super) fn starts_with(text: &str, part: &str) -> bool {
    is_front(characters(trimmed(text)), characters(trimmed(part)))
}

pub(super) fn ends_with(text: &str, part: &str) -> bool {
    is_front(characters(trimmed(text)).rev(), characters(trimmed(part)).rev())
}

fn is_front(mut text: impl Iterator<Item = char>, mut part: impl Iterator<Item = char>) -> bool {
    part.all(|c| text.next() == Some(c))
}

pub(super) fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (trimmed(text), trimmed(part));
    if !has_full_width(text) && !has_full_width(part) {
        return text.contains(part);
    }
    part.is_empty() || text.char_indices().any(|(at, _)| is_front(characters(&text[at..]), characters(part)))
}
