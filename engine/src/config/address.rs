//! One line of `virtual_ipaddress`: an address and its options.

use std::net::IpAddr;

use super::lex::Word;
use super::model::{Address, Broadcast};
use super::report::Report;
use super::tree::Statement;
use super::values::unsigned;
use crate::addr::Cidr;
use crate::finding::did_you_mean;
use crate::time::Duration;

const FLAGS: &[&str] = &["home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin", "no_track"];
const OPTIONS: &[&str] = &["dev", "brd", "broadcast", "scope", "label", "peer", "preferred_lft", "use_vmac"];
const SCOPES: &[&str] = &["global", "link", "host", "site", "nowhere"];

/// Longest name of an interface or label.
const LONGEST_LABEL: usize = 15;

/// Reads a line. `None` where the daemon skips the address; that is reported.
pub(super) fn address(report: &mut Report, line: &Statement, is_static: bool) -> Option<Address> {
    let word = line.keyword();
    let Some(cidr) = cidr(report, word) else {
        let message = format!("`{}` is not an address", word.text);
        report.warn(
            "invalid-address",
            word.at,
            message,
            SKIPPED,
            "write ADDRESS/LENGTH, as in 192.168.10.240/24",
        );
        return None;
    };
    let mut reader =
        Reader { report, address: Address::plain(cidr, ""), words: line.arguments().iter(), is_static };
    while let Some(word) = reader.words.next() {
        reader.option(word)?;
    }
    Some(reader.address)
}

const SKIPPED: &str = "skips this address";

/// The address before the options. A bad prefix length is reported, a bad address is not.
pub(super) fn cidr(report: &mut Report, word: &Word) -> Option<Cidr> {
    let (address, prefix) = match word.text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (word.text.as_str(), None),
    };
    let address: IpAddr = address.parse().ok()?;
    let longest = Cidr::longest(address);
    let prefix = match prefix {
        None => longest,
        Some("") => {
            let message = format!("`{}` has no prefix length behind the slash", word.text);
            report.warn(
                "invalid-number",
                word.at,
                message,
                "takes it for /0",
                format!("write `{address}/{longest}`"),
            );
            0
        }
        Some(prefix) => match unsigned(prefix, &(0..=u32::from(longest))) {
            Ok(n) => n as u8,
            Err(_) => {
                let message = format!("`{prefix}` is not a prefix length from 0 to {longest}");
                report.warn("number-out-of-range", word.at, message, format!("takes /{longest}"), "");
                longest
            }
        },
    };
    Some(Cidr { address, prefix })
}

struct Reader<'a> {
    report: &'a mut Report,
    address: Address,
    words: std::slice::Iter<'a, Word>,
    is_static: bool,
}

impl Reader<'_> {
    /// Reads the option that starts with `word`. `None`: the daemon skips the whole address.
    fn option(&mut self, word: &Word) -> Option<()> {
        if FLAGS.contains(&word.text.as_str()) {
            self.address.flags.push(word.text.clone());
            return Some(());
        }
        match word.text.as_str() {
            "dev" => self.address.dev = self.value(word)?.text.clone(),
            "brd" | "broadcast" => self.broadcast(word)?,
            "label" => self.label(word)?,
            "scope" => self.scope(word)?,
            "peer" => self.peer(word)?,
            "preferred_lft" => self.preferred_lft(word)?,
            "use_vmac" if !self.is_static => self.address.vmac = true,
            "track_group" if self.is_static => {
                self.address.track_group = Some(self.value(word)?.text.clone());
            }
            text => {
                let message = format!("`{text}` is not an option of an address");
                let known = OPTIONS.iter().chain(FLAGS).copied();
                let help =
                    did_you_mean(text, known).map_or(String::new(), |w| format!("did you mean `{w}`?"));
                self.report.warn("unknown-option", word.at, message, "ignores this word", help);
            }
        }
        Some(())
    }

    /// The word after an option.
    fn value(&mut self, option: &Word) -> Option<&Word> {
        let value = self.words.next();
        if value.is_none() {
            let message = format!("`{}` has no value", option.text);
            self.report.warn("missing-value", option.at, message, SKIPPED, "");
        }
        value
    }

    fn broadcast(&mut self, option: &Word) -> Option<()> {
        let cidr = self.address.cidr;
        let word = self.value(option)?.clone();
        if cidr.address.is_ipv6() {
            let message = "an IPv6 address has no broadcast address";
            self.report.warn(
                "invalid-broadcast",
                option.at,
                message,
                SKIPPED,
                format!("remove `{}`", option.text),
            );
            return None;
        }
        self.address.broadcast = match word.text.as_str() {
            "+" | "-" if cidr.prefix > 30 => {
                let message = format!("a /{} has no broadcast address", cidr.prefix);
                self.report.warn(
                    "invalid-broadcast",
                    word.at,
                    message,
                    "sets none",
                    "write a shorter prefix length",
                );
                None
            }
            "+" => Some(Broadcast::Set),
            "-" => Some(Broadcast::Cleared),
            text => match text.parse::<IpAddr>() {
                Ok(address) if address.is_ipv4() => Some(Broadcast::Address(address)),
                _ => {
                    let message = format!("`{text}` is not a broadcast address");
                    self.report.warn("invalid-broadcast", word.at, message, SKIPPED, "write `brd +`");
                    return None;
                }
            },
        };
        Some(())
    }

    fn label(&mut self, option: &Word) -> Option<()> {
        let word = self.value(option)?.clone();
        if word.text.len() > LONGEST_LABEL {
            let message = format!("the label `{}` is longer than {LONGEST_LABEL} characters", word.text);
            self.report.warn("label-too-long", word.at, message, SKIPPED, "shorten it");
            return None;
        }
        if self.address.cidr.address.is_ipv6() {
            let message = "an IPv6 address takes no label";
            self.report.warn("invalid-label", option.at, message, "ignores the label", "remove it");
            return Some(());
        }
        self.address.label = Some(word.text);
        Some(())
    }

    fn scope(&mut self, option: &Word) -> Option<()> {
        let v6 = self.address.cidr.address.is_ipv6();
        let word = self.value(option)?.clone();
        if v6 {
            let message = "an IPv6 address takes no scope";
            self.report.warn("invalid-scope", option.at, message, "ignores the scope", "remove it");
        } else if SCOPES.contains(&word.text.as_str()) || unsigned(&word.text, &(0..=255)).is_ok() {
            self.address.scope = Some(word.text);
        } else {
            let message = format!("`{}` is not a scope", word.text);
            let help = format!("write one of {}", SCOPES.join(", "));
            self.report.warn("invalid-scope", word.at, message, "ignores the scope", help);
        }
        Some(())
    }

    fn peer(&mut self, option: &Word) -> Option<()> {
        let family = self.address.cidr.address.is_ipv4();
        let word = self.value(option)?.clone();
        match word.text.parse::<IpAddr>() {
            Ok(peer) if peer.is_ipv4() == family => {
                self.address.peer = Some(Cidr::host(peer));
                if self.address.cidr != Cidr::host(self.address.cidr.address) {
                    let message = "an address with a peer has no prefix length";
                    let help = format!("write `{}`", self.address.cidr.address);
                    self.report.warn("conflict", option.at, message, "ignores the prefix length", help);
                    self.address.cidr = Cidr::host(self.address.cidr.address);
                }
            }
            _ => {
                let message = format!("`{}` is not a peer address of the same family", word.text);
                let help = "write an address without a prefix length";
                self.report.warn("invalid-address", word.at, message, "ignores the peer", help);
            }
        }
        Some(())
    }

    fn preferred_lft(&mut self, option: &Word) -> Option<()> {
        let word = self.value(option)?.clone();
        match unsigned(&word.text, &(0..=u32::MAX)) {
            _ if word.text == "forever" => self.address.preferred_lft = None,
            Ok(seconds) => self.address.preferred_lft = Some(Duration::from_secs(seconds.into())),
            Err(_) => {
                let message = format!("`{}` is not a lifetime", word.text);
                self.report.warn(
                    "invalid-number",
                    word.at,
                    message,
                    "ignores it",
                    "write seconds or `forever`",
                );
            }
        }
        Some(())
    }
}
