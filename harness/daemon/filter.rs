//! `no_accept`: packets to an address that the daemon holds and does not serve are dropped, by the rules that
//! keepalived 2.2.7 makes (`nft list ruleset` beside it), but for one thing: it talks to the kernel itself, and here
//! `nft` does.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;
use std::process::{Command, Stdio};

use vrrplab_engine::boundary::AddressOp;
use vrrplab_engine::config::Config;

/// The tables of the daemon.
#[derive(Debug)]
pub(super) struct Filter {
    table: String,
    dropped: BTreeSet<(IpAddr, String)>,
    /// Which of the families' tables there are.
    made: [bool; 2],
    /// What `nft` is to do next: the changes of one transition together.
    script: String,
}

impl Filter {
    /// No table yet: the first address makes it.
    pub(super) fn new(config: &Config) -> Filter {
        let named = config.global.other.get("nftables").filter(|name| !name.is_empty() && *name != "true");
        let table = named.cloned().unwrap_or_else(|| "keepalived".to_string());
        Filter { table, dropped: BTreeSet::new(), made: [false; 2], script: String::new() }
    }

    /// Begins or ends to drop what is for an address on this interface, once it is [flushed](Filter::flush).
    pub(super) fn change(&mut self, op: AddressOp, address: IpAddr, dev: &str) {
        let entry = (address, dev.to_string());
        let news = match op {
            AddressOp::Add => self.dropped.insert(entry),
            AddressOp::Remove => self.dropped.remove(&entry),
        };
        if !news {
            return;
        }
        let family = usize::from(address.is_ipv6());
        if !std::mem::replace(&mut self.made[family], true) {
            self.script.push_str(&table(&self.table, address.is_ipv6()));
        }
        let verb = if op == AddressOp::Add { "add" } else { "delete" };
        let name = &self.table;
        let line = match address {
            IpAddr::V4(a) => format!("{verb} element ip {name} vips {{ {a} }}\n"),
            IpAddr::V6(a) if a.is_unicast_link_local() => {
                format!("{verb} element ip6 {name} vips_link_local {{ {a} . \"{dev}\" }}\n")
            }
            IpAddr::V6(a) => format!("{verb} element ip6 {name} vips {{ {a} }}\n"),
        };
        self.script.push_str(&line);
    }

    /// Does what was asked for since the last time.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.script.is_empty() { Ok(()) } else { run(&std::mem::take(&mut self.script)) }
    }

    /// The tables go.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let family = ["ip", "ip6"];
        for (n, made) in self.made.iter_mut().enumerate() {
            if std::mem::replace(made, false) {
                self.script.push_str(&format!("delete table {} {}\n", family[n], self.table));
            }
        }
        self.flush()
    }
}

/// A fresh table: what a daemon that died left behind goes with the old one.
fn table(name: &str, v6: bool) -> String {
    let (family, body) = if v6 { ("ip6", TABLE6) } else { ("ip", TABLE4) };
    format!("add table {family} {name}\ndelete table {family} {name}\ntable {family} {name} {{\n{body}}}\n")
}

const TABLE4: &str = "\
set vips { type ipv4_addr; }
chain out { type filter hook output priority -1; policy accept; ip saddr @vips drop; }
chain in { type filter hook input priority -1; policy accept; ip daddr @vips drop; }
";

const TABLE6: &str = "\
set vips { type ipv6_addr; }
set vips_link_local { type ipv6_addr . iface_index; }
set neighbor-discovery { type icmpv6_type; flags constant; elements = { nd-neighbor-solicit, nd-neighbor-advert }; }
chain out_link_local { ip6 saddr . oif @vips_link_local drop; }
chain in_link_local { ip6 daddr . iif @vips_link_local drop; }
chain out { type filter hook output priority -1; policy accept; icmpv6 type @neighbor-discovery accept; \
ip6 saddr fe80::/10 goto out_link_local; ip6 saddr @vips drop; }
chain in { type filter hook input priority -1; policy accept; icmpv6 type @neighbor-discovery accept; \
ip6 daddr fe80::/10 goto in_link_local; ip6 daddr @vips drop; }
";

/// Has `nft` do it, all or nothing.
fn run(script: &str) -> io::Result<()> {
    let fail =
        |why: String| io::Error::other(format!("nft: {why}; the addresses answer although they should not"));
    let mut command = Command::new("nft");
    command.args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| fail(e.to_string()))?;
    child.stdin.take().expect("it was asked for").write_all(script.as_bytes())?;
    let output = child.wait_with_output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(fail(String::from_utf8_lossy(&output.stderr).trim().into()))
    }
}
