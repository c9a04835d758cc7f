//! What instances follow: scripts, other interfaces, files, processes. A tracker has a standing; what follows
//! from it for each instance is computed anew whenever it changes, so that no two sums can drift apart.

use super::FaultReason;
use super::instance::Phase;
use super::priority::{Verdict, verdict};
use super::process::Vrrp;
use crate::boundary::{Effects, FileId, LinkFacts, LinkId, ProcessId, ScriptId};
use crate::config::{Config, Instance, Tracks, Weight};

/// Something that instances follow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tracker {
    /// An interface other than the instance's own.
    Interface(LinkId),
    /// A `vrrp_script`.
    Script(ScriptId),
    /// A `track_file`.
    File(FileId),
    /// A `vrrp_track_process`.
    Process(ProcessId),
}

/// What a tracker knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// A script that has not returned yet.
    Unknown,
    Good,
    Bad,
    /// The number in a file.
    Value(i32),
}

/// One tracker with its standing.
#[derive(Clone, Debug)]
struct Known {
    tracker: Tracker,
    standing: Standing,
}

/// All trackers, and who follows which.
#[derive(Clone, Default, Debug)]
pub(super) struct Tracking {
    known: Vec<Known>,
    /// By instance: the place of a tracker in `known`, and the weight it has there.
    follows: Vec<Vec<(usize, Weight)>>,
}

impl Tracking {
    /// The trackers that instances, or their groups for them, name and that exist on this host.
    pub(super) fn new(config: &Config, links: &[LinkFacts]) -> Tracking {
        let mut tracking = Tracking::default();
        for instance in &config.instances {
            let group = config.groups.iter().find(|g| Some(&g.name) == instance.sync_group.as_ref());
            let mut follows = Vec::new();
            for tracks in [Some(&instance.tracks), group.map(|g| &g.tracks)].into_iter().flatten() {
                for (tracker, weight) in named(tracks, config, links) {
                    let place = tracking.place(tracker, links);
                    if follows.iter().all(|(p, _)| *p != place) {
                        follows.push((place, weight));
                    }
                }
            }
            for link in implied(instance, config, links) {
                let place = tracking.place(Tracker::Interface(link), links);
                if follows.iter().all(|(p, _)| *p != place) {
                    follows.push((place, Weight::default()));
                }
            }
            tracking.follows.push(follows);
        }
        tracking
    }

    fn place(&mut self, tracker: Tracker, links: &[LinkFacts]) -> usize {
        let found = self.known.iter().position(|k| k.tracker == tracker);
        found.unwrap_or_else(|| {
            let standing = match tracker {
                Tracker::Interface(link) => of_link(links[usize::from(link.0)].up),
                Tracker::Script(_) => Standing::Unknown,
                Tracker::File(_) => Standing::Value(0),
                Tracker::Process(_) => Standing::Bad,
            };
            self.known.push(Known { tracker, standing });
            self.known.len() - 1
        })
    }

    /// Whether any instance follows it: the daemon neither runs nor reads what nobody follows.
    pub(super) fn is_followed(&self, tracker: Tracker) -> bool {
        self.known.iter().any(|k| k.tracker == tracker)
    }

    /// Before the instances have a state.
    pub(super) fn preset(&mut self, tracker: Tracker, standing: Standing) {
        if let Some(known) = self.known.iter_mut().find(|k| k.tracker == tracker) {
            known.standing = standing;
        }
    }

    /// What its trackers say about an instance.
    pub(super) fn verdicts(&self, i: usize) -> impl Iterator<Item = Verdict> {
        self.follows[i].iter().map(|&(place, weight)| verdict(self.known[place].standing, weight))
    }

    /// Whether an instance waits for the first result of a script.
    pub(super) fn is_undecided(&self, i: usize) -> bool {
        self.verdicts(i).any(|v| v.undecided)
    }

    /// The trackers that keep an instance in FAULT.
    pub(super) fn faults(&self, i: usize) -> impl Iterator<Item = FaultReason> {
        let trackers = self.follows[i].iter().map(|&(place, _)| self.known[place].tracker);
        trackers.zip(self.verdicts(i)).filter(|(_, v)| v.fault).map(|(t, _)| FaultReason::Tracker(t))
    }
}

/// The trackers of a block that exist.
fn named<'a>(
    tracks: &'a Tracks,
    config: &'a Config,
    links: &'a [LinkFacts],
) -> impl Iterator<Item = (Tracker, Weight)> {
    let interfaces = tracks.interfaces.iter().filter_map(|t| {
        let place = links.iter().position(|l| l.name == t.name)?;
        Some((Tracker::Interface(LinkId(place as u16)), t.weight))
    });
    let scripts = tracks.scripts.iter().filter_map(|t| {
        let place = config.scripts.iter().position(|s| s.name == t.name)?;
        Some((Tracker::Script(ScriptId(place as u16)), t.weight))
    });
    let files = tracks.files.iter().filter_map(|t| {
        let place = config.files.iter().position(|f| f.name == t.name)?;
        Some((Tracker::File(FileId(place as u16)), t.weight))
    });
    let processes = tracks.processes.iter().filter_map(|t| {
        let place = config.processes.iter().position(|p| p.name == t.name)?;
        Some((Tracker::Process(ProcessId(place as u16)), t.weight))
    });
    interfaces.chain(scripts).chain(files).chain(processes)
}

/// The interfaces that an instance follows because a route or a rule of its own that it does not give up names them
/// (vrrp.c:vrrp_complete_instance). Its own interface it follows anyway.
fn implied<'a>(
    instance: &'a Instance,
    config: &'a Config,
    links: &'a [LinkFacts],
) -> impl Iterator<Item = LinkId> + 'a {
    let routes = instance.routes.iter().filter(|r| !r.no_track()).filter_map(|r| r.option("dev"));
    let rules = instance.rules.iter().filter(|r| !r.no_track());
    let rules = rules.flat_map(|r| ["iif", "oif"].into_iter().filter_map(|side| r.option(side)));
    let others = move |name: &&str| instance.dont_track_primary || *name != instance.interface;
    let link = |name: &str| links.iter().position(|l| l.name == name).map(|n| LinkId(n as u16));
    routes.chain(rules).chain(of_groups(instance, config)).filter(others).filter_map(link)
}

/// The interfaces of what is static and has a `track_group` with this instance (vrrp_static_track.c).
fn of_groups<'a>(instance: &'a Instance, config: &'a Config) -> impl Iterator<Item = &'a str> {
    let group = |name: &str| config.track_groups.iter().find(|g| g.name == name);
    let ours = move |name: Option<&str>| {
        name.and_then(group).is_some_and(|group| group.members.contains(&instance.name))
    };
    let addresses = config.static_addresses.iter().filter(|a| !a.no_track());
    let addresses = addresses.filter(move |a| ours(a.track_group.as_deref())).map(|a| a.dev.as_str());
    let routes = config.static_routes.iter().filter(|r| !r.no_track());
    let routes = routes.filter(move |r| ours(r.option("track_group"))).filter_map(|r| r.option("dev"));
    let rules = config.static_rules.iter().filter(|r| !r.no_track());
    let rules = rules.filter(move |r| ours(r.option("track_group"))).filter_map(|r| r.option("iif"));
    addresses.chain(routes).chain(rules)
}

pub(super) fn of_link(up: bool) -> Standing {
    if up { Standing::Good } else { Standing::Bad }
}

impl Vrrp {
    /// A tracker knows something new: whoever follows it changes priority or state, in the order of the text.
    pub(super) fn judge(&mut self, tracker: Tracker, standing: Standing, out: &mut Effects) {
        let Some(place) = self.tracking.known.iter().position(|k| k.tracker == tracker) else { return };
        if self.tracking.known[place].standing == standing {
            return;
        }
        self.tracking.known[place].standing = standing;
        for i in 0..self.instances.len() {
            let Some(&(_, weight)) = self.tracking.follows[i].iter().find(|(p, _)| *p == place) else {
                continue;
            };
            self.weigh(i, out);
            let fault = verdict(standing, weight).fault;
            self.set_fault(i, FaultReason::Tracker(tracker), fault, out);
            if self.instances[i].phase == Phase::Init && self.is_able(i) {
                self.come_up(i, out);
            }
        }
    }

    /// Whether an instance has no reason to be in FAULT and waits for no script.
    pub(super) fn is_able(&self, i: usize) -> bool {
        self.instances[i].faults.is_empty() && !self.tracking.is_undecided(i)
    }
}
