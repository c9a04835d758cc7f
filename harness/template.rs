//! Configurations of programs of the user's: a text in which `{{WORD}}` stands for what the first instance of a node's
//! keepalived.conf says.
//!
//! | word | stands for |
//! |---|---|
//! | `{{node}}` | the node's name |
//! | `{{link}}` | the instance's interface |
//! | `{{vrid}}` | its number, 1-255 |
//! | `{{priority}}` | its priority, 1-255 |
//! | `{{interval_ms}}` | its interval in milliseconds |
//! | `{{version}}` | 2 or 3 |
//! | `{{preempt}}` | `yes` or `no` |
//! | `{{addresses}}` | its virtual addresses with their prefixes, a space between two |

use std::ops::Range;

use vrrplab_engine::config::{Config, Version};
use vrrplab_engine::finding::{Finding, Place, Severity, Source, did_you_mean};

/// What can stand between the braces.
const WORDS: [&str; 8] =
    ["node", "link", "vrid", "priority", "interval_ms", "version", "preempt", "addresses"];

/// A text with words in braces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    source: Source,
}

impl Template {
    /// A text in which every `{{WORD}}` is known; else what is wrong with it.
    pub fn new(source: Source) -> Result<Template, Vec<Finding>> {
        let wrong: Vec<Finding> = places(&source.text)
            .into_iter()
            .filter_map(|span| {
                let word = source.text[span.clone()].trim_matches(['{', '}']).trim();
                if WORDS.contains(&word) {
                    return None;
                }
                let help = did_you_mean(word, WORDS).map_or_else(
                    || format!("one of {}", WORDS.join(", ")),
                    |meant| format!("{{{{{meant}}}}}"),
                );
                let place = Place { file: source.name.clone(), span };
                let message = format!("`{word}` stands for nothing");
                Some(Finding::new(Severity::Error, "unknown-placeholder", place, message).help(help))
            })
            .collect();
        if wrong.is_empty() { Ok(Template { source }) } else { Err(wrong) }
    }

    /// The text for a node with this configuration; the error says what is missing.
    pub fn render(&self, node: &str, config: &Config) -> Result<String, String> {
        let first = config.instances.first();
        let i = first.ok_or_else(|| format!("{node}: {} needs a vrrp_instance", self.source.name))?;
        let value = |word: &str| match word {
            "node" => node.to_string(),
            "link" => i.interface.clone(),
            "vrid" => i.vrid.to_string(),
            "priority" => i.priority.to_string(),
            "interval_ms" => (i.advert_int.as_micros() / 1_000).to_string(),
            "version" => if i.version == Version::V2 { "2" } else { "3" }.to_string(),
            "preempt" => if i.nopreempt { "no" } else { "yes" }.to_string(),
            _ => i.addresses.iter().map(|a| a.cidr.to_string()).collect::<Vec<_>>().join(" "),
        };
        let (text, mut rendered, mut from) = (&self.source.text, String::new(), 0);
        for span in places(text) {
            rendered.push_str(&text[from..span.start]);
            rendered.push_str(&value(text[span.clone()].trim_matches(['{', '}']).trim()));
            from = span.end;
        }
        rendered.push_str(&text[from..]);
        Ok(rendered)
    }
}

/// Where the braces are, with what is between them, in order.
fn places(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open..].find("}}").map(|at| open + at + 2) else { break };
        found.push(open..close);
        from = close;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source { name: "t".into(), text: text.into() }
    }

    #[test]
    fn words_become_what_the_instance_says() {
        let conf = "vrrp_instance I {\n interface eth1\n virtual_router_id 7\n version 3\n advert_int 0.25\n \
                    nopreempt\n virtual_ipaddress {\n 10.0.0.1/24\n 10.0.0.2\n }\n}\n";
        let config = vrrplab_engine::config::read("k", conf, &vrrplab_engine::config::NoSources).config;
        let text = "{{node}} {{ link }} {{vrid}}/{{priority}} {{interval_ms}} v{{version}} {{preempt}}: {{addresses}} }} {";
        let template = Template::new(source(text)).expect("all words are known");
        let rendered = template.render("a", &config).expect("there is an instance");
        assert_eq!(rendered, "a eth1 7/100 250 v3 no: 10.0.0.1/24 10.0.0.2/32 }} {");
        assert!(template.render("a", &Config::default()).is_err());
    }

    #[test]
    fn a_word_that_stands_for_nothing_is_pointed_at() {
        let wrong = Template::new(source("id {{vrid}}\nprio {{priorty}}\n")).expect_err("a typo");
        assert_eq!(wrong.len(), 1);
        assert_eq!((wrong[0].place.span.clone(), wrong[0].help.as_str()), (17..28, "{{priority}}"));
    }
}
