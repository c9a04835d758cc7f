//! `use_vmac` and `use_ipvlan`: words in any order, told apart by their form.

use std::net::IpAddr;

use super::instance::Draft;
use super::lex::Word;
use super::model::{Family, VmacKind};
use super::report::Report;
use super::tree::Statement;

/// The longest name of an interface.
const LONGEST: usize = 15;

/// `use_vmac [NAME] [MAC] [netlink_notify_msg] [group N]`.
pub(super) fn use_vmac(report: &mut Report, d: &mut Draft, s: &Statement) {
    let (mut name, mut mac) = match d.vmac.take() {
        Some((VmacKind::Macvlan(mac), name)) => (name, mac),
        Some((VmacKind::Ipvlan(..), name)) => (name, None),
        None => (None, None),
    };
    let mut words = s.arguments().iter();
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "netlink_notify_msg" => {}
            "name" => own_name(report, &mut name, words.next().unwrap_or(word)),
            "group" => {
                words.next();
            }
            text if text.contains(':') => match octets(text) {
                Some(_) if mac.is_some() => {
                    let message = "the interface already has a MAC address";
                    report.warn("extra-words", word.at, message, "ignores it", format!("remove `{text}`"));
                }
                Some(octets) => mac = Some(octets),
                None => {
                    let message = format!("`{text}` is not a MAC address");
                    report.warn(
                        "invalid-address",
                        word.at,
                        message,
                        "ignores it",
                        "write five or six octets",
                    );
                }
            },
            _ => own_name(report, &mut name, word),
        }
    }
    d.vmac = Some((VmacKind::Macvlan(mac), name));
}

/// `use_ipvlan [NAME] [ADDRESS] [bridge|private|vepa] [group N]`.
pub(super) fn use_ipvlan(report: &mut Report, d: &mut Draft, s: &Statement) {
    let mut name = d.vmac.take().and_then(|(_, name)| name);
    let (mut address, mut kind) = (None, "bridge".to_string());
    let mut words = s.arguments().iter();
    while let Some(word) = words.next() {
        let text = word.text.split('/').next().unwrap_or_default();
        match text {
            "bridge" | "private" | "vepa" => kind = text.into(),
            "group" => {
                words.next();
            }
            "name" => own_name(report, &mut name, words.next().unwrap_or(word)),
            _ => match text.parse::<IpAddr>() {
                Ok(ip) if *d.family.get_or_insert(Family::of(ip)) == Family::of(ip) => address = Some(ip),
                Ok(_) => {
                    let message = format!("`{text}` is not of this instance's family");
                    report.warn("invalid-address", word.at, message, "ignores it", "");
                }
                Err(_) => own_name(report, &mut name, word),
            },
        }
    }
    d.vmac = Some((VmacKind::Ipvlan(address, kind), name));
}

fn own_name(report: &mut Report, name: &mut Option<String>, word: &Word) {
    let text = &word.text;
    let good =
        !text.is_empty() && text.len() <= LONGEST && !text.contains('/') && text != "." && text != "..";
    if !good {
        let message = format!("`{text}` cannot be the name of an interface");
        report.warn(
            "invalid-name",
            word.at,
            message,
            "ignores it",
            "write at most 15 characters without `/`",
        );
    } else if name.is_some() {
        let message = "the interface already has a name";
        report.warn("extra-words", word.at, message, "ignores it", format!("remove `{text}`"));
    } else {
        *name = Some(text.clone());
    }
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let octets: Option<Vec<u8>> = text.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect();
    octets.filter(|octets| matches!(octets.len(), 5 | 6))
}
