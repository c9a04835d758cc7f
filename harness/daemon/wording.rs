//! The log lines of what the engine asks for, in keepalived's words, because people search for them. Lines about
//! addresses and frames are details (`-D`).

use std::net::IpAddr;

use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::{
    AddressOp, Announced, Effect, Effects, InstanceId, LineId, LinkId, Message, Timed, Timer,
};
use vrrplab_engine::config::{Auth, Config, Family, Instance};
use vrrplab_engine::vrrp::{Reject, Vrrp};
use vrrplab_engine::wire::{ah, arp, ethernet, ipv4};

/// What the effects of one input say.
pub(super) struct Wording<'a> {
    pub(super) config: &'a Config,
    pub(super) vrrp: &'a Vrrp,
    pub(super) effects: &'a Effects,
    /// Which of them: those that mean this configuration.
    pub(super) which: std::ops::Range<usize>,
    /// The interfaces by number.
    pub(super) names: &'a dyn Fn(LinkId) -> &'a str,
    /// The daemon has just started.
    pub(super) starts: bool,
    pub(super) detail: bool,
}

/// What has been said already of the instances.
#[derive(Default)]
struct Said {
    lines: Vec<String>,
    entered: Vec<InstanceId>,
    topics: Vec<(usize, &'static str)>,
}

impl Said {
    /// Says something about an instance once.
    fn once(&mut self, instance: usize, name: &str, topic: &'static str) {
        if !self.topics.contains(&(instance, topic)) {
            self.topics.push((instance, topic));
            self.lines.push(format!("({name}) {topic}"));
        }
    }
}

impl Wording<'_> {
    /// The lines, in order.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut said = Said::default();
        for timed in self.timed() {
            if self.detail {
                self.details(timed.because.timer, timed.effect, &mut said);
            }
            match timed.effect {
                Effect::Notify(n) => self.enter(n.instance, n.state, &mut said),
                Effect::NotifyGroup(n) => {
                    let name = &self.config.groups[usize::from(n.group.0)].name;
                    if matches!(n.state, Announced::Master | Announced::Backup | Announced::Fault) {
                        let state = n.state.word();
                        said.lines.push(format!("VRRP_Group({name}) Syncing instances to {state} state"));
                    }
                }
                Effect::Log(message) => said.lines.extend(self.message(message)),
                _ => {}
            }
        }
        said.lines
    }

    fn timed(&self) -> impl Iterator<Item = &Timed> {
        self.effects.iter().skip(self.which.start).take(self.which.len())
    }

    fn instance(&self, id: InstanceId) -> &Instance {
        &self.config.instances[usize::from(id.0)]
    }

    /// keepalived announces a state in its log before it does what belongs to it.
    fn enter(&self, id: InstanceId, state: Announced, said: &mut Said) {
        if matches!(state, Announced::Stop | Announced::Deleted | Announced::MasterRxLowerPri)
            || said.entered.contains(&id)
        {
            return;
        }
        said.entered.push(id);
        let init = if self.starts && state != Announced::Master { " (init)" } else { "" };
        said.lines.push(format!("({}) Entering {} STATE{init}", self.instance(id).name, state.word()));
    }

    /// The state that the effects announce of this instance.
    fn enter_first(&self, i: usize, timer: Option<Timer>, said: &mut Said) {
        let announced = self.timed().find_map(|timed| match timed.effect {
            Effect::Notify(n) if usize::from(n.instance.0) == i => Some(n),
            _ => None,
        });
        if let Some(n) = announced {
            if timer == Some(Timer::MasterDown) && n.state == Announced::Master {
                said.once(i, &self.config.instances[i].name, "Receive advertisement timeout");
            }
            self.enter(n.instance, n.state, said);
        }
    }

    /// A line of an instance comes or goes; the block is named once.
    fn changed(
        &self,
        line: LineId,
        op: AddressOp,
        [add, remove]: [&'static str; 2],
        timer: Option<Timer>,
        said: &mut Said,
    ) {
        let Some(InstanceId(i)) = line.of else { return };
        let i = usize::from(i);
        self.enter_first(i, timer, said);
        said.once(i, &self.config.instances[i].name, if op == AddressOp::Add { add } else { remove });
    }

    fn details(&self, timer: Option<Timer>, effect: Effect, said: &mut Said) {
        match effect {
            Effect::Send { bytes, .. } => {
                let packet = self.effects.bytes(bytes);
                let behind = if packet.get(9) == Some(&ipv4::AH) { ah::LENGTH } else { 0 };
                self.sent(packet.get(ipv4::header_length(packet) + behind..), Family::V4, timer, said);
            }
            Effect::Send6 { bytes, .. } => {
                self.sent(Some(self.effects.bytes(bytes)), Family::V6, timer, said);
            }
            Effect::Address { op, link, cidr } => {
                let Some((i, excluded)) = self.holder(link, cidr) else { return };
                self.enter_first(i, timer, said);
                let topic = match (op, excluded) {
                    (AddressOp::Add, false) => "setting VIPs.",
                    (AddressOp::Add, true) => "setting E-VIPs.",
                    (AddressOp::Remove, false) => "removing VIPs.",
                    (AddressOp::Remove, true) => "removing E-VIPs.",
                };
                said.once(i, &self.config.instances[i].name, topic);
            }
            Effect::Route { op, route } => {
                let topic = ["setting Virtual Routes", "removing Virtual Routes"];
                self.changed(route, op, topic, timer, said);
            }
            Effect::Rule { op, rule } => {
                self.changed(rule, op, ["setting Virtual Rules", "removing Virtual Rules"], timer, said);
            }
            Effect::Filter { op, address } => {
                let has = |i: &Instance| all(i).any(|a| a.cidr.address == address);
                let Some(i) = self.config.instances.iter().position(has) else { return };
                self.enter_first(i, timer, said);
                let topic = match op {
                    AddressOp::Add => "setting firewall drop rule",
                    AddressOp::Remove => "removing firewall drop rule",
                };
                said.once(i, &self.config.instances[i].name, topic);
            }
            Effect::Frame { link, bytes } => said.lines.extend(self.frame(link, self.effects.bytes(bytes))),
            _ => {}
        }
    }

    /// An advert: only priority 0 is worth a line.
    fn sent(&self, message: Option<&[u8]>, family: Family, timer: Option<Timer>, said: &mut Said) {
        let Some(&[_, vrid, priority, ..]) = message else { return };
        let is_it = |i: &Instance| i.vrid == vrid && i.family == family;
        let Some(i) = self.config.instances.iter().position(is_it) else { return };
        self.enter_first(i, timer, said);
        if priority == 0 {
            said.once(i, &self.config.instances[i].name, "sent 0 priority");
        }
    }

    fn frame(&self, link: LinkId, frame: &[u8]) -> Option<String> {
        let name = (self.names)(link);
        let kind = frame.get(12..14)?;
        if kind == ethernet::ARP.to_be_bytes() {
            let arp = arp::Arp::parse(frame.get(14..)?).ok()?;
            return Some(format!("Sending gratuitous ARP on {name} for {}", arp.target));
        }
        // The target stands behind the IPv6 header and eight bytes of the advertisement.
        let target: [u8; 16] = frame.get(14 + 40 + 8..14 + 40 + 24)?.try_into().ok()?;
        let target = std::net::Ipv6Addr::from(target);
        Some(format!("Sending unsolicited Neighbour Advert on {name} for {target}"))
    }

    /// The instance that an address belongs to, and whether it is excluded from adverts.
    fn holder(&self, link: LinkId, cidr: Cidr) -> Option<(usize, bool)> {
        let name = (self.names)(link);
        self.config.instances.iter().enumerate().find_map(|(n, i)| {
            let place = all(i).position(|a| a.cidr == cidr && a.dev == name)?;
            Some((n, place >= i.addresses.len()))
        })
    }

    fn message(&self, message: Message) -> Option<String> {
        let own = |id: InstanceId| self.vrrp.priority(id);
        Some(match message {
            Message::Rejected { instance, from, reason } => self.refusal(instance, from, reason),
            Message::LowerPriority { instance, from, priority } => {
                let i = self.instance(instance);
                let election = if i.lower_prio_no_advert { "" } else { ", forcing new election" };
                let (name, own) = (&i.name, own(instance));
                format!(
                    "({name}) Received advert from {from} with lower priority {priority}, ours {own}{election}"
                )
            }
            Message::HigherPriority { instance, from, priority } if priority == own(instance) => {
                let name = &self.instance(instance).name;
                format!(
                    "({name}) Master received advert from {from} with same priority {priority} but higher IP address \
                     than ours"
                )
            }
            Message::HigherPriority { instance, from, priority } => {
                let (name, own) = (&self.instance(instance).name, own(instance));
                format!(
                    "({name}) Master received advert from {from} with higher priority {priority}, ours {own}"
                )
            }
            Message::Discarded { instance, from, priority } => {
                let name = &self.instance(instance).name;
                format!("({name}) received lower priority ({priority}) advert from {from} - discarding")
            }
            Message::SameAddress { instance } => {
                let name = &self.instance(instance).name;
                format!(
                    "({name}) WARNING - equal priority advert received from remote host with our IP address."
                )
            }
            Message::Priority { instance, from, to } => {
                let name = &self.instance(instance).name;
                format!("({name}) Changing effective priority from {from} to {to}")
            }
            Message::Fault { .. } if !self.detail => return None,
            Message::Fault { instance, reason } => {
                format!("({}): entering FAULT state ({})", self.instance(instance).name, reason.words())
            }
        })
    }

    /// Why an advert is refused: keepalived's words up to the numbers that it adds, and from whom.
    fn refusal(&self, id: InstanceId, from: IpAddr, reason: Reject) -> String {
        let Instance { name, auth, version, vrid, .. } = self.instance(id);
        let version = *version as u8 + 2;
        let why = match reason {
            Reject::AuthHeader if matches!(auth, Auth::Ah(_)) => "No AH header but auth type is AH".into(),
            Reject::AuthHeader => "Received AH header but auth type not AH".into(),
            Reject::Length => "vrrp packet too short or too long".into(),
            Reject::Ttl => "invalid TTL/HL".into(),
            Reject::Version => format!("wrong version, expect {version}"),
            Reject::AuthTypeInvalid | Reject::AuthTypeMismatch => "received another auth type".into(),
            Reject::Password => "received an invalid passwd!".into(),
            Reject::Icv => {
                "IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !".into()
            }
            Reject::Sequence => "IPSEC-AH : sequence number already processed. Packet dropped.".into(),
            Reject::Interval => "advertisement interval mismatch".into(),
            Reject::Type => "Invalid packet type.".into(),
            Reject::AddressCount => "received an unexpected ip number count".into(),
            Reject::TotalLength => "ip_tot_len mismatch against received length".into(),
            Reject::Checksum => format!("Invalid VRRPv{version} checksum"),
            Reject::Destination => "Expected unicast/multicast packet but received the other".into(),
            Reject::AddressList => {
                format!("ip address associated with VRID {vrid} not present in MASTER advert")
            }
            Reject::NotAPeer => "unicast source address not a unicast peer".into(),
            Reject::TtlBounds => "TTL/HL not in range".into(),
            Reject::AuthProtocol | Reject::Spi => reason.words().to_string(),
        };
        format!("({name}) {why} (from {from})")
    }
}

/// The addresses of an instance, the excluded ones last.
pub(super) fn all(i: &Instance) -> impl Iterator<Item = &vrrplab_engine::config::Address> + Clone {
    i.addresses.iter().chain(&i.excluded)
}
