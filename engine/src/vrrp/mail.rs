//! `smtp_alert`: which changes are mailed, and the connections that do it (vrrp_notify.c:vrrp_smtp_notifier).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use super::process::Vrrp;
use crate::boundary::{Announced, ConnId, Effect, Effects, HostFacts, Origin, StreamEvent, Timer};
use crate::config::Config;
use crate::smtp::{Envelope, Session, Step};
use crate::time::{Duration, Instant};

/// The mail of a daemon.
#[derive(Clone, Default, Debug)]
pub(super) struct Mails {
    /// Where to; without a server or a recipient nothing is mailed.
    server: Option<(SocketAddr, Arc<Envelope>)>,
    /// `router_id`, else the host's name: stands in every subject.
    router: String,
    /// `smtp_connect_timeout`: for the connection and for each reply.
    patience: Duration,
    /// `no_email_faults`.
    no_faults: bool,
    /// What the wall clock shows at [`Instant::ZERO`].
    wall_clock: Duration,
    /// By instance, then by group: whether it asks for mail, and what was mailed last.
    wanted: [Vec<Wanted>; 2],
    /// Number of the last connection.
    last: u32,
    going: BTreeMap<ConnId, Going>,
}

#[derive(Clone, Copy, Debug)]
struct Wanted {
    alert: bool,
    last: Option<Announced>,
}

#[derive(Clone, Debug)]
struct Going {
    session: Session,
    until: Instant,
    armed_by: Origin,
    connected: bool,
}

impl Mails {
    pub(super) fn new(config: &Config, host: &HostFacts) -> Mails {
        let global = &config.global;
        // Where a resolver does not know the host's own name, and none does here, the daemon says this.
        let helo = global.other.get("smtp_helo_name").cloned().unwrap_or_else(|| "localhost".to_string());
        let from = global.notification_email_from.clone().unwrap_or_else(|| format!("root@{helo}"));
        let to = global.notification_email.clone();
        let server = global.smtp_server.as_deref().and_then(address).filter(|_| !to.is_empty());
        let wanted = |alert: bool| Wanted { alert, last: None };
        Mails {
            server: server.map(|server| (server, Arc::new(Envelope { helo, from, to }))),
            router: global.router_id.clone().unwrap_or_else(|| host.hostname.clone()),
            patience: global.smtp_connect_timeout,
            no_faults: global.other.contains_key("no_email_faults"),
            wall_clock: host.wall_clock,
            wanted: [
                config.instances.iter().map(|i| wanted(i.smtp_alert)).collect(),
                config.groups.iter().map(|g| wanted(g.smtp_alert)).collect(),
            ],
            last: 0,
            going: BTreeMap::new(),
        }
    }

    /// After a reload: numbers go on.
    pub(super) fn go_on_from(&mut self, old: &Mails) {
        self.last = old.last;
    }

    /// When somebody has been silent for too long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.going.values().map(|g| g.until).min()
    }
}

/// An address and a port, `10.0.0.1` or `10.0.0.1 25`. A host name would need a resolver.
fn address(server: &str) -> Option<SocketAddr> {
    let mut words = server.split_whitespace();
    let address = words.next()?.parse().ok()?;
    Some(SocketAddr::new(address, words.next().map_or(Some(25), |port| port.parse().ok())?))
}

/// Of what a mail tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Instance(usize),
    Group(usize),
}

impl Vrrp {
    /// Mails a change of state, unless it is the one that was mailed last. When the daemon stops it still
    /// connects, and hangs up without a word (recorded: `smtp-alert`).
    pub(super) fn mail(&mut self, about: About, state: Announced, out: &mut Effects) {
        let Some((to, envelope)) = &self.mails.server else { return };
        let (kind, n) = match about {
            About::Instance(n) => (0, n),
            About::Group(n) => (1, n),
        };
        let Some(text) = text(about, state) else { return };
        let wanted = &mut self.mails.wanted[kind][n];
        let unwanted = self.mails.no_faults && state == Announced::Fault;
        if !wanted.alert || wanted.last.replace(state) == Some(state) || unwanted {
            return;
        }
        self.mails.last += 1;
        let conn = ConnId(self.mails.last);
        out.push(Effect::Connect { conn, to: *to });
        if state == Announced::Stop {
            return out.push(Effect::Hangup(conn));
        }
        let (what, name) = (["Instance", "Group"][kind], self.notices.name(about));
        let subject = format!("[{}] VRRP {what} {name} - Entering {} state", self.mails.router, state.word());
        let session = Session::new(Arc::clone(envelope), subject, text);
        let (until, armed_by) = (out.now() + self.mails.patience, out.origin());
        self.mails.going.insert(conn, Going { session, until, armed_by, connected: false });
    }

    /// Something happened to a connection.
    pub(crate) fn stream(&mut self, conn: ConnId, event: StreamEvent<'_>, out: &mut Effects) {
        let date = self.mails.wall_clock + out.now().saturating_since(Instant::ZERO);
        let Some(going) = self.mails.going.get_mut(&conn) else { return };
        let step = match event {
            StreamEvent::Connected => {
                going.connected = true;
                Step::Wait
            }
            StreamEvent::Data(bytes) => going.session.hear(bytes, date),
            StreamEvent::Failed | StreamEvent::Closed => Step::End,
        };
        let is_news = !matches!(event, StreamEvent::Data(_)) || step != Step::Wait;
        if is_news {
            (going.until, going.armed_by) = (out.now() + self.mails.patience, out.origin());
        }
        self.take_step(conn, step, out);
    }

    /// Somebody has been silent for too long.
    pub(super) fn fire_mail(&mut self, out: &mut Effects) {
        let first = self.mails.going.iter().min_by_key(|(_, g)| g.until).map(|(conn, _)| *conn);
        let conn = first.expect("a mail's time is up");
        let going = self.mails.going.get_mut(&conn).expect("it was just found");
        out.fired(Timer::Mail, going.armed_by);
        let step = if going.connected { going.session.silence() } else { Step::End };
        going.until = out.now() + self.mails.patience;
        self.take_step(conn, step, out);
    }

    fn take_step(&mut self, conn: ConnId, step: Step, out: &mut Effects) {
        match step {
            Step::Wait => {}
            Step::Say(text) => {
                let bytes = out.store(text.as_bytes());
                out.push(Effect::Write { conn, bytes });
            }
            Step::End => {
                self.mails.going.remove(&conn);
                out.push(Effect::Hangup(conn));
            }
        }
    }

    /// The daemon stops: what is not delivered never will be.
    pub(super) fn stop_mail(&mut self, out: &mut Effects) {
        for conn in std::mem::take(&mut self.mails.going).into_keys() {
            out.push(Effect::Hangup(conn));
        }
    }
}

/// The text of a mail; of other announcements there is none.
fn text(about: About, state: Announced) -> Option<String> {
    if state == Announced::MasterRxLowerPri {
        return None;
    }
    Some(match about {
        About::Instance(_) if state == Announced::Master => {
            "=> VRRP Instance is now owning VRRP VIPs <=".to_string()
        }
        About::Instance(_) => "=> VRRP Instance is no longer owning VRRP VIPs <=".to_string(),
        About::Group(_) => format!("=> All VRRP group instances are now in {} state <=", state.word()),
    })
}
