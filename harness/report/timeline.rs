//! A run as a table: time, what each node's instances say they are, what happened. What repeats is one line:
//! the adverts of a master between two changes, a burst of gratuitous ARPs, frames that a fault swallowed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::boundary::Announced;
use vrrplab_engine::time::{Duration, Instant};
use vrrplab_engine::wire::ndisc::Advertisement;
use vrrplab_engine::wire::{ethernet, ipv4, ipv6};
use vrrplab_sim::frame::{Advert, Summary};
use vrrplab_sim::run::Run;
use vrrplab_sim::scenario::Role;
use vrrplab_sim::trace::{Answerer, Cause, Event, Loss, Name, Touch, What};

use super::{Paint, WIDTH, cut};

/// Gratuitous ARPs this close are one burst.
const BURST: Duration = Duration::from_millis(1);

/// The table.
pub(super) fn timeline(run: &Run, paint: Paint) -> String {
    let mut table = Table::new(run);
    for event in &run.trace.events {
        table.event(event);
    }
    table.draw(paint)
}

struct Table<'a> {
    run: &'a Run,
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// Rows since the last change that further events of their kind are added to.
    open: BTreeMap<String, usize>,
    /// What nodes share: entries for other addresses are not worth a line.
    virtual_addresses: BTreeSet<IpAddr>,
    /// What each host's neighbour entries point at.
    neighbours: BTreeMap<(Name, IpAddr), Option<Mac>>,
}

/// A node with its instances.
struct Column {
    node: Name,
    instances: Vec<Name>,
    /// One letter an instance.
    letters: Vec<char>,
}

struct Row {
    at: Instant,
    cells: Vec<String>,
    text: String,
    tone: Tone,
    /// How many events it stands for, and when the last of them was.
    count: u32,
    last: Instant,
    /// The first of them in the capture; 0 if it is no frame.
    first_frame: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Act,
    Change,
    Quiet,
}

impl<'a> Table<'a> {
    fn new(run: &'a Run) -> Table<'a> {
        let columns = run.scenario.hosts.iter().filter_map(|host| {
            let Role::Node(node) = &host.role else { return None };
            let instances: Vec<Name> =
                node.reading.config.instances.iter().map(|i| i.name.as_str().into()).collect();
            let letters = vec!['-'; instances.len().max(1)];
            Some(Column { node: host.name.clone(), instances, letters })
        });
        let columns = columns.collect();
        Table {
            run,
            columns,
            rows: Vec::new(),
            open: BTreeMap::new(),
            virtual_addresses: virtual_addresses(run),
            neighbours: BTreeMap::new(),
        }
    }

    fn event(&mut self, event: &Event) {
        let host = event.host.as_deref().unwrap_or("--");
        match &event.what {
            What::Fault(text) => {
                self.act(text);
                self.change(event.at, text.clone(), Tone::Act);
            }
            What::Claim { instance, from, to, priority } => {
                let text = self.claim(host, instance, *to, *priority);
                let from = from.map_or(String::new(), |s| format!("{} -> ", s.name()));
                let text = text.replace("{from}", &from) + &why(event.cause);
                // The daemon's log says it too, and from whom.
                if *to != Announced::MasterRxLowerPri {
                    self.change(event.at, text, Tone::Change);
                }
            }
            What::Address { added, cidr, link } => {
                let sign = if *added { '+' } else { '-' };
                self.once(event.at, format!("{host} {sign} {cidr} {link}"), Tone::Plain);
            }
            What::Route { added, route } => {
                let sign = if *added { '+' } else { '-' };
                self.once(event.at, format!("{host} {sign} route {route}"), Tone::Plain);
            }
            What::Rule { added, rule } => {
                let sign = if *added { '+' } else { '-' };
                self.once(event.at, format!("{host} {sign} rule {rule}"), Tone::Plain);
            }
            What::Tx { frame, summary, .. } => self.sent(event, host, *frame, summary),
            What::Lost { why, summary, frame } => self.lost(event, host, *why, summary, *frame),
            What::Touched { frame, how, summary } => self.touched(event, host, *frame, *how, summary),
            What::Answer { address, by } => {
                let text = match by {
                    None => format!("{host}: {address} does not answer"),
                    Some(Answerer { mac, host: by, forwards }) => {
                        let how = if *forwards { "through" } else { "by" };
                        let by = by.as_ref().map_or_else(|| mac.to_string(), ToString::to_string);
                        format!("{host}: {address} is answered {how} {by}")
                    }
                };
                self.change(event.at, text, Tone::Change);
            }
            What::Neighbour { address, mac, .. } => self.neighbour(event, host, *address, *mac),
            // What a daemon tells of its states, it has claimed; and what its scripts say, shows in them.
            What::Group { .. } | What::Spawn { .. } | What::Exit { .. } | What::Fifo { .. } => {}
            What::Smtp { .. } => {}
            What::Mail { subject, .. } => {
                self.change(event.at, format!("{host} receives a mail: {subject}"), Tone::Change);
            }
            // A real daemon tells its whole life; what matters of it, it has claimed. It is in the trace.
            What::Log(_) if self.run.trace.header.world != "sim" => {}
            What::Log(text) => {
                self.repeated("log", event, format!("{host} logs: {text}"), None, Tone::Quiet);
            }
        }
    }

    /// What an act does to the letters; the rest they learn from the daemons.
    fn act(&mut self, text: &str) {
        let Some((verb, node)) = text.split_once(' ') else { return };
        let letter = match verb {
            "crash" | "kill" => '-',
            "start" => '.',
            _ => return,
        };
        for column in self.columns.iter_mut().filter(|c| *c.node == *node) {
            column.letters.fill(letter);
        }
    }

    fn claim(&mut self, host: &str, instance: &Name, to: Announced, priority: u8) -> String {
        let mut name = host.to_string();
        for column in self.columns.iter_mut().filter(|c| *c.node == *host) {
            if column.instances.len() > 1 {
                let _ = write!(name, " {instance}");
            }
            let place = column.instances.iter().position(|i| i == instance);
            if let Some(letter) = place.and_then(|p| column.letters.get_mut(p)) {
                *letter = match to {
                    Announced::Backup => 'B',
                    Announced::Master | Announced::MasterRxLowerPri => 'M',
                    Announced::Fault => 'F',
                    Announced::Stop | Announced::Deleted => '-',
                };
            }
        }
        match to {
            Announced::Stop => format!("{name} stops"),
            Announced::Deleted => format!("{name} is deleted"),
            _ => format!("{name}: {{from}}{} (priority {priority})", to.word()),
        }
    }

    fn sent(&mut self, event: &Event, host: &str, frame: u32, summary: &Summary) {
        match summary {
            Summary::Vrrp(Advert { vrid, priority, interval, .. }) => {
                let packet = &self.run.capture.frames[frame as usize - 1].bytes[ethernet::HEADER..];
                let v4 =
                    ipv4::Header::parse_unchecked(packet).map(|h| (h.source.into(), h.destination.into()));
                let v6 = || ipv6::Header::parse(packet).map(|(h, _)| (h.source.into(), h.destination.into()));
                let ends: Result<(IpAddr, IpAddr), _> = v4.or_else(|_| v6());
                let (from, to) = ends.map_or_else(
                    |_| (host.to_string(), String::new()),
                    |(from, to)| (from.to_string(), to.to_string()),
                );
                let text = format!("{from} > {to} vrid {vrid} prio {priority} intvl {interval}");
                self.repeated("advert", event, text, Some(frame), Tone::Plain);
            }
            Summary::Garp { .. }
            | Summary::NeighbourAdvertisement(Advertisement { solicited: false, .. }) => {
                let text = match summary {
                    Summary::Garp { address, mac, .. } => {
                        format!("{host}: gratuitous ARP, {address} is at {mac}")
                    }
                    other => format!("{host}: neighbour advertisement, {other}"),
                };
                let old = self.open.get(&text).filter(|&&row| event.at - self.rows[row].last > BURST);
                if old.is_some() {
                    self.open.remove(&text);
                }
                self.repeated("", event, text, Some(frame), Tone::Plain);
            }
            _ => {}
        }
    }

    fn lost(&mut self, event: &Event, host: &str, why: Loss, summary: &Summary, frame: Option<u32>) {
        let Some(kind) = kind(summary) else { return };
        let sender = frame.map_or(host.to_string(), |n| self.sender(n));
        // What is not taken in is told of the port where that happens.
        let host = match host {
            "--" => "the other switch".to_string(),
            host if host == sender => "its switch".to_string(),
            host => host.to_string(),
        };
        let text = match why {
            Loss::NoCarrier => format!("{kind} of {sender} does not leave: no carrier"),
            Loss::QueueFull => format!("{kind} of {sender} finds {host}'s queue full"),
            Loss::Filtered if frame.is_none() => format!("{kind} of {sender} does not leave: packet filter"),
            why => format!("{kind} of {sender} does not reach {host}: {}", why.words()),
        };
        self.repeated("lost", event, text, frame, Tone::Quiet);
    }

    /// What happened to a frame on its way, without figures: they differ from frame to frame.
    fn touched(&mut self, event: &Event, host: &str, frame: u32, how: Touch, summary: &Summary) {
        let Some(kind) = kind(summary) else { return };
        let how = match how {
            Touch::Delayed(_) => "reaches {host} late",
            Touch::Duplicated => "reaches {host} twice",
            Touch::Held(_) => "is overtaken on its way to {host}",
            Touch::Corrupted(_) => "reaches {host} with a wrong bit",
            Touch::Queued(_) => "waits in a bottleneck on its way to {host}",
        };
        let host = if host == "--" { "the other switch" } else { host };
        let text = format!("{kind} of {} {}", self.sender(frame), how.replace("{host}", host));
        self.repeated("touch", event, text, Some(frame), Tone::Quiet);
    }

    /// Who put a frame on the wire.
    fn sender(&self, frame: u32) -> String {
        let port = self.run.capture.frames[frame as usize - 1].port;
        self.run.capture.ports[port].host.to_string()
    }

    fn neighbour(&mut self, event: &Event, host: &str, address: IpAddr, mac: Option<Mac>) {
        let is_node = self.columns.iter().any(|c| *c.node == *host);
        let before = self.neighbours.insert((host.into(), address), mac).unwrap_or(None);
        if is_node || before == mac || !self.virtual_addresses.contains(&address) {
            return;
        }
        let text = match mac {
            None => format!("{host} does not know who has {address}"),
            Some(mac) => {
                let of = |h: &&vrrplab_sim::scenario::Host| h.links.iter().any(|l| l.mac == mac);
                let name =
                    self.run.scenario.hosts.iter().find(of).map_or(mac.to_string(), |h| h.name.to_string());
                format!("{host} sends {address} to {name}{}", why(event.cause))
            }
        };
        self.once(event.at, text, Tone::Plain);
    }

    /// A line of its own.
    fn once(&mut self, at: Instant, text: String, tone: Tone) {
        let cells = self.columns.iter().map(|c| c.letters.iter().collect()).collect();
        let row = Row { at, cells, text, tone, count: 1, last: at, first_frame: 0 };
        self.rows.push(row);
    }

    /// A line of its own, after which nothing is added to lines before it.
    fn change(&mut self, at: Instant, text: String, tone: Tone) {
        self.open.clear();
        self.once(at, text, tone);
    }

    /// A line for the first of its kind since the last change; the others are added to it.
    fn repeated(&mut self, kind: &str, event: &Event, text: String, frame: Option<u32>, tone: Tone) {
        let frame = frame.unwrap_or(0);
        let key = format!("{kind}{text}");
        match self.open.get(&key) {
            Some(&row) => {
                let row = &mut self.rows[row];
                row.count += 1;
                row.last = event.at;
            }
            None => {
                self.open.insert(key, self.rows.len());
                self.once(event.at, text, tone);
                self.rows.last_mut().expect("a row was added").first_frame = frame;
            }
        }
    }

    fn draw(&self, paint: Paint) -> String {
        let widths: Vec<usize> =
            self.columns.iter().map(|c| c.node.chars().count().max(c.letters.len())).collect();
        let names = self.columns.iter().zip(&widths).map(|(c, &w)| format!("  {:^w$}", c.node));
        let head = format!("{:>11}{}  ", "seconds", names.collect::<String>());
        let mut out = format!("{}\n", paint.dim(head.trim_end()));
        for row in &self.rows {
            let prefix = 11 + widths.iter().map(|w| w + 2).sum::<usize>() + 2;
            let _ = write!(out, "{:>11}", row.at);
            for (cell, &w) in row.cells.iter().zip(&widths) {
                let padded = format!("{cell:^w$}");
                let _ = write!(out, "  {}", letters(&padded, paint));
            }
            let text = cut(&row.in_words(), WIDTH.saturating_sub(prefix));
            let text = match row.tone {
                Tone::Plain => text,
                Tone::Act => paint.notable(&text),
                Tone::Change => paint.bold(&text),
                Tone::Quiet => paint.dim(&text),
            };
            let _ = writeln!(out, "  {text}");
        }
        let legend = "M master  B backup  F fault  - not running  . starting   #n first frame";
        let _ = writeln!(out, "{}", paint.dim(&format!("{:>11}  {legend}", "")));
        out
    }
}

impl Row {
    fn in_words(&self) -> String {
        let text = &self.text;
        let frame = if self.first_frame == 0 { String::new() } else { format!(" #{}", self.first_frame) };
        match self.count {
            1 if self.tone == Tone::Act => format!("* {text}"),
            1 => format!("{text}{frame}"),
            n if self.last.saturating_since(self.at) <= BURST => format!("{text} x{n}{frame}"),
            n => format!("{text} x{n} to {}{frame}", self.last),
        }
    }
}

fn virtual_addresses(run: &Run) -> BTreeSet<IpAddr> {
    let nodes = run.scenario.hosts.iter().filter_map(|host| match &host.role {
        Role::Node(node) => Some(&node.reading.config.instances),
        Role::Client(_) => None,
    });
    let addresses = nodes.flatten().flat_map(|i| i.addresses.iter().chain(&i.excluded));
    addresses.map(|a| a.cidr.address).collect()
}

fn letters(cell: &str, paint: Paint) -> String {
    let painted = cell.chars().map(|letter| match letter {
        'M' => paint.good("M"),
        'F' => paint.bad("F"),
        other => other.to_string(),
    });
    painted.collect()
}

/// A cause as a remark.
fn why(cause: Cause) -> String {
    match cause {
        Cause::None | Cause::Fault(_) => String::new(),
        Cause::Frame(n) => format!(", having received #{n}"),
        Cause::Job(n) => format!(", job {n} having ended"),
        Cause::TimerOfJob(timer, n) => format!(", {} timer since the end of job {n}", timer.name()),
        Cause::TimerOfFrame(timer, n) => format!(", {} timer since #{n}", timer.name()),
        Cause::TimerOfFault(timer, 0) => format!(", {} timer since its start", timer.name()),
        Cause::TimerOfFault(timer, n) => format!(", {} timer since act {n}", timer.name()),
    }
}

/// What is worth a line when something happens to it on its way.
fn kind(summary: &Summary) -> Option<&'static str> {
    match summary {
        Summary::Vrrp(Advert { priority: 0, .. }) => Some("a farewell"),
        Summary::Vrrp(_) => Some("an advert"),
        Summary::Garp { .. } => Some("a gratuitous ARP"),
        _ => None,
    }
}
