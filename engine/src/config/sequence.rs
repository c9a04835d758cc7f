//! `~SEQ` and `~LST`: a line that is read again for each of many values.
//!
//! Both are read as leniently as the daemon reads them: numbers may be hexadecimal or octal, values that are
//! missing are empty.

use super::lex::At;
use super::text::Text;

/// A line that is still to be read, once for each value that is left.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    values: Values,
    /// What stands behind the parentheses.
    pub(super) line: Text,
    /// The parentheses and what is before them.
    pub(super) at: At,
}

#[derive(Clone, Debug)]
enum Values {
    Numbers { name: String, next: i64, last: i64, step: i64, hex: bool },
    Lists { names: Vec<String>, tuples: std::collections::VecDeque<Vec<String>> },
}

/// Why a line is no sequence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Bad {
    /// It is not written like one.
    Form,
    /// Its numbers never reach the end.
    Numbers,
    /// Hexadecimal, and negative.
    Negative,
    /// More values in a tuple than names.
    Values,
    /// The parentheses are not closed.
    Open,
}

impl Bad {
    pub(super) fn message(self) -> &'static str {
        match self {
            Bad::Form => "this is no sequence",
            Bad::Numbers => "the step of this sequence does not lead from its start to its end",
            Bad::Negative => "`~SEQx` takes no negative numbers",
            Bad::Values => "a tuple of this list has more values than there are names",
            Bad::Open => "the parentheses of this sequence are not closed",
        }
    }
}

impl Sequence {
    /// The definitions of the next round.
    pub(super) fn next(&mut self) -> Vec<(String, String)> {
        match &mut self.values {
            Values::Numbers { name, next, step, hex, .. } => {
                let value = if *hex { format!("{:x}", *next) } else { next.to_string() };
                *next = next.saturating_add(*step);
                vec![(name.clone(), value)]
            }
            Values::Lists { names, tuples } => {
                names.iter().cloned().zip(tuples.pop_front().unwrap_or_default()).collect()
            }
        }
    }

    pub(super) fn is_done(&self) -> bool {
        match &self.values {
            Values::Numbers { next, last, step, .. } => {
                (*step > 0 && (next > last || *next == i64::MAX))
                    || (*step < 0 && (next < last || *next == i64::MIN))
            }
            Values::Lists { tuples, .. } => tuples.is_empty(),
        }
    }
}

/// Reads the sequence that a line starts with. `replace` puts definitions into the numbers.
pub(super) fn parse(line: &Text, replace: impl FnOnce(Text) -> Text) -> Result<Sequence, Bad> {
    if line.starts_with("~SEQ") { numbers(line, replace) } else { lists(line) }
}

fn numbers(line: &Text, replace: impl FnOnce(Text) -> Text) -> Result<Sequence, Bad> {
    let hex = line.get(4) == 'x';
    let mut p = line.skip_blanks(4 + usize::from(hex));
    if line.get(p) != '(' {
        return Err(Bad::Form);
    }
    p = line.skip_blanks(p + 1);
    let name = p;
    p = line.find(p, |c| matches!(c, ' ' | '\t' | ',' | ')')).unwrap_or(line.len());
    let name = line.string(name, p);
    p = line.skip_blanks(p);
    if p >= line.len() || line.get(p) == ')' {
        return Err(Bad::Form);
    }
    p = line.skip_blanks(p + 1);
    let end = line.find(p, |c| c == ')').ok_or(Bad::Open)?;
    if line.slice(p, end + 1).bytes() > 63 {
        return Err(Bad::Form);
    }
    let (start, step, last) = range(&replace(line.slice(p, end + 1)).to_text())?;
    if hex && (start < 0 || last < 0) {
        return Err(Bad::Negative);
    }
    finish(line, end, Values::Numbers { name, next: start, last, step, hex })
}

/// Start, step and end of `end)`, `start, end)` or `start, step, end)`.
fn range(text: &str) -> Result<(i64, i64, i64), Bad> {
    let (one, rest) = number(text);
    if rest.starts_with(')') {
        let sign = |below| if one < below { -1 } else { 1 };
        return Ok((sign(0), sign(1), one));
    }
    let (two, rest) = number(rest.strip_prefix(',').ok_or(Bad::Form)?);
    if rest.starts_with(')') {
        return Ok((one, if one <= two { 1 } else { -1 }, two));
    }
    let (three, rest) = number(rest.strip_prefix(',').ok_or(Bad::Form)?);
    if !rest.starts_with(')') {
        return Err(Bad::Form);
    }
    if two == 0 || (one < three && two < 0) || (one > three && two > 0) {
        return Err(Bad::Numbers);
    }
    Ok((one, two, three))
}

/// The number that a text starts with, 0 if there is none, and the rest.
fn number(text: &str) -> (i64, &str) {
    let trimmed = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let hex = digits.strip_prefix("0x").or(digits.strip_prefix("0X"));
    let (radix, digits) = match hex.filter(|d| d.starts_with(|c: char| c.is_ascii_hexdigit())) {
        Some(digits) => (16, digits),
        None if digits.starts_with('0') => (8, digits),
        None => (10, digits),
    };
    let length = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    if length == 0 {
        return (0, text.trim_start_matches([' ', '\t']));
    }
    let limit = if negative { i64::MIN } else { i64::MAX };
    let value =
        i64::from_str_radix(&digits[..length], radix).map_or(limit, |n| if negative { -n } else { n });
    (value, digits[length..].trim_start_matches([' ', '\t']))
}

fn lists(line: &Text) -> Result<Sequence, Bad> {
    let mut p = line.skip_blanks(4);
    if line.get(p) != '(' {
        return Err(Bad::Form);
    }
    p = line.skip_blanks(p + 1);
    let (names, mut p) = tuple(line, p, false, usize::MAX)?;
    if line.get(p) != ',' {
        return Err(Bad::Form);
    }
    p = line.skip_blanks(p + 1);
    let mut tuples = std::collections::VecDeque::new();
    loop {
        let (mut values, end) = tuple(line, p, true, names.len())?;
        values.resize(names.len(), String::new());
        tuples.push_back(values);
        match line.get(end) {
            ')' => return finish(line, end, Values::Lists { names, tuples }),
            ',' => p = line.skip_blanks(end + 1),
            _ => return Err(if end < line.len() { Bad::Form } else { Bad::Open }),
        }
    }
}

/// One word, or several in braces, and where they end.
fn tuple(line: &Text, start: usize, values: bool, most: usize) -> Result<(Vec<String>, usize), Bad> {
    let braces = line.get(start) == '{';
    let mut p = if braces { line.skip_blanks(start + 1) } else { start };
    let mut words = Vec::new();
    loop {
        let word = p;
        let ends = |c| matches!(c, ' ' | '\t' | ',' | '}') || (values && c == ')');
        p = line.find(p, ends).unwrap_or(line.len());
        words.push(line.string(word, p));
        p = line.skip_blanks(p);
        match line.get(p) {
            '}' if braces => return Ok((words, line.skip_blanks(p + 1))),
            ',' if !braces => return Ok((words, p)),
            ')' if !braces && values => return Ok((words, p)),
            ',' => p = line.skip_blanks(p + 1),
            _ => return Err(if p < line.len() { Bad::Form } else { Bad::Open }),
        }
        if words.len() >= most {
            return Err(Bad::Values);
        }
    }
}

fn finish(line: &Text, end: usize, values: Values) -> Result<Sequence, Bad> {
    let at = line.at(0, end + 1).ok_or(Bad::Form)?;
    Ok(Sequence { values, line: line.slice(line.skip_blanks(end + 1), line.len()), at })
}
