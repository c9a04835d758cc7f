//! What a person sees who writes a scenario with mistakes in it, and what comes out of one without.

use proptest::prelude::*;
use vrrplab_engine::addr::Cidr;
use vrrplab_engine::boundary::{Announced, Cost};
use vrrplab_engine::config::{Address, Config, Instance};
use vrrplab_engine::time::Instant;

use super::*;
use crate::scenario::{Anchor, Fault, HostIndex, NetworkFault, Oracle, Role, Rule, SegmentIndex, When};

mod network;
mod services;

/// A laboratory of files that has `a.conf` and `b.conf`; it reads as much of a keepalived.conf as a scenario
/// asks for.
struct Stub;

impl Files for Stub {
    fn config(&self, path: &str) -> Result<Arc<Reading>, String> {
        match path {
            "a.conf" | "b.conf" | "a-new.conf" => Ok(stub_reading(path, PAIR)),
            "other.conf" => Ok(stub_reading(path, &PAIR.replace(".240/24", ".241/24"))),
            _ => Err(format!("cannot read {path}: no such file")),
        }
    }
    fn text(&self, path: &str) -> Result<String, String> {
        match path {
            "web.cfg" => Ok("listen web\n".to_string()),
            _ => Err(format!("cannot read {path}: no such file")),
        }
    }
    fn inline(&self, name: &str, text: &str) -> Arc<Reading> {
        stub_reading(name, text)
    }
}

const PAIR: &str = "vrrp_instance VI_1 {\n interface eth0\n virtual_ipaddress {\n 192.168.10.240/24\n }\n}\n";

/// Instances, their interfaces and IPv4 addresses at the beginning of a line.
fn stub_reading(name: &str, text: &str) -> Arc<Reading> {
    let mut config = Config::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match (&words[..], config.instances.last_mut()) {
            (["vrrp_instance", name, ..], _) => config.instances.push(Instance::named(*name)),
            (["interface", name, ..], Some(instance)) => instance.interface = (*name).to_string(),
            ([address, ..], Some(instance)) if address.contains('/') => {
                if let Ok(cidr) = address.parse::<Cidr>() {
                    instance.addresses.push(Address::plain(cidr, instance.interface.clone()));
                }
            }
            _ => {}
        }
    }
    let sources = vec![Source { name: name.into(), text: text.into() }];
    Arc::new(Reading { config, sources, ..Reading::default() })
}

/// The smallest scenario; tests add to it, or replace a piece of it.
const VALID: &str = r#"title = "T"
duration = "20s"
[segment.lan]
[node.a]
config = "a.conf"
link.eth0 = { address = ["192.168.10.170/24"] }
[node.b]
config = "b.conf"
link.eth0 = { address = ["192.168.10.180/24"] }
[client.probe]
link.eth0 = { address = ["192.168.10.1/24"] }
ping = { to = "192.168.10.240" }
"#;

/// Findings as `LINE:COL code: message`, with advice behind ` | `.
fn findings(text: &str) -> String {
    let file = read("scenarios/t.toml", text, &Stub);
    let errors = file.findings.iter().any(|f| f.severity == Severity::Error);
    assert_eq!(errors, file.scenarios.is_empty());
    let mut lines = Vec::new();
    for f in &file.findings {
        let (line, column) = file.source.line_column(f.place.span.start);
        let help = if f.help.is_empty() { String::new() } else { format!(" | {}", f.help) };
        lines.push(format!("{line}:{column} {}: {}{help}", f.code, f.message));
    }
    lines.join("\n")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(findings(text), expected.trim());
}

/// What is wrong with the valid text and this behind it, whose first line counts as line 1.
#[track_caller]
fn check_more(more: &str, expected: &str) {
    let lines = VALID.lines().count();
    let shift = |line: &str| match line.split_once(':') {
        Some((n, rest)) => match n.parse::<usize>() {
            Ok(n) => format!("{}:{rest}", n - lines),
            Err(_) => line.to_string(),
        },
        None => line.to_string(),
    };
    let found: Vec<String> = findings(&format!("{VALID}{more}")).lines().map(shift).collect();
    assert_eq!(found.join("\n"), expected.trim());
}

#[track_caller]
fn check_change(from: &str, to: &str, expected: &str) {
    assert!(VALID.contains(from));
    check(&VALID.replacen(from, to, 1), expected);
}

#[test]
fn the_smallest_scenario_is_fine() {
    check(VALID, "");
}

#[test]
fn nothing_is_no_scenario() {
    let help = "a scenario has a title, a duration, a [segment.NAME] and nodes; see README.md";
    check("", &format!("1:1 empty-scenario: nothing stands in this scenario | {help}"));
    check("# only a comment", &format!("1:1 empty-scenario: nothing stands in this scenario | {help}"));
}

#[test]
fn whatever_is_missing_is_said_at_once() {
    check(
        "story = \"\"",
        r#"
1:1 missing-key: a scenario needs `title` | title = "The master loses power"
1:1 missing-key: a scenario needs `duration` | duration = "20s"
1:1 missing-segment: a scenario needs a segment | [segment.lan]
1:1 missing-node: a scenario needs nodes | [node.ka1]"#,
    );
    check_change(
        "config = \"a.conf\"\n",
        "",
        "4:7 missing-key: a node needs `config` | config = \"ka1.conf\", or the text itself between '''",
    );
    check_change(
        "link.eth0 = { address = [\"192.168.10.170/24\"] }\n",
        "",
        "4:7 missing-link: a is not on the network | link.eth0 = { segment = \"lan\", address = [\"192.168.10.170/24\"] }",
    );
}

#[test]
fn several_mistakes_come_in_the_order_of_the_text() {
    check_change(
        "title = \"T\"\nduration = \"20s\"",
        "titel = 5\nduration = 20",
        "
1:1 missing-key: a scenario needs `title` | title = \"The master loses power\"
1:1 unknown-key: a scenario has no `titel` | did you mean `title`?
2:12 wrong-type: a time belongs here, this is an integer | write \"20s\"",
    );
}

#[test]
fn times_have_units_and_limits() {
    let form = "a time is a number with a unit: \"3.7s\", \"100ms\", \"50us\"";
    check_change("\"20s\"", "\"20\"", &format!("2:12 bad-time: `20` is no time | {form}"));
    check_change("\"20s\"", "0.5", "2:12 wrong-type: a time belongs here, this is a float | write \"0.5s\"");
    check_change("\"20s\"", "\"0s\"", "2:12 bad-time: a run that takes no time | duration = \"20s\"");
    check_change("\"20s\"", "\"400000000s\"", "2:12 bad-time: `400000000s` is longer than ten years");
    check_change(
        "to = \"192.168.10.240\"",
        "to = \"192.168.10.240\", every = \"0ms\"",
        "12:41 bad-time: a ping every 0 s | every = \"100ms\"",
    );
}

#[test]
fn broken_toml_is_a_finding_like_any_other() {
    // What seems to be missing may just be unreadable: the duration is not.
    check_change("\"20s\"", "20s", "2:12 toml: string values must be quoted, expected literal string");
    check_change("[node.b]", "[node.b", "7:8 toml: unclosed table, expected `]`");
    check_change("title = \"T\"", "title = \"T\"\ntitle = \"U\"", "2:1 toml: duplicate key");
}

#[test]
fn hosts_have_names_and_addresses_of_their_own() {
    check_change(
        "[client.probe]",
        "[client.a]",
        "10:9 duplicate-name: `a` is already the name of a node | nodes and clients have different names",
    );
    check_change(
        "192.168.10.180/24",
        "192.168.10.170/24",
        "9:26 duplicate-address: 192.168.10.170 is already the address of a eth0",
    );
    check_change(
        "192.168.10.180/24",
        "192.168.10.180",
        "9:26 bad-address: `192.168.10.180` has no prefix length | with the length of its network, for example \"192.168.10.180/24\"",
    );
    check_change(
        "address = [\"192.168.10.180/24\"]",
        "mac = \"02:00:00:00:00:01\"",
        "9:21 duplicate-mac: 02:00:00:00:00:01 is already the address of a eth0",
    );
    check_change(
        "address = [\"192.168.10.180/24\"]",
        "mac = \"01:00:5e:00:00:12\", segment = \"lam\"",
        "
9:21 bad-mac: 01:00:5e:00:00:12 cannot be the address of a host | the first pair of a host's address is even: \"02:00:00:00:00:01\"
9:52 unknown-segment: no segment is called `lam` | did you mean `lan`?",
    );
    check_change(
        "[node.b]",
        "[node.\"b\\n\"]",
        "7:7 bad-name: `b\\n` cannot be a name | names are made of letters, digits, `-`, `_` and `.`, and do not begin with `-`",
    );
}

#[test]
fn a_configuration_that_is_not_there_is_said_once() {
    check_change(
        "config = \"a.conf\"",
        "config = \"c.conf\"",
        "5:10 unreadable-config: cannot read c.conf: no such file",
    );
    check_change(
        "link.eth0 = { address = [\"192.168.10.170/24\"] }",
        "link.ens33 = { address = [\"192.168.10.170/24\"] }",
        "5:1 missing-interface: this configuration uses interface eth0, which a does not have | link.eth0 = { segment = \"lan\", address = [\"192.168.10.170/24\"] }",
    );
}

#[test]
fn an_act_has_one_verb_and_one_time() {
    check_more(
        r#"[[at]]
time = "10s"
[[at]]
crash = "a"
[[at]]
time = "10s"
crash = "a"
stop = "a"
[[at]]
time = "10s"
crahs = "a"
[[at]]
time = "10s"
after = { advert = "a", nth = 0 }
kill = "a"
back = "1s""#,
        r#"
1:1 no-verb: this [[at]] has no verb | one of: crash, kill, stop, start, reload, pause, resume, carrier, address, filter, partition, heal, mute, unmute, script, file, process, impair, clear, trunk
3:1 missing-key: this [[at]] does not say when | time = "10s", or after = { advert = "ka1", nth = 5, plus = "400ms" }
8:1 several-verbs: this [[at]] has `crash` already | one verb each: write another [[at]] for `stop`
11:1 unknown-key: an [[at]] has no `crahs` | did you mean `crash`?
14:1 several-times: this [[at]] has `time` already | either `time` or `after`
16:1 misplaced-key: `back` belongs to `crash`, not to `kill`"#,
    );
}

#[test]
fn acts_are_on_hosts_that_can_suffer_them() {
    check_more(
        r#"[[at]]
time = "20s"
crash = "probe"
[[at]]
after = { advert = "probee", nth = 0 }
carrier = "aa"
state = "dwn"
[[at]]
time = "1s"
partition = [["a"], ["a", "x"]]
[[at]]
time = "1s"
partition = [["a"]]
[[at]]
time = "1s"
heal = "wan"
[[at]]
time = "1s"
mute = { from = "a", to = "a" }
[[at]]
time = "1s"
address = { node = "probe" }
[[at]]
time = "1s"
address = { node = "a", add = "10.0.0.9", link = "eth9" }
[[at]]
time = "1s"
address = { node = "a", add = "10.0.0.9/24", remove = "10.0.0.9/24" }"#,
        r#"
2:8 after-the-end: "20s" is after the end of the run | the duration is "20s"
3:9 wrong-host: probe is a client, a node belongs here | one of: a, b
5:20 unknown-name: no node is called `probee` | one of: a, b
5:36 bad-number: `nth` counts from 1 | nth = 1
6:11 unknown-name: no host is called `aa` | did you mean `a`?
7:9 unknown-word: carrier is never `dwn` | did you mean `down`?
10:22 duplicate-name: a is in a group already
10:27 unknown-name: no host is called `x` | one of: a, b, probe
13:13 bad-partition: a partition has two groups or more | partition = [["ka1", "probe"], ["ka2"]]
16:8 unknown-segment: no segment is called `wan` | did you mean `lan`?
19:8 wrong-host: `from` and `to` are the same host
22:11 missing-key: this `address` neither adds nor removes one | remove = "192.168.10.240/24"
22:20 wrong-host: probe is a client, a node belongs here | one of: a, b
25:31 bad-address: `10.0.0.9` is no address with a prefix | 192.168.10.240/24
25:50 unknown-name: a has no link `eth9` | did you mean `eth0`?
28:46 several-verbs: this `address` has `add` already | one of them"#,
    );
}

#[test]
fn an_expectation_is_about_something_that_exists() {
    check_more(
        r#"[[expect]]
sequence = { node = "a", instance = "VI_2", states = ["BACKUP", "MSATER"] }
[[expect]]
never = "two holder"
[[expect]]
master = { address = "192.168.10.241", node = "probe", by = "21s" }
[[expect]]
master = { address = "192.168.10.240/24", node = "a", by = "5s", until = "4s" }
[[expect]]
outage = { client = "probe" }
[[expect]]
count = { node = "a", frames = "arp", exactly = 1, at_most = 3 }
[[expect]]
takeover = { from = "a", to = "a", at_least = "2s", at_most = "1s" }
[[expect]]
known = { oracle = "unanswered" }
[[expect]]
variant = "bass"
never = "no holder""#,
        r#"
2:37 unknown-name: a has no instance `VI_2` | did you mean `VI_1`?
2:65 unknown-word: `MSATER` is no state | did you mean `MASTER`?
4:9 unknown-word: `two holder` is no oracle | did you mean `two holders`?
6:22 unmanaged-address: 192.168.10.241 is in no node's configuration | did you mean `192.168.10.240`?
6:47 wrong-host: probe is a client, a node belongs here | one of: a, b
6:61 after-the-end: "21s" is after the end of the run | the duration is "20s"
8:22 bad-address: `192.168.10.240/24` is no address | without the prefix length: "192.168.10.240"
8:74 bad-time: this span of time ends before it begins
10:10 missing-key: this expectation has no bound | at_most = "3.7s", or at_least
12:32 unknown-word: `arp` is no class of frames | did you mean `garp`?
12:39 bad-bounds: `exactly` leaves no room for a bound
14:31 wrong-host: `from` and `to` are the same node
14:47 bad-bounds: `at_least` is more than `at_most`
16:9 missing-key: a `known` needs `because` | because = "…", for whoever reads the report
18:11 unknown-name: no variant is called `bass` | did you mean `base`?"#,
    );
}

#[test]
fn a_variant_replaces_configurations_of_nodes() {
    check_more(
        r#"[variant.base]
[variant.other]
node.c.config = "a.conf"
node.a.cnofig = "a.conf"
node.b.config = "c.conf"
[variant.two]
node.a.config = '''
vrrp_instance VI_2 {
 interface eth0
}
'''
[[expect]]
sequence = { node = "a", instance = "VI_1", states = [] }"#,
        r#"
1:10 bad-name: a variant cannot be called `base` | `base` is what expectations call the scenario without a variant
1:10 missing-key: this variant changes nothing | node.ka1.config = "other.conf"
3:6 unknown-name: no node is called `c` | one of: a, b
4:6 missing-key: a variant's node needs `config` | config = "other.conf"
4:8 unknown-key: a variant's node has no `cnofig` | did you mean `config`?
5:17 unreadable-config: cannot read c.conf: no such file
13:37 unknown-name: a has no instance `VI_1` | did you mean `VI_2`?"#,
    );
}

#[test]
fn columns_count_characters_and_line_ends_may_be_crlf() {
    let text = VALID.replace("title = \"T\"", "title = \"Übernahme 🙂\" # é").replace('\n', "\r\n");
    check(&text, "");
    let text = text.replace("\"20s\"", "\"é20\"").replace("[node.b]", "[node.\"ß\"]");
    let form = "a time is a number with a unit: \"3.7s\", \"100ms\", \"50us\"";
    let names = "names are made of letters, digits, `-`, `_` and `.`, and do not begin with `-`";
    check(
        &text,
        &format!("2:12 bad-time: `é20` is no time | {form}\n7:7 bad-name: `ß` cannot be a name | {names}"),
    );
}

/// All there is, and what it means.
const FULL: &str = r#"
title = "T"
story = """
Two lines
of prose."""
covers = ["R3768-6.1-01"]
duration = "30s"
[segment.lan]
[segment.wan]
latency = "2ms"
[node.z]
config = "a.conf"
start = "never"
cost = "free"
link.eth1 = { segment = "wan" }
link.eth0 = { segment = "lan", address = "10.0.0.1/8" }
[node.a]
start = "9us"
cost = { send = "5us" }
link.eth0 = { segment = "lan" }
config = '''
vrrp_instance VI_1 {
 interface eth0
}
'''
[client.c]
link.eth0 = { segment = "lan", mac = "02:00:00:00:00:aa" }
[variant.v]
title = "V"
node.a.config = "b.conf"
[[at]]
after = { advert = "a", nth = 2, plus = "4ms" }
pause = "a"
[[at]]
time = "10s"
partition = [["z"], ["c"]]
segment = "lan"
[[at]]
time = "5s"
crash = "a"
[[at]]
time = "10s"
carrier = "z"
link = "eth0"
state = "up"
[[at]]
time = "11s"
address = { node = "z", remove = "10.0.0.1/8", link = "eth0" }
[[expect]]
variant = "v"
never = "unanswered"
[[expect]]
variant = "base"
sometimes = "two holders"
[[expect]]
sequence = { node = "a", states = ["BACKUP", "STOP"] }
"#;

#[test]
fn a_cost_of_addresses_is_for_both_unless_one_is_named() {
    let cost = |written: &str| {
        let text = FULL.replace("{ send = \"5us\" }", written);
        assert_eq!(findings(&text), "");
        let file = read("./scenarios/x/full.toml", &text, &Stub);
        let Role::Node(a) = &file.scenarios[0].hosts[1].role else { panic!() };
        a.cost
    };
    let [one, two, four] = [1, 2, 4].map(Duration::from_millis);
    let both = Cost { address_add: one, address_remove: one, ..Cost::RECORDED };
    assert_eq!(cost("{ address = \"1ms\" }"), both);
    assert_eq!(cost("{ address = \"1ms\", address_add = \"2ms\" }"), Cost { address_add: two, ..both });
    assert_eq!(cost("{ address_remove = \"1ms\" }"), Cost { address_remove: one, ..Cost::RECORDED });
    assert_eq!(cost("{ reload = \"4ms\" }"), Cost { reload: four, ..Cost::RECORDED });
    assert_ne!(findings(&FULL.replace("{ send = \"5us\" }", "{ relaod = \"4s\" }")), "");
}

#[test]
fn a_full_scenario_means_what_it_says() {
    let file = read("./scenarios/x/full.toml", FULL, &Stub);
    assert_eq!(findings(FULL), "");
    let [base, variant] = &file.scenarios[..] else { panic!() };
    assert_eq!((base.name.as_str(), base.title.as_str()), ("x/full", "T"));
    assert_eq!((variant.name.as_str(), variant.title.as_str()), ("x/full/v", "V"));
    assert_eq!(base.story, "Two lines of prose.");
    assert_eq!(base.duration, Duration::from_secs(30));
    assert_eq!(base.segments[1].latency, Duration::from_millis(2));
    let names: Vec<&str> = base.hosts.iter().map(|h| &*h.name).collect();
    assert_eq!(names, ["z", "a", "c"]);
    let links: Vec<_> = base.hosts.iter().flat_map(|h| &h.links).collect();
    let macs: Vec<String> = links.iter().map(|l| l.mac.to_string()).collect();
    assert_eq!(macs, ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:aa"]);
    assert_eq!((&*links[0].name, links[0].segment), ("eth1", SegmentIndex(1)));
    let (Role::Node(z), Role::Node(a)) = (&base.hosts[0].role, &base.hosts[1].role) else { panic!() };
    assert_eq!((z.start, z.cost), (None, Cost::FREE));
    assert_eq!(a.start, Some(Instant::from_micros(9)));
    assert_eq!(a.cost, Cost { send: Duration::from_micros(5), ..Cost::RECORDED });
    let source = &a.reading.sources[0];
    assert_eq!(&*source.name, "./scenarios/x/full.toml (node a)");
    assert_eq!(source.line_column(source.text.find("vrrp_instance").unwrap()), (22, 1));
    let Role::Node(other) = &variant.hosts[1].role else { panic!() };
    assert_eq!(&*other.reading.sources[0].name, "b.conf");
}

#[test]
fn the_script_is_in_the_order_of_time() {
    let file = read("x.toml", FULL, &Stub);
    let script = &file.scenarios[0].script;
    let z = HostIndex(0);
    let a = HostIndex(1);
    let ten = When::At(Instant::from_micros(10_000_000));
    let back = Some(Duration::from_millis(10));
    assert_eq!(script[0].fault, Fault::Crash { node: a, back });
    assert_eq!(script[1].when, ten);
    assert_eq!(
        script[1].fault,
        Fault::Network(NetworkFault::Partition { segment: SegmentIndex(0), group: vec![0, 0, 1] })
    );
    assert_eq!(script[2].fault, Fault::Carrier { host: z, link: 1, up: true });
    let cidr = "10.0.0.1/8".parse().unwrap();
    assert_eq!(script[3].fault, Fault::Address { node: z, link: 1, cidr, added: false });
    assert_eq!(
        script[4].when,
        When::After { anchor: Anchor::Advert(a), nth: 2, plus: Duration::from_millis(4) }
    );
    assert_eq!(script[4].fault, Fault::Pause(a));
}

#[test]
fn expectations_are_for_all_or_for_one() {
    let file = read("x.toml", FULL, &Stub);
    let rules = |i: usize| file.scenarios[i].expectations.iter().map(|e| (e.line, e.rule.clone()));
    let states = vec![Announced::Backup, Announced::Stop];
    let sequence = Rule::Sequence { node: HostIndex(1), instance: "VI_1".into(), states };
    let base = vec![(52, Rule::Sometimes(Oracle::TwoHolders)), (55, sequence.clone())];
    assert_eq!(rules(0).collect::<Vec<_>>(), base);
    let variant = vec![(49, Rule::Never(Oracle::Unanswered)), (55, sequence)];
    assert_eq!(rules(1).collect::<Vec<_>>(), variant);
}

#[test]
fn scenarios_are_named_after_their_place() {
    assert_eq!(name_of("scenarios/vrrp/one-way.toml"), "vrrp/one-way");
    assert_eq!(name_of("/home/x/scenarios/seed/two-routers/two-routers.toml"), "seed/two-routers");
    assert_eq!(name_of("./mine.toml"), "mine");
    assert_eq!(name_of("../a/b"), "a/b");
}

/// Reading ends, and every span can be drawn.
fn survives(text: &str) {
    let file = read("t.toml", text, &Stub);
    for finding in &file.findings {
        let span = finding.place.span.clone();
        assert!(text.get(span.clone()).is_some(), "{span:?} in {text:?}");
        assert!(!finding.message.contains('\n') && !finding.help.contains('\n'), "{finding:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "\\PC*") {
        survives(&text);
    }

    #[test]
    fn any_toml_like_text_is_survived(text in "([a-z]{1,5}|[\\[\\]{}=.,\"'\n\r é]|at|node|expect|\\d){0,80}") {
        survives(&text);
    }

    #[test]
    fn a_changed_scenario_is_survived(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, "[\\[\\]{}=.,\"'\n\ra-c0-9é]{0,3}"), 1..6),
    ) {
        let mut text: Vec<char> = FULL.chars().collect();
        for (at, remove, insert) in changes {
            let start = at.index(text.len());
            let end = (start + remove).min(text.len());
            text.splice(start..end, insert.chars());
            if text.is_empty() {
                break;
            }
        }
        survives(&text.into_iter().collect::<String>());
    }

    #[test]
    fn a_scenario_with_swapped_lines_is_survived(a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
        let mut lines: Vec<&str> = FULL.lines().collect();
        let (a, b) = (a.index(lines.len()), b.index(lines.len()));
        lines.swap(a, b);
        survives(&lines.join("\n"));
    }
}

/// A change to the host of the valid text, on its line.
const A_LINK: &str = "link.eth0 = { address = [\"192.168.10.170/24\"] }";

#[test]
fn settings_have_names_and_ranges() {
    check_change(
        A_LINK,
        &format!(
            "{A_LINK}\nsysctl = {{ arp_ignor = 1, rp_filter = 3, net.ipv4.conf.eth7.arp_announce = 2, ip_forward = true }}"
        ),
        r#"
7:10 unknown-name: `arp_announce` is for eth7, which this host does not have | did you mean `eth0`?
7:12 unknown-key: `arp_ignor` is not a setting that matters here | did you mean `arp_ignore`?
7:39 bad-number: `rp_filter` is never 3 | 0 to 2
7:92 wrong-type: a whole number belongs here, this is a boolean"#,
    );
    check_change(
        A_LINK,
        &format!("{A_LINK}\nsysctl = {{ net.ipv4.conf.eth7.arp_announce = 2 }}"),
        "7:10 unknown-name: `arp_announce` is for eth7, which this host does not have | did you mean `eth0`?",
    );
    check_change(
        A_LINK,
        "link.eth0 = { address = [\"192.168.10.170/24\"], sysctl = { ip_forward = 1 } }",
        "6:59 misplaced-key: `ip_forward` is a setting of the host | write it in the `sysctl` of the host itself",
    );
}

#[test]
fn of_all_and_the_link_the_greater_counts_and_a_link_has_its_own_timing() {
    let link = "link.eth0 = { address = [\"192.168.10.170/24\"], sysctl = { arp_ignore = 1, rp_filter = 1 } }\n\
                sysctl = { rp_filter = 2, base_reachable_time_ms = 5000, net.ipv6.neigh.eth0.base_reachable_time_ms = 9000, \
                net.core.rmem_default = 4096, net.ipv6.conf.all.forwarding = 1 }";
    let file = read("t.toml", &VALID.replacen(A_LINK, link, 1), &Stub);
    assert_eq!(file.findings, []);
    let host = &file.scenarios[0].hosts[0];
    let settings = &host.links[0].settings;
    assert_eq!((settings.arp_ignore, settings.rp_filter, settings.forwarding), (1, 2, [false, true]));
    assert_eq!(host.settings.receive_buffer, 4096);
    let base = settings.neighbours.map(|m| match m {
        crate::neighbour::Manners::Linux(timing) => timing.base_reachable,
        crate::neighbour::Manners::Ageing(_) => Duration::ZERO,
    });
    assert_eq!(base, [Duration::from_secs(5), Duration::from_secs(9)]);
}

#[test]
fn routes_and_rules_say_what_is_wrong_with_them() {
    check_change(
        A_LINK,
        &format!(
            "{A_LINK}\nroute = [\"default via 10.0.0.1\", \"10.0.0.0/33 dev eth0\", \"default\", \"10.0.0.0/8 dev eth1\", \"::/0 via 192.168.10.1\", \"default via 192.168.10.1 metric 3\"]"
        ),
        r#"
7:10 bad-route: 10.0.0.1 is in no network of this host | a router is a neighbour
7:34 bad-route: `10.0.0.0/33 dev eth0` does not begin with a network | "default via 192.168.10.240", or "10.1.0.0/16 via 192.168.10.240 dev eth0"
7:58 bad-route: `default` says neither `via` nor `dev` | "default via 192.168.10.240", or "10.1.0.0/16 via 192.168.10.240 dev eth0"
7:69 bad-route: there is no link `eth1` here | did you mean `eth0`?
7:92 bad-route: `::/0 via 192.168.10.1` mixes IPv4 and IPv6 | "default via 192.168.10.240", or "10.1.0.0/16 via 192.168.10.240 dev eth0"
7:117 bad-route: `metric` does not belong into a route | "default via 192.168.10.240", or "10.1.0.0/16 via 192.168.10.240 dev eth0""#,
    );
    check_change(
        A_LINK,
        &format!(
            "{A_LINK}\nfilter = [{{ drop = \"vrp\" }}, {{ direction = \"inn\" }}, {{ drop = \"all\", from = \"x\", link = \"eth1\" }}]\nneighbour = \"cosco\""
        ),
        r#"
7:20 unknown-word: `vrp` does not belong here | did you mean `vrrp`?
7:29 missing-key: a rule needs `drop` | drop = "vrrp"
7:43 unknown-word: `inn` does not belong here | did you mean `in`?
7:75 bad-address: `x` is no address | an address or a network: "192.168.10.0/24"
7:87 unknown-word: `eth1` does not belong here | did you mean `eth0`?
8:13 unknown-word: `cosco` is no way to keep neighbours | did you mean `cisco`?"#,
    );
    check_more(
        "[[at]]\ntime = \"1s\"\nfilter = { host = \"a\" }\n[[at]]\ntime = \"1s\"\nfilter = { add = { drop = \"arp\" } }\n",
        r#"
3:10 missing-key: a `filter` has either `add` or `remove` | add = { drop = "vrrp" }
6:10 missing-key: a `filter` needs `host` | host = "ka1""#,
    );
}

#[test]
fn a_link_with_ipv6_has_its_link_local_address() {
    let link = "link.eth0 = { address = [\"192.168.10.170/24\", \"fd00:10::170/64\"] }";
    let file = read("t.toml", &VALID.replacen(A_LINK, link, 1), &Stub);
    let addresses: Vec<String> =
        file.scenarios[0].hosts[0].links[0].addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["192.168.10.170/24", "fd00:10::170/64", "fe80::ff:fe00:1/64"]);
}

#[test]
fn a_node_can_be_started_with_another_configuration_or_reload_it() {
    check_more("[[at]]\ntime = \"5s\"\nstart = \"a\"\nconfig = \"a-new.conf\"", "");
    check_more("[[at]]\ntime = \"5s\"\nreload = \"a\"", "");
    check_more("[[at]]\ntime = \"5s\"\nreload = \"a\"\nconfig = \"other.conf\"", "");
    check_more(
        "[[at]]\ntime = \"5s\"\nreload = \"c\"",
        "3:10 unknown-name: no node is called `c` | one of: a, b",
    );
    check_more(
        "[[at]]\ntime = \"5s\"\nreload = \"a\"\nconfig = \"none.conf\"",
        "4:10 unreadable-config: cannot read none.conf: no such file",
    );
    check_more(
        "[[at]]\ntime = \"5s\"\nstart = \"a\"\nconfig = \"none.conf\"",
        "4:10 unreadable-config: cannot read none.conf: no such file",
    );
    check_more(
        "[[at]]\ntime = \"5s\"\nstop = \"a\"\nconfig = \"a-new.conf\"",
        "4:1 misplaced-key: `config` belongs to `start`, not to `stop`",
    );
}

#[test]
fn mails_commands_and_fifo_lines_are_counted() {
    check_more(
        r#"[[expect]]
mail = { server = "probe", subject = "Entering MASTER", exactly = 1 }
[[expect]]
command = { node = "a", match = "notify.sh", at_least = 1, from = "1s", until = "2s" }
[[expect]]
fifo = { node = "b", match = "MASTER", at_most = 2 }"#,
        "",
    );
    check_more(
        r#"[[expect]]
mail = { node = "a", subject = "x", exactly = 1 }
[[expect]]
command = { node = "probe", match = "x", exactly = 1 }
[[expect]]
fifo = { node = "a", exactly = 1 }"#,
        r#"
2:8 missing-key: a `mail` needs `server` | server = "mx"
2:10 unknown-key: a `mail` has no `node` | one of: server, subject, exactly, at_least, at_most, from, until
4:20 wrong-host: probe is a client, a node belongs here | one of: a, b
6:8 missing-key: a `fifo` needs `match` | match = "MASTER""#,
    );
}
