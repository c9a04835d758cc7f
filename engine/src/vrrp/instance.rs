//! One virtual router on this node: its settings, its state, and the deadlines that exist only in that state.

use std::net::{IpAddr, Ipv4Addr};

use super::advert::AdvertPacket;
use super::receive::Reject;
use super::replay::Replay;
use super::route::Lines;
use super::{FaultReason, timing};
use crate::addr::Cidr;
use crate::boundary::{LinkId, SockId};
use crate::config::{self, Auth, Family, Garp, OldChecksum, Unicast, Version};
use crate::time::{Duration, Instant};
use crate::wire::ah;

/// The state of an instance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// Waits for its master to fall silent.
    Backup,
    /// Holds the addresses and advertises.
    Master,
    /// Cannot take part: link down, no address.
    Fault,
}

impl State {
    /// The name in traces: `Backup`, `Master`, `Fault`.
    pub const fn name(self) -> &'static str {
        match self {
            State::Backup => "Backup",
            State::Master => "Master",
            State::Fault => "Fault",
        }
    }
}

/// The state with what only that state has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Until the daemon has started.
    Init,
    Backup {
        /// Master_Down_Timer.
        down_at: Instant,
        /// With `preempt_delay`: until when lower priority adverts still count as a master's. Unset until the
        /// first one is heard.
        preempt_at: Option<Instant>,
        /// From when Master_Down_Timer runs: the last advert, even an ignored one. A change of priority counts
        /// its new interval from here (vrrp.c:vrrp_state_backup keeps what is left of an interval as the
        /// interval).
        runs_from: Instant,
        /// In a group: its timer has run out, and it waits for the others.
        wants_master: bool,
        /// Whom we last accepted as master: `skip_check_adv_addr` trusts it.
        master: Option<IpAddr>,
    },
    Master {
        /// Adver_Timer.
        advert_at: Instant,
        /// With `garp_master_refresh`: the first advert at or after this is followed by gratuitous ARPs.
        refresh_at: Option<Instant>,
    },
    Fault,
}

/// The settings that the hot path reads, in their final form.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) vrid: u8,
    pub(super) version: Version,
    pub(super) family: Family,
    pub(super) auth: Auth,
    /// With [`Auth::Ah`].
    pub(super) ah_key: Option<ah::Key>,
    /// Where multicast adverts go.
    pub(super) group: IpAddr,
    /// What the old checksum of version 3 covers instead of a unicast destination.
    pub(super) old_group: Ipv4Addr,
    /// With peers.
    pub(super) unicast: Option<Unicast>,
    pub(super) advert_int: Duration,
    pub(super) down_timer_adverts: u8,
    pub(super) nopreempt: bool,
    pub(super) preempt_delay: Duration,
    pub(super) lower_prio_no_advert: bool,
    pub(super) higher_prio_send_advert: bool,
    pub(super) skip_check_adv_addr: bool,
    pub(super) tracks_link: bool,
    /// Whether the host serves the addresses.
    pub(super) accepts: bool,
    /// Owner with `state MASTER`: does not wait when the daemon starts.
    pub(super) starts_as_master: bool,
    pub(super) garp: Garp,
    /// The addresses in adverts.
    pub(super) advertised: Vec<IpAddr>,
    /// What comes and goes with mastership: advertised ones, then excluded ones.
    pub(super) managed: Vec<Managed>,
}

/// An address that comes and goes with mastership.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Managed {
    pub(super) link: LinkId,
    pub(super) cidr: Cidr,
    /// Whether it matters that somebody else removes it.
    pub(super) tracked: bool,
}

impl Spec {
    pub(super) fn new(config: &config::Instance, link_of: impl Fn(&str) -> Option<LinkId>) -> Spec {
        let all = || config.addresses.iter().chain(&config.excluded);
        let managed = all()
            .filter_map(|a| Some(Managed { link: link_of(&a.dev)?, cidr: a.cidr, tracked: !a.no_track() }))
            .collect();
        let group = match config.family {
            Family::V4 => IpAddr::V4(config.mcast_dst_ip),
            Family::V6 => IpAddr::V6(config.mcast_dst_ip6),
        };
        let ah_key = if let Auth::Ah(key) = &config.auth { Some(ah::Key::new(key)) } else { None };
        Spec {
            vrid: config.vrid,
            version: config.version,
            family: config.family,
            auth: config.auth,
            ah_key,
            group,
            old_group: config.mcast_dst_ip,
            unicast: Some(&config.unicast).filter(|u| !u.peers.is_empty()).cloned(),
            advert_int: config.advert_int,
            down_timer_adverts: config.down_timer_adverts,
            nopreempt: config.nopreempt,
            preempt_delay: config.preempt_delay,
            lower_prio_no_advert: config.lower_prio_no_advert,
            higher_prio_send_advert: config.higher_prio_send_advert,
            skip_check_adv_addr: config.skip_check_adv_addr,
            tracks_link: !config.dont_track_primary,
            accepts: config.accept || config.is_owner(),
            starts_as_master: config.is_owner() && config.state == config::WantedState::Master,
            garp: config.garp,
            advertised: config.addresses.iter().map(|a| a.cidr.address).collect(),
            managed,
        }
    }

    pub(super) fn auth_type(&self) -> u8 {
        match self.auth {
            Auth::None => 0,
            Auth::Pass(_) => 1,
            Auth::Ah(_) => 2,
        }
    }

    pub(super) fn is_unicast(&self) -> bool {
        self.unicast.is_some()
    }

    pub(super) fn version_number(&self) -> u8 {
        match self.version {
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }

    pub(super) fn interval_seconds(&self) -> u8 {
        (self.advert_int.as_micros() / 1_000_000).clamp(1, 255) as u8
    }
}

/// How often what happened, since the daemon started.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counters {
    /// Adverts sent, those with priority 0 included.
    pub sent: u64,
    /// Adverts accepted as far as the addresses in them: keepalived counts before it compares those.
    pub received: u64,
    /// Adverts with priority 0 sent.
    pub sent_priority_zero: u64,
    /// Adverts with priority 0 accepted.
    pub received_priority_zero: u64,
    /// Times it became master.
    pub became_master: u64,
    /// Times it gave mastership up.
    pub released_master: u64,
    rejected: [u64; Reject::ALL.len()],
}

impl Counters {
    /// Adverts refused for this reason.
    pub fn rejected(&self, reason: Reject) -> u64 {
        self.rejected[reason as usize]
    }

    pub(super) fn reject(&mut self, reason: Reject) {
        self.rejected[reason as usize] += 1;
        self.received += u64::from(reason.counts_as_received());
    }
}

/// Which checksum of version 3 the neighbours use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Checksum {
    /// The right one until one of them is found to use the other.
    Unknown,
    /// The right one (`old_unicast_checksum never`).
    New,
    /// The one of releases before 1.3.7, which covers the group instead of a unicast destination.
    Old,
}

impl From<OldChecksum> for Checksum {
    fn from(configured: OldChecksum) -> Checksum {
        match configured {
            OldChecksum::Auto => Checksum::Unknown,
            OldChecksum::Never => Checksum::New,
            OldChecksum::Always => Checksum::Old,
        }
    }
}

/// A virtual router on this node.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) spec: Spec,
    pub(super) phase: Phase,
    /// Its interface; `None` if there is none of that name.
    pub(super) link: Option<LinkId>,
    /// Unicast from a configured source goes by whatever interface the host's routes say.
    pub(super) needs_no_link: bool,
    pub(super) sock: Option<SockId>,
    /// Where its adverts come from.
    pub(super) source: Option<IpAddr>,
    /// A configured source stays whatever the interface's addresses are.
    pub(super) source_is_fixed: bool,
    /// Configured priority; one quirk lowers an owner's.
    pub(super) base_priority: u8,
    /// What its trackers add to that.
    pub(super) shares: i32,
    pub(super) packet: AdvertPacket,
    /// The interval that the master's adverts tell, in version 3; ours until one does.
    pub(super) master_interval: Duration,
    pub(super) replay: Replay,
    pub(super) checksum: Checksum,
    /// Unicast instances of one virtual router on one socket are told apart by the sender: the next of them, and whom
    /// this one heard last.
    pub(super) next_of_vrid: Option<u16>,
    pub(super) last_sender: Option<IpAddr>,
    pub(super) counters: Counters,
    /// With `garp_interval`: which managed address has a gratuitous ARP waiting.
    pub(super) garp_waits: Vec<bool>,
    /// Its virtual routes.
    pub(super) routes: Lines,
    /// Its virtual rules.
    pub(super) rules: Lines,
    /// Why it is in FAULT; it leaves when the last reason is gone.
    pub(super) faults: Vec<FaultReason>,
}

impl Instance {
    pub(super) fn priority(&self) -> u8 {
        super::priority::effective(self.base_priority, self.shares)
    }

    pub(super) fn is_master(&self) -> bool {
        matches!(self.phase, Phase::Master { .. })
    }

    pub(super) fn state(&self) -> Option<State> {
        match self.phase {
            Phase::Init => None,
            Phase::Backup { .. } => Some(State::Backup),
            Phase::Master { .. } => Some(State::Master),
            Phase::Fault => Some(State::Fault),
        }
    }

    pub(super) fn skew(&self) -> Duration {
        timing::skew(self.spec.version, self.priority(), self.master_interval)
    }

    pub(super) fn master_down(&self) -> Duration {
        self.master_down_with(None)
    }

    /// The Master_Down_Interval with an interval that an advert has just told.
    pub(super) fn master_down_with(&self, interval: Option<Duration>) -> Duration {
        let Spec { version, down_timer_adverts, .. } = self.spec;
        let interval = interval.unwrap_or(self.master_interval);
        timing::master_down(version, self.priority(), interval, down_timer_adverts)
    }

    /// Version 3 takes the master's interval for its own waiting (RFC 9568, 6.4.2).
    pub(super) fn learn(&mut self, interval: Option<Duration>) {
        self.master_interval = interval.unwrap_or(self.master_interval);
    }

    /// Nobody's interval is known but ours. keepalived does this for a new master only with `-D` (detailed log), as
    /// the recordings were made.
    pub(super) fn unlearn(&mut self) {
        self.master_interval = self.spec.advert_int;
    }

    /// Whether the address list of an advert from there is compared. A master always does; with
    /// `skip_check_adv_addr` a backup trusts repeat adverts of its master.
    pub(super) fn checks_addresses_of(&self, source: IpAddr) -> bool {
        match self.phase {
            Phase::Backup { master, .. } => !(self.spec.skip_check_adv_addr && master == Some(source)),
            _ => true,
        }
    }

    /// The state's one deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Backup { down_at, .. } => Some(down_at),
            Phase::Master { advert_at, .. } => Some(advert_at),
            Phase::Init | Phase::Fault => None,
        }
    }
}
