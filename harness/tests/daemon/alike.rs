//! The same configuration and the same acts, once with our daemon and once with keepalived: what is seen from outside is
//! the same.

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use vrrplab_engine::time::Duration;

use super::lab::{Case, Lab, What, Who};

pub(crate) const CASES: &[Case] = &[
    ("alike::addresses_and_their_attributes", true, addresses),
    ("alike::no_accept", true, no_accept),
    ("alike::notify_scripts", true, notify_scripts),
    ("alike::link_down_and_up", true, link),
    ("alike::a_stranger_takes_an_address", true, stranger),
    ("alike::group", true, group),
    ("alike::a_master_that_was_away_reads_before_its_timers_fire", true, pause),
];

/// What one of them did.
#[derive(PartialEq, Eq, Debug)]
struct Account {
    lines: Vec<String>,
    /// Frames in order, without those of the kernel.
    frames: Vec<String>,
    notes: Vec<String>,
}

/// Both accounts are the same.
pub(crate) fn alike(tell: impl Fn(&mut Lab, Who) -> Vec<String>) -> Result<(), Failed> {
    let account = |who| {
        let mut lab = Lab::new();
        let notes = tell(&mut lab, who);
        let frame = |s: &super::lab::Seen| match &s.what {
            What::Frame(frame) if s.node == 0 => plain(frame),
            _ => None,
        };
        let frames = lab.seen.iter().filter_map(frame).collect();
        Account { lines: lab.lines(0).into_iter().map(String::from).collect(), frames, notes }
    };
    let (ours, real) = (account(Who::Ours), account(Who::Keepalived));
    assert!(!real.lines.is_empty() && !real.frames.is_empty(), "nothing was seen: {real:#?}");
    assert_eq!(ours.lines, real.lines);
    assert_eq!(ours.frames, real.frames);
    assert_eq!(ours.notes, real.notes);
    Ok(())
}

/// A frame of a daemon in hexadecimal; flow labels are drawn by lot.
fn plain(frame: &[u8]) -> Option<String> {
    let mut frame = frame.to_vec();
    match (frame.get(12..14)?, frame.get(23)?, frame.get(20)?) {
        ([8, 6], _, _) if frame[38..42] == frame[28..32] => {}
        ([8, 0], 112 | 51, _) => {}
        ([0x86, 0xdd], _, 112) => frame[15..18].fill(0),
        // An unsolicited neighbour advertisement to all.
        ([0x86, 0xdd], _, 58) if frame[54] == 136 && frame[..6] == [0x33, 0x33, 0, 0, 0, 1] => {}
        _ => return None,
    }
    Some(frame.iter().map(|byte| format!("{byte:02x}")).collect())
}

pub(crate) fn seconds(tenths: u64) -> Duration {
    Duration::from_millis(tenths * 100)
}

fn instance(rest: &str) -> String {
    format!("vrrp_instance VI_1 {{\n  interface eth0\n  virtual_router_id 51\n  priority 200\n{rest}\n}}\n")
}

/// What `ip address` shows, but for the time.
fn shown(lab: &Lab) -> Vec<String> {
    lab.within(0, "ip", &["address", "show", "dev", "eth0"]).lines().map(String::from).collect()
}

fn addresses() -> Result<(), Failed> {
    alike(|lab, who| {
        let config = instance(
            "  virtual_ipaddress {
    10.9.0.100/24
    10.9.0.101
    10.9.0.102/24 brd + label eth0:1
    10.9.1.103/24 brd 10.9.1.255 scope link
    10.9.2.104/24 dev eth0 noprefixroute
    10.9.3.1 peer 10.9.3.2/32
  }
  virtual_ipaddress_excluded {
    2001:db8::103
    2001:db8:9::1/64
    2001:db8:a::1/64 -nodad
    2001:db8:b::1/64 preferred_lft 0
  }",
        );
        lab.start(0, who, "", &config);
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        let mut notes = shown(lab);
        notes.extend(lab.within(0, "ip", &["route", "show", "table", "all"]).lines().map(String::from));
        lab.signal(0, Signal::SIGTERM);
        lab.ends(0, seconds(40));
        notes.extend(shown(lab));
        notes
    })
}

fn no_accept() -> Result<(), Failed> {
    alike(|lab, who| {
        let config = "
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 200
  no_accept
  virtual_ipaddress {
    10.9.0.100/24
    10.9.0.101/24
  }
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 200
  version 3
  no_accept
  virtual_ipaddress {
    fe80::100
    2001:db8::100
  }
}";
        lab.start(0, who, "", config);
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        let mut notes = ruleset(lab);
        lab.signal(0, Signal::SIGTERM);
        lab.ends(0, seconds(40));
        notes.extend(ruleset(lab));
        notes
    })
}

/// The rules, in an order that does not depend on who made them.
fn ruleset(lab: &Lab) -> Vec<String> {
    let text = lab.within(0, "nft", &["list", "ruleset"]);
    let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_string()).collect();
    lines.sort();
    lines
}

fn notify_scripts() -> Result<(), Failed> {
    alike(|lab, who| {
        let out = lab.folder.join("told");
        let out = out.display();
        // PID, process group and session tell whether it is the leader of its group.
        let any = lab.script(
            "any.sh",
            &format!("read -r pid comm state ppid group rest < /proc/self/stat; {{ echo \"any $*\"; ls -l /proc/self/fd \
             | sed -n 's/.* \\([012]\\) -> /\\1 /p' | sort; grep -E 'Uid|Gid|Groups|Sig(Blk|Ign)|Umask' /proc/self/status; }} >> {out}"),
        );
        let master = lab.script(
            "master.sh",
            &format!(
                "sleep 0.2; echo \"master $* in group $(cut -d' ' -f5 /proc/$$/stat | grep -cx $$)\" >> {out}"
            ),
        );
        let config = instance(&format!(
            "  notify \"{any} one two\"\n  notify_master \"{master} x\"\n  virtual_ipaddress {{\n    10.9.0.100/24\n  }}"
        ));
        lab.start(0, who, "", &config);
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        lab.signal(0, Signal::SIGTERM);
        lab.ends(0, seconds(40));
        let text = std::fs::read_to_string(lab.folder.join("told")).expect("scripts were run");
        text.lines()
            .filter(|line| !line.contains("pipe:"))
            .map(|l| l.replace(&lab.folder.display().to_string(), ""))
            .collect()
    })
}

fn link() -> Result<(), Failed> {
    alike(|lab, who| {
        // The kernel may take a second to say that a link is up: a second burst after five might come or not.
        let config = instance("  garp_master_delay 1\n  virtual_ipaddress {\n    10.9.0.100/24\n  }");
        lab.start(0, who, "", &config);
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        // Its own end: that the other one is down the kernel may say a second later, an advert later.
        lab.set_up(0, false);
        lab.line(0, "INSTANCE \"VI_1\" FAULT 200", seconds(10));
        let mut notes = vec![format!("held: {}", lab.holds(0, "10.9.0.100"))];
        lab.set_up(0, true);
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        notes.push(format!("held: {}", lab.holds(0, "10.9.0.100")));
        notes
    })
}

fn stranger() -> Result<(), Failed> {
    alike(|lab, who| {
        lab.start(0, who, "", &instance("  virtual_ipaddress {\n    10.9.0.100/24\n    10.9.0.101/24\n  }"));
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        lab.remove_address(0, "10.9.0.100/24");
        lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", seconds(10));
        lab.act();
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        lab.watch(seconds(5));
        let mut notes = vec![format!("held: {} {}", lab.holds(0, "10.9.0.100"), lab.holds(0, "10.9.0.101"))];
        lab.remove_address(0, "10.9.0.1/24");
        lab.watch(seconds(5));
        notes.push(format!("{:?}", lab.lines(0).last()));
        notes
    })
}

fn group() -> Result<(), Failed> {
    alike(|lab, who| {
        let config = "
vrrp_sync_group G {
  group {
    VI_1
    VI_2
  }
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 200
  virtual_ipaddress {
    10.9.0.100/24
  }
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 150
  virtual_ipaddress {
    10.9.0.101/24
  }
}";
        lab.start(0, who, "", config);
        lab.line(0, "GROUP \"G\" MASTER 0", seconds(80));
        lab.watch(seconds(5));
        lab.signal(0, Signal::SIGTERM);
        lab.ends(0, seconds(40));
        Vec::new()
    })
}

fn pause() -> Result<(), Failed> {
    alike(|lab, who| {
        lab.start(0, who, "", &instance("  virtual_ipaddress {\n    10.9.0.100/24\n  }"));
        lab.line(0, "INSTANCE \"VI_1\" MASTER 200", seconds(60));
        let lower = instance("  virtual_ipaddress {\n    10.9.0.100/24\n  }").replace("200", "100");
        lab.start(1, Who::Ours, "", &lower);
        lab.watch(seconds(5));
        // The other one takes over after 3.1 to 3.6 s and speaks twice. Advert and second burst are due meanwhile.
        lab.pause(0, Signal::SIGSTOP);
        lab.watch(seconds(47));
        lab.pause(0, Signal::SIGCONT);
        lab.watch(seconds(5));
        vec![format!("held: {} {}", lab.holds(0, "10.9.0.100"), lab.holds(1, "10.9.0.100"))]
    })
}
