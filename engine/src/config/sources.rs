//! The files of `include` lines: what is asked of whoever reads a configuration, and the braces of patterns.

use crate::finding::Source;

/// Where `include` lines find their files. The engine opens nothing; whoever reads a configuration decides what
/// exists.
pub trait Sources {
    /// The files that match `pattern`, a glob with `*`, `?` and `[…]`, in the order of their names.
    ///
    /// Alternatives in braces are asked for one by one. A relative pattern is relative to `directory`: that of
    /// the including file, taken from its name (`.` if the name has none). A file's name is what findings call
    /// it and what its own includes are relative to.
    fn include(&self, pattern: &str, directory: &str) -> Included;
}

/// What a pattern finds.
#[derive(Clone, Default, Debug)]
pub struct Included {
    /// The files, in the order of their names.
    pub files: Vec<Source>,
    /// What matches and is no file to be read, or may not be read: in one line, with its name, why.
    ///
    /// The daemon reads no directories and no files that may be executed.
    pub unreadable: Vec<String>,
    /// The directory that the pattern searches does not exist.
    pub no_directory: bool,
}

/// A world without other files: every include is empty.
#[derive(Clone, Copy, Default, Debug)]
pub struct NoSources;

impl Sources for NoSources {
    fn include(&self, _pattern: &str, _directory: &str) -> Included {
        Included::default()
    }
}

/// More alternatives than this are left out.
const MOST: usize = 256;

/// Whether a pattern has characters that stand for others.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The alternatives of a pattern with `{a,b}`, which may be nested. Braces that nothing closes are letters.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    let (mut done, mut open) = (Vec::new(), vec![pattern.to_string()]);
    while let Some(pattern) = open.pop() {
        match split(&pattern) {
            Some((before, middle, after)) => {
                open.extend(middle.iter().rev().map(|part| format!("{before}{part}{after}")));
            }
            None => done.push(pattern),
        }
        if done.len() + open.len() > MOST {
            break;
        }
    }
    done
}

/// What is before the first braces, the parts in them, and what is behind.
fn split(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let (mut depth, mut part, mut parts) = (0, open + 1, Vec::new());
    for (i, c) in pattern.char_indices().skip_while(|(i, _)| *i < open) {
        match c {
            '{' => depth += 1,
            ',' if depth == 1 => {
                parts.push(&pattern[part..i]);
                part = i + 1;
            }
            '}' if depth == 1 => {
                parts.push(&pattern[part..i]);
                return Some((&pattern[..open], parts, &pattern[i + 1..]));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_alternatives() {
        assert_eq!(alternatives("/x/{a,b{1,2}}*.conf"), ["/x/a*.conf", "/x/b1*.conf", "/x/b2*.conf"]);
        assert_eq!(alternatives("a{b"), ["a{b"]);
        assert!(alternatives(&"{a,b}".repeat(40)).len() <= MOST);
    }
}
