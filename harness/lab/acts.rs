//! The script: what the laboratory does to hosts and wires.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use nix::sys::signal::Signal;
use vrrplab_sim::anchors::Sight;
use vrrplab_sim::scenario::{Direction, Dropped, Fault, FilterRule, ScriptModel};
use vrrplab_sim::trace::{Cause, What};
use vrrplab_sim::world::describe;

use super::node::kill_all;
use super::standin;
use super::world::{Due, Lab, write_file};

impl Lab {
    /// Does the n-th act of the script.
    pub(super) fn act(&mut self, n: usize) -> io::Result<()> {
        let scenario = Arc::clone(&self.scenario);
        let fault = &scenario.script[n].fault;
        let now = self.clock.now();
        self.tell(now, None, What::Fault(describe(&scenario, fault)), Cause::Fault(n as u32 + 1));
        match fault {
            Fault::Crash { node, back } => {
                self.crash(node.0)?;
                if let Some(back) = back {
                    self.later(now + *back, Due::Power { host: node.0, act: n });
                }
                Ok(())
            }
            Fault::Kill(node) => self.signal(node.0, Signal::SIGKILL),
            Fault::Pause(node) => self.signal(node.0, Signal::SIGSTOP),
            Fault::Resume(node) => self.signal(node.0, Signal::SIGCONT),
            Fault::Stop(node) => {
                if let Some(node) = &self.nodes[node.0] {
                    node.stop();
                }
                Ok(())
            }
            Fault::Reload { node, config } => {
                self.reconfigure(node.0, *config)?;
                let daemon = self.nodes[node.0].as_ref().expect("a node runs a daemon");
                daemon.reload(&self.hosts[node.0].namespaces)
            }
            Fault::Start { node, config } => {
                self.reconfigure(node.0, *config)?;
                if !self.powered[node.0] {
                    self.power_on(node.0, n)?;
                }
                self.start(node.0)
            }
            Fault::Carrier { host, link, up } => self.set_carrier(host.0, *link, *up),
            Fault::Address { node, link, cidr, added: true } => self.hosts[node.0].add_address(*link, *cidr),
            Fault::Address { node, link, cidr, added: false } => {
                self.hosts[node.0].delete_address(*link, *cidr)
            }
            Fault::Filter { host, rule, added } => self.filter(host.0, rule, *added),
            Fault::Script { node, model } => self.set_model(node.0, model),
            Fault::File { node, path, content } => {
                self.hosts[node.0].namespaces.within(|| write_file(path, content.as_deref()))?
            }
            Fault::Process { node, pattern, running } => self.set_running(node.0, pattern, *running),
            Fault::Network(fault) => {
                if let Some(end) = self.fabric.act(n, fault, now) {
                    self.later(end, Due::EndOfImpairment { act: n });
                }
                self.bridges.act(&mut self.outside, n, fault)
            }
        }
    }

    /// What a node's daemon finds from now on.
    fn reconfigure(&mut self, h: usize, config: Option<usize>) -> io::Result<()> {
        if let Some(config) = config {
            let reading = Arc::clone(&self.scenario.configurations[config]);
            let launch = self.launch(h, &reading).map_err(io::Error::other)?;
            self.nodes[h].as_mut().expect("a node runs a daemon").launch = launch;
        }
        Ok(())
    }

    /// Starts the daemon of a node.
    pub(super) fn start(&mut self, h: usize) -> io::Result<()> {
        let node = self.nodes[h].as_mut().expect("a node runs a daemon");
        if node.runs() {
            return Ok(());
        }
        self.boot(h)?;
        let node = self.nodes[h].as_mut().expect("a node runs a daemon");
        node.start(&self.hosts[h])?;
        let now = self.clock.now();
        node.started = Some(now);
        if let Some(words) = node.identity.take() {
            let words = format!("{words} as `{}`, on {}", node.launch.argv.join(" "), system());
            self.tell(now, Some(h), What::Log(words), Cause::None);
        }
        Ok(())
    }

    /// What a node does before its daemon is started: interfaces are made, and what runs beside it.
    pub(super) fn boot(&mut self, h: usize) -> io::Result<()> {
        let Some(node) = self.nodes[h].as_mut() else { return Ok(()) };
        for macvlan in &node.launch.macvlans {
            self.hosts[h].ensure_macvlan(macvlan)?;
        }
        node.start_beside(&self.hosts[h])
    }

    pub(super) fn signal(&mut self, h: usize, signal: Signal) -> io::Result<()> {
        let spared = self.services.groups(h);
        match &mut self.nodes[h] {
            Some(node) => node.signal(&self.hosts[h], &spared, signal),
            None => Ok(()),
        }
    }

    /// Power is lost: first the cable, so that nobody is left to say goodbye.
    fn crash(&mut self, h: usize) -> io::Result<()> {
        self.powered[h] = false;
        for link in 0..self.hosts[h].links.len() {
            self.fabric.unplug(h, link);
            self.plug(h, link, false)?;
        }
        self.services.lose_power(h);
        kill_all(&self.hosts[h])?;
        self.filters.remove(&h);
        self.apply_filters(h)?;
        self.hosts[h].forget_everything()
    }

    /// The bare host is back with its own addresses.
    pub(super) fn power_on(&mut self, h: usize, act: usize) -> io::Result<()> {
        if self.powered[h] {
            return Ok(());
        }
        let scenario = Arc::clone(&self.scenario);
        self.hosts[h].come_back(&scenario.hosts[h])?;
        self.boot(h)?;
        // What it said while its links came up was not heard.
        for l in 0..self.hosts[h].links.len() {
            while self.hosts[h].links[l].port.receive()?.is_some() {}
        }
        let now = self.clock.now();
        self.powered[h] = true;
        for l in 0..self.hosts[h].links.len() {
            self.fabric.plug(h, l, now);
            self.plug(h, l, true)?;
        }
        let text = format!("power {}", scenario.hosts[h].name);
        self.tell(now, None, What::Fault(text), Cause::Fault(act as u32 + 1));
        Ok(())
    }

    /// The cable's place on the kernel's bridge, if that is its switch.
    fn plug(&mut self, h: usize, l: usize, plugged: bool) -> io::Result<()> {
        let segment = self.scenario.hosts[h].links[l].segment.0;
        self.bridges.plug(&mut self.outside, segment, &self.hosts[h].links[l], plugged)
    }

    fn set_carrier(&mut self, h: usize, l: usize, up: bool) -> io::Result<()> {
        if self.carrier[h][l] == up {
            return Ok(());
        }
        self.carrier[h][l] = up;
        self.outside.set_up(self.hosts[h].links[l].outer, up)?;
        match up {
            true => self.fabric.plug(h, l, self.clock.now()),
            false => self.fabric.unplug(h, l),
        }
        Ok(())
    }

    /// A model with the same pattern is replaced, a new one comes first.
    fn set_model(&mut self, h: usize, model: &ScriptModel) -> io::Result<()> {
        let models = &mut self.models[h];
        match models.iter_mut().find(|m| m.pattern == model.pattern) {
            Some(old) => *old = model.clone(),
            None => models.insert(0, model.clone()),
        }
        let models = &self.models[h];
        self.hosts[h].namespaces.within(|| standin::set_models(models))?
    }

    fn filter(&mut self, h: usize, rule: &FilterRule, added: bool) -> io::Result<()> {
        let rules = self.filters.entry(h).or_default();
        match added {
            true => rules.push(rule.clone()),
            false => rules.retain(|r| r != rule),
        }
        self.apply_filters(h)
    }

    /// Gives a host's packet filter the rules that it is to have.
    pub(super) fn apply_filters(&mut self, h: usize) -> io::Result<()> {
        let rules = self.filters.get(&h).map_or(&[][..], Vec::as_slice);
        if rules.is_empty() && !self.filtered.contains(&h) {
            return Ok(());
        }
        self.filtered.insert(h);
        let links = &self.scenario.hosts[h].links;
        let text = nft(rules, |l| &links[l].name);
        self.hosts[h].namespaces.within(|| {
            let mut child = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn()?;
            child.stdin.take().expect("its input is ours").write_all(text.as_bytes())?;
            let status = child.wait()?;
            if status.success() { Ok(()) } else { Err(io::Error::other(format!("nft: {status}\n{text}"))) }
        })?
    }

    /// An address came or went, which acts may wait for.
    pub(super) fn address_seen(&mut self, h: usize, address: std::net::IpAddr, added: bool) {
        self.noticed(self.clock.now(), Sight::Address(h, address, added));
    }
}

/// The kernel that carries it all.
fn system() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

/// The rules as nftables takes them, in place of all that there were.
fn nft<'a>(rules: &[FilterRule], link: impl Fn(usize) -> &'a str) -> String {
    let mut text = String::new();
    for family in ["inet", "arp"] {
        text +=
            &format!("table {family} vrrplab\ndelete table {family} vrrplab\ntable {family} vrrplab {{\n");
        let chains: &[(Direction, &str)] = match family {
            "arp" => &[(Direction::In, "input"), (Direction::Out, "output")],
            _ => &[(Direction::In, "input"), (Direction::Out, "output"), (Direction::Forward, "forward")],
        };
        for (direction, hook) in chains {
            text += &format!("  chain {hook} {{\n    type filter hook {hook} priority 0; policy accept;\n");
            let here = |rule: &&FilterRule| {
                rule.direction == *direction && (rule.what == Dropped::Arp) == (family == "arp")
            };
            for rule in rules.iter().filter(here) {
                text += &lines(rule, *direction, &link);
            }
            text += "  }\n";
        }
        text += "}\n";
    }
    text
}

fn lines<'a>(rule: &FilterRule, direction: Direction, link: impl Fn(usize) -> &'a str) -> String {
    let by = match rule.link {
        None => String::new(),
        Some(l) => {
            format!("{} {} ", if direction == Direction::Out { "oifname" } else { "iifname" }, link(l))
        }
    };
    let ends = |family: &str| {
        let end = |word: &str, network: Option<vrrplab_engine::addr::Cidr>| {
            network.map_or(String::new(), |n| format!("{family} {word} {n} "))
        };
        format!("{}{}", end("saddr", rule.from), end("daddr", rule.to))
    };
    let v6 = [rule.from, rule.to].into_iter().flatten().any(|n| n.address.is_ipv6());
    let v4 = [rule.from, rule.to].into_iter().flatten().any(|n| n.address.is_ipv4());
    let what: &[&str] = match rule.what {
        Dropped::All => &[""],
        Dropped::Vrrp => &["meta l4proto 112 "],
        Dropped::Ah => &["meta l4proto 51 "],
        Dropped::Icmp => &[
            "meta l4proto icmp ",
            "meta l4proto icmpv6 icmpv6 type != { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } ",
        ],
        Dropped::Arp => &[""],
    };
    let ends = match (rule.what, v4, v6) {
        (Dropped::Arp, ..) => {
            ends("arp").replace("arp saddr", "arp saddr ip").replace("arp daddr", "arp daddr ip")
        }
        (_, _, true) => ends("ip6"),
        (_, true, false) => ends("ip"),
        (_, false, false) => String::new(),
    };
    what.iter().map(|what| format!("    {by}{ends}{what}drop\n")).collect()
}
