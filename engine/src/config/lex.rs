//! Text to lines of words, as keepalived splits it: comments go, quotes group, braces stand alone.
//!
//! Only `"` quotes here. Commands of scripts follow other rules (see [`command_words`]), so a line keeps the
//! piece of text that it came from.

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
    /// A quote that nothing closes. The daemon loses the text from there on.
    pub(super) open_quote: Option<At>,
}

/// Splits the text of source number `file`.
pub(super) fn lines(file: usize, text: &str) -> Vec<Line> {
    let mut out = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let mut next = line_end(text, start);
        let mut end = start + code_length(&text.as_bytes()[start..next]);
        if is_definition(&text[start..end]) {
            while text[start..end].trim_end().ends_with('\\') && next < text.len() {
                let line = next;
                next = line_end(text, line);
                end = line + code_length(&text.as_bytes()[line..next]);
            }
            out.extend(whole(file, text, start, end, start));
        } else {
            Lexer { file, text, at: start, end, words: Vec::new(), out: &mut out }.run();
        }
        start = next;
    }
    out
}

/// Where the line that starts at `start` ends, its end of line included.
fn line_end(text: &str, start: usize) -> usize {
    text[start..].find('\n').map_or(text.len(), |length| start + length + 1)
}

/// Whether a line is `$NAME=value`; the value may have braces, and lines that end in a backslash go on.
fn is_definition(line: &str) -> bool {
    let Some((name, _)) = line.trim_start().strip_prefix('$').and_then(|line| line.split_once('=')) else {
        return false;
    };
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a keyword includes files: plainly, or stricter about those that are missing. Braces in the pattern
/// are alternatives.
pub(super) fn is_include(word: &str) -> bool {
    matches!(word, "include" | "includer" | "includem" | "includew" | "includeb" | "includea")
}

/// A line whose words from `from` on are one, braces and all.
fn whole(file: usize, text: &str, start: usize, end: usize, from: usize) -> Option<Line> {
    let trimmed = |start: usize| {
        let piece = &text[start..end];
        let start = start + (piece.len() - piece.trim_start().len());
        At { file, start, end: start + text[start..end].trim_end().len() }
    };
    let (first, rest) = (trimmed(start), trimmed(from));
    let mut words = Vec::new();
    if from > start {
        words.push(Word { text: text[first.start..from].to_string(), at: At { end: from, ..first } });
    }
    if rest.start < rest.end {
        words.push(Word { text: text[rest.start..rest.end].to_string(), at: rest });
    }
    let all = At { end: words.last()?.at.end, ..first };
    Some(Line::Words(Words { words, all, open_quote: None }))
}

/// Length of a line without its comment: `#` or `!` outside quotes, unless a backslash protects it.
fn code_length(line: &[u8]) -> usize {
    let (mut quoted, mut i) = (false, 0);
    while i < line.len() {
        match line[i] {
            b'\\' => i += 1,
            b'"' => quoted = !quoted,
            b'#' | b'!' if !quoted => return i,
            _ => {}
        }
        i += 1;
    }
    line.len()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

struct Lexer<'a> {
    file: usize,
    text: &'a str,
    at: usize,
    end: usize,
    words: Vec<Word>,
    out: &'a mut Vec<Line>,
}

impl Lexer<'_> {
    fn run(mut self) {
        while self.at < self.end {
            let start = self.at;
            match self.text.as_bytes()[start] {
                b if is_space(b) => self.at += 1,
                b'{' => self.brace(Line::Open),
                b'}' => self.brace(Line::Close),
                b'"' => match self.text[start + 1..self.end].find('"') {
                    Some(length) => {
                        self.at = start + length + 2;
                        self.push(self.text[start + 1..self.at - 1].to_string(), start);
                    }
                    None => {
                        let rest = self.text[..self.end].trim_end().len().max(start + 1);
                        return self.finish(Some(At { file: self.file, start, end: rest }));
                    }
                },
                _ => self.word(),
            }
        }
        self.finish(None);
    }

    /// A word without quotes; `\#` and `\!` lose their backslash, `${NAME}` keeps its braces.
    fn word(&mut self) {
        let (start, mut text) = (self.at, String::new());
        while self.at < self.end {
            let rest = &self.text[self.at..self.end];
            let variable = variable_length(rest);
            if variable > 0 {
                text.push_str(&rest[..variable]);
                self.at += variable;
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            if c.is_ascii() && (is_space(c as u8) || matches!(c, '"' | '{' | '}')) {
                break;
            }
            self.at += c.len_utf8();
            if !(c == '\\' && (rest.starts_with("\\#") || rest.starts_with("\\!"))) {
                text.push(c);
            }
        }
        self.push(text, start);
        if self.words.len() == 1 && is_include(&self.words[0].text) {
            self.words.clear();
            self.out.extend(whole(self.file, self.text, start, self.end, self.at));
            self.at = self.end;
        }
    }

    fn push(&mut self, text: String, start: usize) {
        self.words.push(Word { text, at: At { file: self.file, start, end: self.at } });
    }

    fn brace(&mut self, line: fn(At) -> Line) {
        self.finish(None);
        self.out.push(line(At { file: self.file, start: self.at, end: self.at + 1 }));
        self.at += 1;
    }

    fn finish(&mut self, open_quote: Option<At>) {
        let words = std::mem::take(&mut self.words);
        if let (Some(first), Some(last)) = (words.first(), words.last()) {
            let all = At { end: last.at.end, ..first.at };
            self.out.push(Line::Words(Words { words, all, open_quote }));
        }
    }
}

/// Length of a `${NAME}` at the start of `text`, or 0.
fn variable_length(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("${") else { return 0 };
    let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    if name > 0 && rest[name..].starts_with('}') { name + 3 } else { 0 }
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
            _ if quote.is_none() && c.is_ascii() && is_space(c as u8) => words.extend(word.take()),
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
        let lines = lines(0, text);
        let shown = lines.iter().map(|line| match line {
            Line::Words(line) => {
                let words: Vec<_> = line.words.iter().map(|w| w.text.as_str()).collect();
                words.join("|") + if line.open_quote.is_some() { "|?" } else { "" }
            }
            Line::Open(_) => "{".into(),
            Line::Close(_) => "}".into(),
        });
        shown.collect::<Vec<_>>().join("  ")
    }

    #[test]
    fn comments_end_a_line_unless_quoted_or_escaped() {
        assert_eq!(shown("! all\nrouter_id KA1 # mine\r\nx \"a#b\" a\\#b ! c"), "router_id|KA1  x|a#b|a#b");
    }

    #[test]
    fn braces_stand_alone_unless_quoted_or_part_of_a_variable() {
        assert_eq!(shown("a{ b }} c"), "a  {  b  }  }  c");
        assert_eq!(shown("router_id \"a { b\" a}b"), "router_id|a { b|a  }  b");
        assert_eq!(shown("dev ${IF}.5 ${"), "dev|${IF}.5|$  {");
    }

    #[test]
    fn patterns_and_definitions_keep_their_braces() {
        assert_eq!(shown("a { include /x/{a,b}*.conf # c\n}"), "a  {  include|/x/{a,b}*.conf  }");
        assert_eq!(shown(" $V= \\\n b { \\ # c\n}\nd"), "$V= \\\n b { \\ # c\n}  d");
        assert_eq!(shown("include"), "include");
    }

    #[test]
    fn only_double_quotes_group_and_they_split_a_word() {
        assert_eq!(shown("router_id 'a b' c\"d e\"f"), "router_id|'a|b'|c|d e|f");
        assert_eq!(shown("interface \"eth0\nnext"), "interface|?  next");
    }

    #[test]
    fn a_command_is_split_like_a_shell_would() {
        assert_eq!(command_words("'/bin/n m' a\\ b \"c 'd'\" ''"), ["/bin/n m", "a b", "c 'd'", ""]);
    }
}
