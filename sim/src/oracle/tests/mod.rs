//! Stories told to the judge by hand: two nodes, a client, one address, and the events that a world would give.

mod chaos;
mod failover;
mod oracles;
mod rules;
mod slack;

use std::net::Ipv4Addr;
use std::sync::Arc;

use vrrplab_engine::addr::{Cidr, Mac};
use vrrplab_engine::boundary::{Announced, Cost, Timer};
use vrrplab_engine::config::{Address, Config, Instance, Reading};
use vrrplab_engine::time::{Duration, Instant};

use super::{Judge, Judgement, Outcome, Verdict};
use crate::frame::{Advert, Summary};
use crate::observer::Observer;
use crate::scenario::*;
use crate::trace::{Answerer, Cause, Event, Loss, Name, NeighbourState, What};

const VIP: Ipv4Addr = Ipv4Addr::new(192, 168, 10, 240);
const A: HostIndex = HostIndex(0);
const B: HostIndex = HostIndex(1);
const PROBE: HostIndex = HostIndex(2);
const LAN: SegmentIndex = SegmentIndex(0);

fn ms(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn vip() -> Cidr {
    Cidr { address: VIP.into(), prefix: 24 }
}

fn instance(priority: u8) -> Instance {
    Instance {
        interface: "eth0".into(),
        vrid: 100,
        priority,
        addresses: vec![Address::plain(vip(), "eth0")],
        ..Instance::named("VI_1")
    }
}

fn host(name: &str, number: u8, role: Role) -> Host {
    let address = Cidr { address: Ipv4Addr::new(192, 168, 10, number).into(), prefix: 24 };
    let link = Link::new("eth0", mac(number), LAN, vec![address]);
    Host::new(name, vec![link], role)
}

fn mac(number: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, number])
}

fn node(name: &str, number: u8, instance: Instance) -> Host {
    let config = Config { instances: vec![instance], ..Config::default() };
    let reading = Arc::new(Reading { config, ..Reading::default() });
    host(
        name,
        number,
        Role::Node(NodeSpec {
            reading,
            start: Some(Instant::ZERO),
            cost: Cost::FREE,
            scripts: Vec::new(),
            files: std::collections::BTreeMap::new(),
            processes: std::collections::BTreeMap::new(),
        }),
    )
}

/// a (priority 150) and b (priority 100) share [`VIP`] on one segment; probe pings it.
fn lab() -> Scenario {
    let ping = Some(Ping { to: VIP.into(), every: Duration::from_millis(100) });
    Scenario {
        name: "test".into(),
        title: String::new(),
        story: String::new(),
        covers: Vec::new(),
        duration: Duration::from_secs(30),
        segments: vec![Segment::plain("lan")],
        trunks: Vec::new(),
        hosts: vec![
            node("a", 1, instance(150)),
            node("b", 2, instance(100)),
            host("probe", 3, Role::Client(ClientSpec { ping })),
        ],
        script: Vec::new(),
        configurations: Vec::new(),
        expectations: Vec::new(),
    }
}

fn lab_with(change: impl FnOnce(&mut Instance, &mut Instance)) -> Scenario {
    let (mut a, mut b) = (instance(150), instance(100));
    change(&mut a, &mut b);
    let mut lab = lab();
    lab.hosts[0] = node("a", 1, a);
    lab.hosts[1] = node("b", 2, b);
    lab
}

/// A run of [`lab`] under judgement.
struct Run {
    judge: Judge,
    now: Instant,
    frame: u32,
}

impl Scenario {
    fn act(mut self, fault: Fault) -> Scenario {
        self.script.push(Act { when: When::At(Instant::ZERO), fault });
        self
    }

    fn expect(mut self, rule: Rule) -> Scenario {
        let line = 10 + self.expectations.len();
        self.expectations.push(Expectation { line, rule });
        self
    }

    /// Nothing has happened yet.
    fn run(&self) -> Run {
        self.run_with(Duration::ZERO)
    }

    /// The same on a clock with so much slack.
    fn run_with(&self, slack: Duration) -> Run {
        Run { judge: Judge::with_slack(self, slack), now: Instant::ZERO, frame: 0 }
    }

    /// Both daemons started at 0 and a took the address at 3.414 s; the client knows and is answered.
    fn settled(&self) -> Run {
        self.settled_with(Duration::ZERO)
    }

    fn settled_with(&self, slack: Duration) -> Run {
        let mut run = self.run_with(slack);
        run.event(None, Cause::None, What::Fault("start a".into()));
        run.event(None, Cause::None, What::Fault("start b".into()));
        run.at(3_414).takes("a", 150).follows(1);
        run
    }
}

impl Run {
    fn at(&mut self, t: u64) -> &mut Run {
        self.now = ms(t);
        self
    }

    fn event(&mut self, host: Option<&str>, cause: Cause, what: What) -> &mut Run {
        let event = Event { at: self.now, host: host.map(Name::from), what, cause };
        self.judge.event(&event);
        self
    }

    fn tx(&mut self, host: &str, summary: Summary) -> &mut Run {
        self.frame += 1;
        let what = What::Tx { frame: self.frame, link: "eth0".into(), summary };
        self.event(Some(host), Cause::None, what)
    }

    fn advert(&mut self, host: &str, priority: u8) -> &mut Run {
        self.tx(host, advert(priority))
    }

    /// An advert a second, from now to `until` inclusive.
    fn adverts(&mut self, host: &str, priority: u8, until: u64) -> &mut Run {
        while self.now <= ms(until) {
            self.advert(host, priority);
            self.now += Duration::from_secs(1);
        }
        self
    }

    fn garp(&mut self, host: &str, number: u8) -> &mut Run {
        self.tx(host, Summary::Garp { reply: false, address: VIP, mac: mac(number) })
    }

    fn address(&mut self, host: &str, added: bool, cause: Cause) -> &mut Run {
        self.event(Some(host), cause, What::Address { added, cidr: vip(), link: "eth0".into() })
    }

    /// The host becomes Master: an advert and the address.
    fn takes(&mut self, host: &str, priority: u8) -> &mut Run {
        let cause = Cause::TimerOfFrame(Timer::MasterDown, self.frame);
        self.advert(host, priority).address(host, true, cause)
    }

    fn leaves(&mut self, host: &str) -> &mut Run {
        let cause = Cause::Frame(self.frame);
        self.address(host, false, cause)
    }

    fn neighbour(&mut self, number: Option<u8>, state: NeighbourState) -> &mut Run {
        let what = What::Neighbour { address: VIP.into(), mac: number.map(mac), state };
        self.event(Some("probe"), Cause::None, what)
    }

    fn answer(&mut self, number: Option<u8>) -> &mut Run {
        let by = number.map(|n| Answerer { mac: mac(n), host: None, forwards: false });
        self.event(Some("probe"), Cause::None, What::Answer { address: VIP.into(), by })
    }

    /// A gratuitous ARP reaches the client, which is answered from then on.
    fn follows(&mut self, number: u8) -> &mut Run {
        let host = if number == 1 { "a" } else { "b" };
        self.garp(host, number).neighbour(Some(number), NeighbourState::Stale).answer(Some(number))
    }

    fn claim(&mut self, host: &str, to: Announced) -> &mut Run {
        let what = What::Claim { instance: "VI_1".into(), from: None, to, priority: 100 };
        self.event(Some(host), Cause::None, what)
    }

    fn fault(&mut self, number: u32, text: &str) -> &mut Run {
        self.event(None, Cause::Fault(number), What::Fault(text.into()))
    }

    fn queue_full(&mut self, host: &str, priority: u8) -> &mut Run {
        let what = What::Lost { frame: Some(self.frame), why: Loss::QueueFull, summary: advert(priority) };
        self.event(Some(host), Cause::None, what)
    }

    fn end(&mut self, t: u64) -> Judgement {
        self.judge.clone().finish(ms(t))
    }
}

fn advert(priority: u8) -> Summary {
    let (interval, addresses) = (Duration::from_secs(1), vec![VIP.into()]);
    Summary::Vrrp(Advert { version: 2, ah: None, vrid: 100, priority, interval, addresses, to: None })
}

fn crash(node: HostIndex) -> Fault {
    Fault::Crash { node, back: None }
}

/// The only violation of a verdict: from, until, what, cause.
fn only(verdict: &Verdict) -> (Instant, Option<Instant>, &str, &str) {
    let [v] = &verdict.violations[..] else { panic!("one violation in {verdict:#?}") };
    (v.from, v.until, &v.what, &v.cause)
}

/// Every oracle passes or has nothing to judge, and so does the run.
fn assert_clean(judgement: &Judgement) {
    for verdict in &judgement.verdicts {
        assert!(matches!(verdict.outcome, Outcome::Pass | Outcome::Vacuous), "{verdict:#?}");
    }
    assert!(judgement.passed());
}

fn measure(judgement: &Judgement, name: &str) -> Option<(String, Option<Instant>)> {
    let found = judgement.measures.iter().find(|m| m.name == name);
    found.map(|m| (m.value.to_string(), m.at))
}
