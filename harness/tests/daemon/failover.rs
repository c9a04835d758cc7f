//! Elections and take-overs, for every form of adverts and with keepalived in either role.

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use vrrplab_engine::time::{Duration, Instant};

use super::lab::{Lab, Who, priority};

/// How adverts look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// Version 2, IPv4, a password.
    Password,
    /// Version 2, authentication header.
    Ah,
    /// Version 3, IPv6.
    V6,
    /// Version 3, IPv4.
    V3,
    /// Version 2 to a peer.
    Unicast,
    /// Version 3, IPv6, to a peer.
    Unicast6,
}

/// A master and a backup; the master is stopped, or killed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    form: Form,
    master: Who,
    backup: Who,
}

/// A machine that has other things to do as well is this late at most.
const LATE: Duration = Duration::from_millis(60);

const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn cases() -> Vec<Case> {
    use Who::{Keepalived, Ours};
    let forms = [Form::Password, Form::Ah, Form::V6, Form::V3, Form::Unicast, Form::Unicast6];
    let roles = [(Ours, Ours), (Ours, Keepalived), (Keepalived, Ours)];
    let all = forms.into_iter().flat_map(|form| roles.map(|(master, backup)| Case { form, master, backup }));
    all.collect()
}

impl Case {
    pub(crate) fn name(&self) -> String {
        let Case { form, master, backup } = self;
        format!("failover::{form:?}::{master:?}_then_{backup:?}").to_lowercase()
    }

    pub(crate) fn with_real(&self) -> bool {
        self.master == Who::Keepalived || self.backup == Who::Keepalived
    }

    fn config(&self, node: usize) -> String {
        let prio = [150, 100][node];
        let (own, other) = (["10.9.0.1", "10.9.0.2"][node], ["10.9.0.2", "10.9.0.1"][node]);
        let (own6, other6) =
            (["fe80::ff:fe00:1", "fe80::ff:fe00:2"][node], ["fe80::ff:fe00:2", "fe80::ff:fe00:1"][node]);
        let peers =
            |own: &str, other: &str| format!("unicast_src_ip {own}\n  unicast_peer {{\n    {other}\n  }}");
        let auth = |kind: &str| format!("authentication {{\n    auth_type {kind}\n    auth_pass 1234\n  }}");
        let form = match self.form {
            Form::Password => auth("PASS"),
            Form::Ah => auth("AH"),
            Form::V6 | Form::V3 => "version 3".to_string(),
            Form::Unicast => peers(own, other),
            Form::Unicast6 => format!("version 3\n  {}", peers(own6, other6)),
        };
        let address = if self.is_v6() { "fe80::100\n    2001:db8::100/64" } else { "10.9.0.100/24" };
        format!(
            "vrrp_instance VI_1 {{\n  interface eth0\n  virtual_router_id 51\n  priority {prio}\n  {form}\n  \
             virtual_ipaddress {{\n    {address}\n  }}\n}}\n"
        )
    }

    fn is_v6(&self) -> bool {
        matches!(self.form, Form::V6 | Form::Unicast6)
    }

    fn address(&self) -> &'static str {
        if self.is_v6() { "2001:db8::100" } else { "10.9.0.100" }
    }

    /// Skew_Time of priority 100: of 256 parts of a second in both versions (RFC 3768, 6.1; RFC 9568, 6.1).
    fn skew() -> Duration {
        Duration::from_micros(156 * 1_000_000 / 256)
    }

    pub(crate) fn run(self) -> Result<(), Failed> {
        let mut lab = Lab::new();
        lab.start(0, self.master, "", &self.config(0));
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 150", SECOND.times(2));
        lab.start(1, self.backup, "", &self.config(1));
        lab.line(0, "INSTANCE \"VI_1\" MASTER 150", SECOND.times(6));
        lab.watch(SECOND.times(3));
        self.one_master(&mut lab, 0);
        if self.master == Who::Ours {
            self.steady(&lab);
        }
        assert_eq!(lab.lines(1), ["INSTANCE \"VI_1\" BACKUP 100"], "{}", lab.log(1));

        lab.signal(0, Signal::SIGTERM);
        let farewell = lab.until("priority 0", SECOND, |s| s.node == 0 && priority(s) == Some(0));
        let takeover =
            lab.until("the backup's advert", SECOND.times(2), |s| s.node == 1 && priority(s) == Some(100));
        let status = lab.ends(0, SECOND.times(4));
        assert!(status.success(), "{status}");
        self.one_master(&mut lab, 1);
        within(farewell, takeover, Case::skew(), "hand-over");
        assert!(lab.lines(0).contains(&"INSTANCE \"VI_1\" STOP 150"), "{:?}", lab.lines(0));

        lab.start(0, self.master, "", &self.config(0));
        lab.line(0, "INSTANCE \"VI_1\" MASTER 150", SECOND.times(6));
        lab.line(1, "INSTANCE \"VI_1\" BACKUP 100", SECOND);
        lab.watch(Duration::from_millis(1_500));
        self.one_master(&mut lab, 0);
        lab.kill(0);
        lab.watch(Duration::from_millis(50));
        let last = lab.adverts(0).last().expect("the master spoke").0;
        let takeover =
            lab.until("the backup's advert", SECOND.times(5), |s| s.node == 1 && priority(s) == Some(100));
        within(last, takeover, SECOND.times(3) + Case::skew(), "take-over");
        assert!(lab.holds(0, self.address()), "addresses outlive kill -9");
        lab.start(0, self.master, "", &self.config(0));
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 150", SECOND.times(2));
        self.one_master(&mut lab, 1);
        Ok(())
    }

    #[track_caller]
    fn one_master(self, lab: &mut Lab, master: usize) {
        let address = self.address();
        assert!(lab.holds(master, address), "the master has no {address}\n{}", lab.log(master));
        assert!(!lab.holds(1 - master, address), "the backup has {address}\n{}", lab.log(1 - master));
    }

    /// Adverts come every second.
    fn steady(self, lab: &Lab) {
        let adverts = lab.adverts(0);
        assert!(adverts.len() >= 3, "{adverts:?}");
        for pair in adverts.windows(2) {
            within(pair[0].0, pair[1].0, SECOND, "advert interval");
        }
    }
}

#[track_caller]
fn within(from: Instant, to: Instant, expected: Duration, what: &str) {
    let took = to.saturating_since(from);
    let early = Duration::from_millis(2);
    assert!(took + early >= expected && took <= expected + LATE, "{what} took {took}, not {expected}");
}
