//! Carries out what the engine asks for, each effect at once and in order.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};

use vrrplab_engine::boundary::{
    AddressOp, Bind, Bytes, ConnId, Effect, Effects, Exit, Fifo, JobId, KeptStreamEvent, LinkId, SockId,
    SocketSpec,
};
use vrrplab_engine::config::{Command, Config, Family, Route, Rule};

use super::addresses;
use super::children::{As, Children};
use super::fifo::{Pipe, PipeSpec};
use super::filter::Filter;
use super::frames::Frames;
use super::links::Links;
use super::routes;
use super::sockets::Raw;
use super::streams::Streams;

/// The daemon's part of the machine.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) links: Links,
    pub(super) sockets: BTreeMap<SockId, Raw>,
    pub(super) children: Children,
    pub(super) streams: Streams,
    frames: Frames,
    filter: Filter,
    pipes: Vec<(Fifo, Pipe)>,
    /// What came of effects at once: the engine hears of it before anything else.
    pub(super) echoes: VecDeque<Echo>,
    /// What went wrong and what it was.
    pub(super) complaints: Vec<String>,
    /// `-V`: a stopping daemon keeps its addresses and says no farewell.
    keeps: bool,
    pub(super) stopping: bool,
    pub(super) ended: bool,
}

/// What came of an effect at once.
#[derive(Debug)]
pub(super) enum Echo {
    Job(JobId, Exit),
    Stream(ConnId, KeptStreamEvent),
}

impl Host {
    /// Opens what there is one of.
    pub(super) fn open(config: &Config, whom: As, keeps: bool) -> io::Result<Host> {
        Ok(Host {
            links: Links::open(&routes::watched(config))?,
            sockets: BTreeMap::new(),
            children: Children::new(whom),
            streams: Streams::default(),
            frames: Frames::open()?,
            filter: Filter::new(config),
            pipes: Vec::new(),
            echoes: VecDeque::new(),
            complaints: Vec::new(),
            keeps,
            stopping: false,
            ended: false,
        })
    }

    /// After a reload: those who read FIFOs end, and both begin anew.
    pub(super) fn reopen_pipes(&mut self, config: &Config) {
        self.children.end_others();
        self.pipes.clear();
        self.open_pipes(config);
    }

    /// Opens the FIFOs, and starts who reads them.
    pub(super) fn open_pipes(&mut self, config: &Config) {
        for (key, fifo) in [("notify_fifo", Fifo::Global), ("vrrp_notify_fifo", Fifo::Vrrp)] {
            let Some(spec) = PipeSpec::of(config, key) else { continue };
            match Pipe::open(&spec) {
                Ok(pipe) => self.pipes.push((fifo, pipe)),
                Err(error) => self.complaints.push(format!("Unable to open {key} {}: {error}", spec.path)),
            }
            if let Some(Command { argv, user }) = &spec.reader {
                let whom = user.as_ref().map(|(user, group)| As::named(user, group.as_deref())).transpose();
                let argv = argv.iter().map(String::as_str).chain([spec.path.as_str()]);
                let started = whom.and_then(|whom| self.children.spawn_other(argv, whom));
                if let Err(error) = started {
                    self.complaints.push(format!("Unable to start the {key} script: {error}"));
                }
            }
        }
    }

    /// Carries out one effect of this buffer.
    pub(super) fn perform(&mut self, effect: Effect, effects: &Effects, config: &Config) {
        if !matches!(effect, Effect::Filter { .. }) {
            self.flush();
        }
        let silent = matches!(
            effect,
            Effect::Send { .. }
                | Effect::Send6 { .. }
                | Effect::Address { .. }
                | Effect::Filter { .. }
                | Effect::Route { .. }
                | Effect::Rule { .. }
        );
        if silent && self.keeps && self.stopping {
            return;
        }
        if let Err(error) = self.act(effect, effects, config) {
            self.complaints.push(error.to_string());
        }
    }

    fn act(&mut self, effect: Effect, effects: &Effects, config: &Config) -> io::Result<()> {
        match effect {
            Effect::Open { sock, spec } => return self.open_socket(sock, spec, config),
            Effect::Send { sock, to, bytes } => {
                return self.send(sock, |raw| raw.send4(to, effects.bytes(bytes)));
            }
            Effect::Send6 { sock, from, to, hop_limit, bytes } => {
                return self.send(sock, |raw| raw.send6(from, to, hop_limit, effects.bytes(bytes)));
            }
            Effect::Frame { link, bytes } => return self.frame(link, effects.bytes(bytes)),
            Effect::Address { op, link, cidr } => return self.address(op, link, cidr, config),
            Effect::Route { op, route } => return self.route(op, config.route(route)),
            Effect::Rule { op, rule } => return self.rule(op, config.rule(rule)),
            Effect::Fifo { fifo, bytes } => return self.write_pipe(fifo, effects.bytes(bytes)),
            Effect::WriteFile { file, bytes } => {
                let path = &config.files[usize::from(file.0)].file;
                return fs::write(path, effects.bytes(bytes)).map_err(|e| said(&format!("write {path}"), &e));
            }
            Effect::Close(sock) => drop(self.sockets.remove(&sock)),
            Effect::Filter { op, address } => self.serve(op, address, config),
            Effect::Spawn { job, argv, user } => self.spawn(job, effects, argv, user),
            Effect::Kill { job, signal } => self.children.kill(job, signal),
            Effect::Connect { conn, to } => self.connect(conn, to),
            Effect::Write { conn, bytes } => self.streams.write(conn, effects.bytes(bytes)),
            Effect::Hangup(conn) => self.streams.hang_up(conn),
            Effect::Exit => self.ended = true,
            // Words, which the log has.
            Effect::Notify(_) | Effect::NotifyGroup(_) | Effect::Log(_) => {}
            // The loop knows whose numbers an effect means.
            Effect::Reloaded => {}
        }
        Ok(())
    }

    fn open_socket(&mut self, sock: SockId, spec: SocketSpec, config: &Config) -> io::Result<()> {
        let link = spec.link.map(|link| self.links.get(link));
        let raw = Raw::open(spec, link, receive_buffer(config, spec, link.map(|(name, _)| name)))
            .map_err(|e| said(&format!("open a socket for protocol {}", spec.protocol), &e))?;
        self.sockets.insert(sock, raw);
        Ok(())
    }

    /// Interfaces that were removed and are back are others: sockets are opened again.
    pub(super) fn reopen(&mut self, replaced: &[LinkId], config: &Config) {
        let on_it = |raw: &Raw| raw.spec.link.is_some_and(|link| replaced.contains(&link));
        let again: Vec<_> =
            self.sockets.iter().filter(|(_, raw)| on_it(raw)).map(|(sock, raw)| (*sock, raw.spec)).collect();
        for (sock, spec) in again {
            if let Err(error) = self.open_socket(sock, spec, config) {
                self.complaints.push(error.to_string());
            }
        }
    }

    fn send(&self, sock: SockId, send: impl FnOnce(&Raw) -> io::Result<()>) -> io::Result<()> {
        match self.sockets.get(&sock) {
            Some(raw) => send(raw).map_err(|e| said("send advert", &e)),
            // It could not be opened, and that was said.
            None => Ok(()),
        }
    }

    fn frame(&self, link: LinkId, frame: &[u8]) -> io::Result<()> {
        let (name, index) = self.links.get(link);
        self.frames.send(index, frame).map_err(|e| said(&format!("send a frame on {name}"), &e))
    }

    fn address(
        &mut self,
        op: AddressOp,
        link: LinkId,
        cidr: vrrplab_engine::addr::Cidr,
        config: &Config,
    ) -> io::Result<()> {
        let options = addresses::options(config, self.links.get(link).0, cidr);
        self.links.change(op, link, cidr, &options)
    }

    fn route(&mut self, op: AddressOp, route: &Route) -> io::Result<()> {
        self.links
            .change_route(op, route)
            .map_err(|e| said(&format!("{} route {}", verb(op), route.destination), &e))
    }

    fn rule(&mut self, op: AddressOp, rule: &Rule) -> io::Result<()> {
        let priority = rule.option("priority").unwrap_or_default();
        self.links.change_rule(op, rule).map_err(|e| said(&format!("{} rule {priority}", verb(op)), &e))
    }

    fn serve(&mut self, op: AddressOp, address: IpAddr, config: &Config) {
        let instances = config.instances.iter().flat_map(super::wording::all);
        let dev = instances.clone().find(|a| a.cidr.address == address).map_or("", |a| a.dev.as_str());
        self.filter.change(op, address, dev);
    }

    /// Before anything else the filter is as it was asked for: an address must not answer before it may.
    pub(super) fn flush(&mut self) {
        if let Err(error) = self.filter.flush() {
            self.complaints.push(error.to_string());
        }
    }

    fn connect(&mut self, conn: ConnId, to: SocketAddr) {
        if let Err(error) = self.streams.connect(conn, to) {
            self.complaints.push(format!("connect to {to}: {error}"));
            self.echoes.push_back(Echo::Stream(conn, KeptStreamEvent::Failed));
        }
    }

    fn spawn(&mut self, job: JobId, effects: &Effects, argv: Bytes, user: Bytes) {
        let whom = self.children.user(effects.words(user));
        let started = whom.and_then(|whom| self.children.spawn(job, effects.words(argv), whom));
        if let Err(error) = started {
            let program = effects.words(argv).next().unwrap_or_default();
            self.complaints.push(format!("Error exec-ing command '{program}': {error}"));
            // keepalived's child ends with status 0 where it cannot become the program: a script that has vanished
            // counts as one that succeeds (seen with 2.2.7).
            self.echoes.push_back(Echo::Job(job, Exit::SUCCESS));
        }
    }

    fn write_pipe(&self, fifo: Fifo, line: &[u8]) -> io::Result<()> {
        match self.pipes.iter().find(|(kind, _)| *kind == fifo) {
            Some((_, pipe)) => pipe.write(line).map_err(|e| said("write to a FIFO", &e)),
            None => Ok(()),
        }
    }

    /// What is left of the daemon goes.
    pub(super) fn close(&mut self) {
        self.sockets.clear();
        self.children.end_others();
        if !self.keeps
            && let Err(error) = self.filter.clear()
        {
            self.complaints.push(error.to_string());
        }
        self.pipes.clear();
    }
}

/// `kernel_rx_buf_size` of the instances that share a socket, summed up as keepalived does.
fn receive_buffer(config: &Config, spec: SocketSpec, link: Option<&str>) -> Option<usize> {
    let (Bind::Group(address) | Bind::Local(address)) = spec.bind;
    let family = Family::of(address);
    let on_it = config.instances.iter().filter(|i| i.family == family && Some(i.interface.as_str()) == link);
    let sizes: Vec<usize> = on_it.filter_map(|i| i.kernel_rx_buf_size).map(|s| s as usize).collect();
    (!sizes.is_empty()).then(|| sizes.iter().sum())
}

fn verb(op: AddressOp) -> &'static str {
    if op == AddressOp::Add { "add" } else { "remove" }
}

fn said(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
