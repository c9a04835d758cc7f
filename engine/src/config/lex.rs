//! A line to words, as keepalived splits it: quotes group, braces stand alone.
//!
//! Only `"` quotes here. Commands of scripts follow other rules (see [`command_words`]), so a line keeps what
//! stands behind its first word.

use std::ops::Range;

use super::text::{Text, variable_length};

/// A piece of one of the texts: bytes `start..end` of source number `file`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct At {
    pub(super) file: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A word and where it stands, quotes included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: At,
}

/// What the text is made of. A `{` or `}` outside quotes ends a line, wherever it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    Words(Words),
    Open(At),
    Close(At),
}

/// One line of words, never empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Words {
    pub(super) words: Vec<Word>,
    /// From the first word to the end of the last.
    pub(super) all: At,
    /// What stands behind the first word, as it stands there, where that is more than words and blanks.
    pub(super) rest: Option<String>,
    /// A quote that nothing closes. The daemon loses the text from there on.
    pub(super) open_quote: Option<At>,
}

/// Splits a line without braces; nothing if it has no words.
pub(super) fn words(text: &Text) -> Option<Words> {
    let mut words = Vec::new();
    let (mut i, mut rest_from, mut open_quote) = (0, 0, None);
    while i < text.len() {
        let start = i;
        match text.get(i) {
            c if is_space(c) => {
                i += 1;
                continue;
            }
            '"' => match text.find(i + 1, |c| c == '"') {
                Some(end) => i = end + 1,
                None => {
                    open_quote = text.at(start, text.len());
                    break;
                }
            },
            _ => i = text.find(i, |c| is_space(c) || c == '"').unwrap_or(text.len()),
        }
        let inner = if text.get(start) == '"' { start + 1..i - 1 } else { start..i };
        let word = text.at(start, i).map(|at| Word { text: text.string(inner.start, inner.end), at });
        words.extend(word);
        if words.len() == 1 {
            rest_from = i;
        }
    }
    let (first, last) = (words.first()?.at, words.last()?.at);
    let joined = first.file == last.file && first.start <= last.start;
    let all = if joined { At { end: last.end.max(first.end), ..first } } else { first };
    let plain = text.find(rest_from, |c| matches!(c, '"' | '\'' | '\\')).is_none();
    let rest = (!plain).then(|| text.string(rest_from, text.len()));
    Some(Words { words, all, rest, open_quote })
}

/// Splits a line of source that has no quotes, backslashes, definitions, conditions or sequences and nothing but
/// ASCII: the same as the long way by [`Text`], at a fifth of its cost.
pub(super) fn plain(file: usize, text: &str, line: Range<usize>, out: &mut Vec<Line>) {
    let code = text[line.clone()].trim_end_matches(['\n', '\r']);
    let code = code.find(['#', '!']).map_or(code, |comment| &code[..comment]);
    let mut from = 0;
    loop {
        let brace = code[from..].find(['{', '}']).map(|i| from + i);
        let end = brace.unwrap_or(code.len());
        out.extend(plain_words(file, &code[from..end], line.start + from).map(Line::Words));
        let Some(brace) = brace else { return };
        let at = At { file, start: line.start + brace, end: line.start + brace + 1 };
        out.push(if code[brace..].starts_with('{') { Line::Open(at) } else { Line::Close(at) });
        from = brace + 1;
    }
}

/// The words of a piece of source that starts at `start`.
fn plain_words(file: usize, piece: &str, start: usize) -> Option<Words> {
    let mut words = Vec::with_capacity(2);
    let mut from = 0;
    for word in piece.split(is_space) {
        if !word.is_empty() {
            let at = At { file, start: start + from, end: start + from + word.len() };
            words.push(Word { text: word.to_string(), at });
        }
        from += word.len() + 1;
    }
    let (first, last) = (words.first()?.at, words.last()?.at);
    Some(Words { words, all: At { end: last.end, ..first }, rest: None, open_quote: None })
}

/// Where the daemon sees the next brace from `from` on: not in quotes, and nowhere behind a quote that is open.
/// With `variables`, the braces of `${NAME}` are none.
pub(super) fn brace(text: &Text, variables: bool) -> Option<usize> {
    let mut i = 0;
    while i < text.len() {
        match text.get(i) {
            '{' | '}' => return Some(i),
            '"' => i = text.find(i + 1, |c| c == '"')?,
            '$' if variables => i += variable_length(text, i).saturating_sub(1),
            _ => {}
        }
        i += 1;
    }
    None
}

/// What separates words.
pub(super) fn is_space(c: char) -> bool {
    c == ' ' || ('\t'..='\r').contains(&c)
}

/// Splits a script line: both kinds of quotes group, a backslash makes the next character ordinary.
/// The text of a word has its quotes and backslashes removed.
pub(super) fn command_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            _ if quote.is_none() && is_space(c) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let text = Text::of_source(0, text, 0, text.len()).decommented();
        let Some(line) = words(&text) else { return String::new() };
        let words: Vec<_> = line.words.iter().map(|w| w.text.as_str()).collect();
        words.join("|") + if line.open_quote.is_some() { "|?" } else { "" }
    }

    #[test]
    fn comments_end_a_line_unless_quoted_or_escaped() {
        assert_eq!(shown("! all"), "");
        assert_eq!(shown("x \"a#b\" a\\#b ! c"), "x|a#b|a#b");
        assert_eq!(shown("  x # y \\"), "x\\");
    }

    #[test]
    fn braces_count_unless_quoted_or_part_of_a_variable() {
        let at = |line: &str, variables| brace(&Text::of_source(0, line, 0, line.len()), variables);
        assert_eq!(at("a \"{\" }", false), Some(6));
        assert_eq!(at("a \"{ }", false), None);
        assert_eq!(at("dev ${IF}.5 ${", true), Some(13));
        assert_eq!(at("dev ${IF}.5 ${", false), Some(5));
    }

    #[test]
    fn only_double_quotes_group_and_they_split_a_word() {
        assert_eq!(shown("router_id 'a b' c\"d e\"f"), "router_id|'a|b'|c|d e|f");
        assert_eq!(shown("interface \"eth0"), "interface|?");
    }

    #[test]
    fn a_command_is_split_like_a_shell_would() {
        assert_eq!(command_words("'/bin/n m' a\\ b \"c 'd'\" ''"), ["/bin/n m", "a b", "c 'd'", ""]);
    }
}
