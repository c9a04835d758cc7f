//! Findings as a person sees them: severity, what is wrong, the place with a caret below it, what the daemon
//! makes of it and what to write instead. The drawing is done by annotate-snippets, as rustc's is.
//!
//! Nothing is wider than 100 columns, because a terminal beside an editor is not: long lines of a source are cut
//! around the caret, long sentences are wrapped.

use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};
use vrrplab_engine::finding::{Finding, Severity, Source};

/// Columns of the widest line.
const WIDTH: usize = 100;

/// Draws findings one below the other in the order given. `colour` adds ANSI escapes; whether the output can
/// show them is the caller's to know.
pub fn render(findings: &[Finding], sources: &[Source], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    let mut out = String::new();
    for finding in findings {
        if !out.is_empty() {
            out.push('\n');
        }
        let source = sources.iter().find(|s| s.name == finding.place.file);
        out.push_str(&renderer.render(&[group(finding, source)]));
        out.push('\n');
    }
    out
}

/// One finding with all its parts.
fn group<'a>(finding: &'a Finding, source: Option<&'a Source>) -> Group<'a> {
    let (level, name) = match finding.severity {
        Severity::Note => (Level::NOTE, "note"),
        Severity::Warning => (Level::WARNING, "warning"),
        Severity::Error => (Level::ERROR, "error"),
    };
    // The first line of a message begins after `NAME[CODE]: `, and so do the others.
    let indent = name.len() + finding.code.len() + 4;
    let title = level.secondary_title(wrap(&finding.message, indent)).id(finding.code);
    let group = match source {
        Some(source) => title.element(snippet(&finding.place.span, source)),
        None => title.element(Origin::path(&*finding.place.file)),
    };
    let mut notes = Vec::new();
    if !finding.daemon.is_empty() {
        notes.push(Level::NOTE.with_name("the daemon").message(wrap(&finding.daemon, 21)));
    }
    if !finding.help.is_empty() {
        notes.push(Level::HELP.message(wrap(&finding.help, 15)));
    }
    group.elements(notes)
}

fn snippet<'a>(span: &Range<usize>, source: &'a Source) -> Snippet<'a, Annotation<'a>> {
    let text = &*source.text;
    let border = |mut i: usize| {
        i = i.min(text.len());
        while !text.is_char_boundary(i) {
            i -= 1;
        }
        i
    };
    // What is missing at the end of a file is shown at the end of its last line, not on an empty one behind it.
    let end = text.trim_end_matches(['\r', '\n']).len();
    let (mut start, mut stop) = (border(span.start), border(span.end));
    if start == text.len() {
        (start, stop) = (end, end);
    }
    let stop = stop.max(start);
    // Only the lines that are shown: the renderer looks at all that it is given, for every finding.
    let first = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let last = text[stop..].find('\n').map_or(text.len(), |i| stop + i + 1);
    let number = text[..first].bytes().filter(|&b| b == b'\n').count() + 1;
    let annotation = AnnotationKind::Primary.span(start - first..stop - first);
    Snippet::source(&text[first..last]).line_start(number).path(&*source.name).annotation(annotation)
}

/// A text in lines of which the first begins behind `indent` columns; the renderer aligns the others with it.
/// Findings quote what users wrote, so control characters are made harmless.
fn wrap(text: &str, indent: usize) -> String {
    let text = normalize_untrusted_str(&text.replace(['\n', '\r', '\t'], " "));
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if indent + line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vrrplab_engine::finding::Place;

    use super::*;

    /// The lines below the message, for one finding at these bytes.
    fn draw(text: &str, span: Range<usize>) -> String {
        let source = Source { name: "a.conf".into(), text: text.into() };
        let place = Place { file: "a.conf".into(), span };
        let finding = Finding::new(Severity::Error, "x", place, "this is wrong");
        let drawn = render(&[finding], &[source], false);
        drawn.strip_prefix("error[x]: this is wrong\n").unwrap().to_string()
    }

    #[track_caller]
    fn check(text: &str, span: Range<usize>, expected: &str) {
        assert_eq!(draw(text, span), expected.strip_prefix('\n').unwrap());
    }

    fn typo() -> (Finding, Source) {
        let source = Source { name: "a.conf".into(), text: "uth_pass 1111\n".into() };
        let place = Place { file: "a.conf".into(), span: 0..8 };
        let message = "this keyword is not known here";
        let finding = Finding::new(Severity::Warning, "unknown-keyword", place, message)
            .daemon("Unknown keyword 'uth_pass'; starts without authentication")
            .help("did you mean `auth_pass`?");
        (finding, source)
    }

    #[test]
    fn a_finding_has_place_consequence_and_advice() {
        let (finding, source) = typo();
        let expected = "\
warning[unknown-keyword]: this keyword is not known here
 --> a.conf:1:1
  |
1 | uth_pass 1111
  | ^^^^^^^^
  |
  = the daemon: Unknown keyword 'uth_pass'; starts without authentication
  = help: did you mean `auth_pass`?
";
        assert_eq!(render(&[finding], &[source], false), expected);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let (finding, source) = typo();
        let (plain, colour) = (
            render(std::slice::from_ref(&finding), std::slice::from_ref(&source), false),
            render(&[finding], &[source], true),
        );
        assert!(!plain.contains('\x1b') && colour.contains('\x1b'));
        let mut stripped = String::new();
        for piece in colour.split('\x1b') {
            stripped
                .push_str(piece.split_once('m').filter(|_| piece.starts_with('[')).map_or(piece, |p| p.1));
        }
        assert_eq!(stripped, plain);
    }

    #[test]
    fn several_findings_have_an_empty_line_between_them() {
        let (finding, source) = typo();
        let one = render(std::slice::from_ref(&finding), std::slice::from_ref(&source), false);
        assert_eq!(render(&[finding.clone(), finding], &[source], false), format!("{one}\n{one}"));
        assert_eq!(render(&[], &[], false), "");
    }

    #[test]
    fn a_tab_is_four_columns_wide_and_one_character() {
        check(
            "one\n\ttwo three\nfour\n",
            9..14,
            "
 --> a.conf:2:6
  |
2 |     two three
  |         ^^^^^
",
        );
    }

    #[test]
    fn a_line_may_end_in_crlf() {
        check(
            "one\r\ntwo three\r\nfour\r\n",
            9..14,
            "
 --> a.conf:2:5
  |
2 | two three
  |     ^^^^^
",
        );
    }

    #[test]
    fn characters_of_several_bytes_are_one_column_and_as_wide_as_they_are() {
        check(
            "über 🙂 zwei\n",
            11..15,
            "
 --> a.conf:1:8
  |
1 | über 🙂 zwei
  |         ^^^^
",
        );
    }

    #[test]
    fn the_end_of_a_file_is_the_end_of_its_last_line() {
        let expected = "
 --> a.conf:2:4
  |
2 | two
  |    ^
";
        check("one\ntwo", 7..7, expected);
        check("one\ntwo\n", 8..8, expected);
        check("one\r\ntwo\r\n", 10..10, expected);
    }

    #[test]
    fn an_empty_file_has_a_place_too() {
        check(
            "",
            0..0,
            "
 --> a.conf:1:1
  |
1 |
  | ^
",
        );
    }

    #[test]
    fn a_block_is_marked_from_its_first_to_its_last_line() {
        check(
            "one\ntwo {\n  three\n}\n",
            4..19,
            "
 --> a.conf:2:1
  |
2 | / two {
3 | |   three
4 | | }
  | |_^
",
        );
    }

    #[test]
    fn nothing_is_wider_than_a_hundred_columns() {
        let text = format!("{} word {}", "x".repeat(150), "y".repeat(100));
        let source = Source { name: "a.conf".into(), text: text.as_str().into() };
        let place = Place { file: "a.conf".into(), span: 151..155 };
        let long = "a sentence that goes on ".repeat(9);
        let finding = Finding::new(Severity::Error, "long", place, long.trim()).daemon(&long).help(&long);
        let drawn = render(&[finding], &[source], false);
        assert!(drawn.contains("word"), "{drawn}");
        for line in drawn.lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
        let second = drawn.lines().nth(1).unwrap();
        assert!(second.starts_with("             "), "{drawn}");
    }

    #[test]
    fn a_finding_without_its_text_still_says_where_it_is() {
        let (finding, _) = typo();
        let drawn = render(&[finding], &[], false);
        assert_eq!(drawn.lines().nth(1), Some("--> a.conf"), "{drawn}");
    }

    proptest! {
        #[test]
        fn any_text_and_place_can_be_drawn(text in "[\\PC\t\r\n]{0,60}", start in 0usize..80, length in 0usize..20) {
            draw(&text, start..start + length);
        }
    }
}
