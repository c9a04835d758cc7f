//! The command as its users call it: what it prints, and its exit codes.

#[path = "tools/scratch.rs"]
mod scratch;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn vrrplab(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vrrplab"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the command starts")
}

/// Runs it and gives its exit code, output and complaints.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = vrrplab(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the command writes UTF-8");
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

const KA1: &str = "scenarios/seed/two-routers/ka1.conf";
const KA2: &str = "scenarios/seed/two-routers/ka2.conf";

#[test]
fn the_seed_s_lab_shows_what_tcpdump_showed() {
    let (code, out, err) = run(&["run", "scenarios/seed/two-routers/two-routers.toml"]);
    assert_eq!(code, 0, "{out}{err}");
    for line in [
        "192.168.10.170 > 224.0.0.18 vrid 100 prio 100 intvl 1s",
        "192.168.10.170 > 224.0.0.18 vrid 100 prio 0 intvl 1s",
        "192.168.10.180 > 224.0.0.18 vrid 100 prio 80 intvl 1s",
    ] {
        assert!(out.contains(line), "{line} in {out}");
    }
    assert!(err.contains("`0` for `vrrp_garp_interval` is out of range"), "{err}");
    let wide: Vec<&str> = out.lines().chain(err.lines()).filter(|l| l.chars().count() > 100).collect();
    assert!(wide.is_empty(), "wider than 100 columns: {wide:#?}");
    assert!(!out.contains('\u{1b}'), "no colours where nobody sees them");
}

#[test]
fn two_configurations_are_a_laboratory() {
    let (code, out, err) = run(&["run", KA1, KA2, "--crash", "ka1@10s"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("* crash ka1"), "{out}");
    assert!(out.contains("ka2: Backup -> MASTER (priority 80), master-down timer since #"), "{out}");
}

#[test]
fn a_failed_verdict_says_how_to_see_it_again() {
    let folder = scratch::folder();
    let scenario = folder.join("late.toml");
    let text = fs::read_to_string("scenarios/seed/two-routers/two-routers.toml").unwrap();
    fs::write(&scenario, text.replace("by = \"10.7s\"", "by = \"10.1s\"")).unwrap();
    for conf in ["ka1.conf", "ka2.conf"] {
        fs::copy(Path::new("scenarios/seed/two-routers").join(conf), folder.join(conf)).unwrap();
    }
    let path = scenario.to_str().unwrap();
    let (code, out, _) = run(&["run", path, "--seed", "7"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("FAIL   master of 192.168.10.240 is ka2 by 10.1s"), "{out}");
    assert!(out.contains(&format!("again   vrrplab run {path} --seed 7")), "{out}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn wrong_input_is_exit_code_2_with_everything_that_is_wrong() {
    let folder = scratch::folder();
    let scenario = folder.join("bad.toml");
    let text = "title = 'x'\nduration = '3'\n[segment.lan]\n[node.a]\nconfig = 'no.conf'\nlonk.eth0 = 1\n";
    fs::write(&scenario, text).unwrap();
    let (code, out, err) = run(&["run", scenario.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (2, ""));
    for part in ["bad.toml:2:", "bad.toml:5:", "bad.toml:6:", "link"] {
        assert!(err.contains(part), "{part} in {err}");
    }
    assert_eq!(run(&["run", "no-such.toml"]).0, 2);
    assert_eq!(run(&["run"]).0, 2);
    assert_eq!(run(&["run", "scenarios", "--crash", "ka1@1s"]).0, 2);
    assert_eq!(run(&["run", "scenarios", KA1]).0, 2);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_exit_code_3() {
    let (code, _, err) = run(&["run", "scenarios/vrrp/master-crash.toml", "--out", "/proc/no"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("/proc/no"), "{err}");
}

#[test]
fn json_is_one_object_a_run() {
    let (code, out, _) = run(&["run", "scenarios", "--format", "json"]);
    assert_eq!(code, 0);
    let runs: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert!(runs.len() > 15, "{} runs", runs.len());
    for run in &runs {
        assert_eq!(run["passed"], true, "{run}");
        assert!(run["verdicts"].as_array().is_some_and(|v| v.len() >= 7), "{run}");
    }
}

#[test]
fn several_runs_are_a_line_each_and_a_sum() {
    let (code, out, _) = run(&["run", "scenarios/vrrp"]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("known vrrp/silent-heal\n"), "{out}");
    assert!(out.ends_with(" passed, 0 failed\n"), "{out}");
}

#[test]
fn golden_runs_are_compared_and_accepted() {
    let folder = scratch::folder();
    let golden = folder.to_str().unwrap();
    let one = "scenarios/vrrp/master-crash.toml";
    let (code, out, _) = run(&["golden", "check", one, "--golden", golden]);
    assert_eq!(code, 1, "{out}");
    assert_eq!(run(&["golden", "accept", one, "--golden", golden]).0, 0);
    assert_eq!(run(&["golden", "check", one, "--golden", golden]).0, 0);
    let trace = folder.join("vrrp/master-crash/engine.trace");
    let text = fs::read_to_string(&trace).unwrap();
    fs::write(&trace, text.replace("crash a", "crash b")).unwrap();
    let (code, out, _) = run(&["golden", "check", one, "--golden", golden]);
    assert_eq!(code, 1);
    assert!(out.contains("fault crash b") && out.contains("fault crash a"), "{out}");
    assert_eq!(run(&["golden", "check"]).0, 0, "the accepted runs of this tree");
    fs::remove_dir_all(folder).unwrap();
}

/// A keepalived.conf with these lines in its instance, in a folder.
fn configuration(folder: &Path, name: &str, lines: &str) -> String {
    let text = format!(
        "vrrp_instance VI_1 {{\n    interface eth0\n    virtual_router_id 51\n    {lines}\n    \
         track_interface {{\n        eth1\n    }}\n    virtual_ipaddress {{\n        10.0.0.9/24\n    }}\n}}\n"
    );
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_string()
}

#[test]
fn check_s_exit_code_is_the_worst_finding() {
    let folder = scratch::folder();
    let typo = configuration(&folder, "typo.conf", "priorty 100");
    let broken = configuration(&folder, "broken.conf", "virtual_router_id");
    let plain = configuration(&folder, "plain.conf", "priority 100").replace("plain", "clean");
    fs::write(
        &plain,
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n",
    )
    .unwrap();
    let (code, out, _) = run(&["check", &plain]);
    assert_eq!(code, 0, "{out}");
    assert!(out.ends_with("\n1 file: 1 note\n"), "{out}");
    let (code, out, _) = run(&["check", &typo]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("did you mean `priority`?"), "{out}");
    let (code, out, _) = run(&["check", "--separate", &broken, &typo]);
    assert_eq!(code, 2, "{out}");
    assert!(out.lines().last().is_some_and(|sum| sum.starts_with("2 files: 1 error, ")), "{out}");
    assert_eq!(run(&["check", "no-such.conf"]).0, 2);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn files_that_are_checked_together_are_one_cluster() {
    let folder = scratch::folder();
    let (a, b) =
        (configuration(&folder, "a.conf", "priority 100"), configuration(&folder, "b.conf", "priority 100"));
    let (code, out, _) = run(&["check", &a, &b]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("warning[lint-equal-priority]: a and b both have priority 100"), "{out}");
    let (_, out, _) = run(&["check", "--separate", &a, &b]);
    assert!(!out.contains("lint-equal-priority"), "{out}");
    let (code, out, _) = run(&["check", "scenarios/vrrp/equal-priority.toml"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("lint-equal-priority"), "{out}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn check_speaks_to_machines_too() {
    let folder = scratch::folder();
    let a = configuration(&folder, "a.conf", "priorty 100");
    let (code, out, err) = run(&["check", "--format", "json", &a]);
    assert_eq!((code, err.as_str()), (1, ""));
    let findings: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let typo = findings.iter().find(|f| f["code"] == "unknown-keyword").unwrap();
    assert_eq!((&typo["file"], &typo["severity"]), (&a.into(), &"warning".into()));
    let place = ["line", "column", "end_line", "end_column"].map(|key| typo[key].as_u64().unwrap());
    assert_eq!(place, [4, 5, 4, 12]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_the_daemon_would_run_can_be_seen() {
    let (code, out, err) = run(&["check", "--effective", KA1]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("vrrp_instance VI_1 {\n") && out.contains("    priority 100\n"), "{out}");
    assert!(
        out.contains("global_defs {\n") && out.contains("    garp_master_delay 5\n"),
        "defaults too: {out}"
    );
    assert!(err.contains("number-out-of-range") && !out.contains("number-out-of-range"), "{out}{err}");
    let (_, out, _) = run(&["check", "--effective", "--format", "json", KA1, KA2]);
    let nodes: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(nodes.len(), 2, "an object a file: {out}");
    assert_eq!(nodes[1]["file"], KA2);
    let folder = scratch::folder();
    let path = folder.join("balancer.conf");
    fs::write(
        &path,
        "virtual_server 10.0.0.1 80 {\nlb_algo rr\nreal_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n",
    )
    .unwrap();
    let (_, out, _) = run(&["check", "--effective", path.to_str().unwrap()]);
    assert!(out.contains("virtual_server 10.0.0.1 80 {\n") && out.contains("    lb_algo rr\n"), "{out}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_strict_run_does_not_start_with_a_warning() {
    let (code, out, err) = run(&["run", "--strict", KA1, KA2]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("vrrp_garp_interval") && err.contains("not run, because of --strict"), "{err}");
    let folder = scratch::folder();
    let nodes = [("a.conf", 150), ("b.conf", 100)].map(|(name, priority)| {
        let path = folder.join(name);
        let text = fs::read_to_string(KA1).unwrap().replace("priority 100", &format!("priority {priority}"));
        let good = text.lines().filter(|line| !line.contains("_interval"));
        fs::write(&path, good.collect::<Vec<_>>().join("\n")).unwrap();
        path.to_str().unwrap().to_string()
    });
    let (code, _, err) = run(&["run", "--strict", &nodes[0], &nodes[1]]);
    assert_eq!(code, 0, "{err}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_run_warns_of_what_the_nodes_disagree_about() {
    let (_, _, err) = run(&["run", "scenarios/vrrp/auth-mismatch.toml"]);
    assert!(err.contains("warning[lint-auth-differs]"), "{err}");
    assert!(!err.contains("lint-nothing-tracked"), "mere advice is for `check`: {err}");
}

/// The tutorial's two routers with something changed, in a folder.
fn two_routers(folder: &Path, change: impl Fn(String) -> String) -> String {
    for conf in [KA1, KA2] {
        let text = fs::read_to_string(conf).unwrap();
        fs::write(folder.join(Path::new(conf).file_name().unwrap()), change(text)).unwrap();
    }
    let scenario = folder.join("two-routers.toml");
    let text = fs::read_to_string("scenarios/seed/two-routers/two-routers.toml").unwrap();
    fs::write(&scenario, text.replace("stop = \"ka1\"", "crash = \"ka1\"")).unwrap();
    scenario.to_str().unwrap().to_string()
}

#[test]
fn an_election_that_takes_longer_than_its_baseline_is_exit_code_1() {
    let folder = scratch::folder();
    let same = two_routers(&folder, |text| text);
    let saved = folder.join("before.json");
    let saved = saved.to_str().unwrap();
    let (code, out, err) = run(&["bench", "election", &same, "--runs", "300", "--save", saved]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("192.168.10.240, act 1: crash ka1  ka1 -> ka2 in 300 of 300 runs"), "{out}");
    assert!(out.lines().all(|l| l.chars().count() <= 100), "{out}");
    let again = ["bench", "election", &same, "--runs", "300", "--seed", "1000", "--baseline", saved];
    let (code, _, err) = run(&again);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("nothing takes longer than in the 300 runs before"), "{err}");
    // Skew_Time of priority 1 is 255/256 s, that of priority 80 176/256 s.
    two_routers(&folder, |text| text.replace("priority 80 ", "priority 1 "));
    let (code, _, err) = run(&again);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("SLOWER  192.168.10.240, act 1: crash ka1: takeover p50 rose from 3.687551 s to 3.996144 s (+8.3 %)"), "{err}");
    let command = err.lines().find_map(|l| l.strip_prefix("  again   vrrplab ")).expect("a command");
    let (code, out, _) = run(&command.split(' ').collect::<Vec<_>>());
    assert_eq!(code, 0);
    assert!(out.contains("* crash ka1") && out.contains("ka2: Backup -> MASTER (priority 1)"), "{out}");
    let (code, _, err) = run(&["bench", "election", KA1, KA2, "--crash", "ka1@9s", "--baseline", saved]);
    assert_eq!(code, 2, "another scenario: {err}");
    let (code, _, err) = run(&["bench", "election", &same, "--baseline", &same]);
    assert_eq!(code, 2, "no baseline: {err}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_election_prints_the_same_with_any_number_of_threads() {
    let with = |threads: &str, format: &str| {
        let scenario = "scenarios/vrrp/silent-heal.toml";
        run(&["bench", "election", scenario, "--runs", "50", "--threads", threads, "--format", format])
    };
    for format in ["table", "csv", "json"] {
        let (one, two) = (with("1", format), with("2", format));
        assert_eq!(one.0, 0, "{}", one.2);
        assert_eq!(one.1, two.1);
        assert_ne!(one.1, "");
    }
    let csv = with("1", "csv").1;
    assert!(
        csv.contains(
            "vrrp/silent-heal/announced,192.168.10.240,act 1: partition lan: a | b probe,1,total,50,"
        )
    );
    let json = with("1", "json").1;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["failovers"][0]["measures"][0]["name"], "total", "{first}");
}

#[test]
fn an_election_under_loss_takes_longer_than_its_baseline_and_says_how_to_repeat_that() {
    let folder = scratch::folder();
    let saved = folder.join("clean.json");
    let saved = saved.to_str().unwrap();
    let clean = ["bench", "election", "scenarios/vrrp/master-crash.toml", "--runs", "200"];
    assert_eq!(run(&[&clean[..], &["--save", saved]].concat()).0, 0);
    let (code, _, err) =
        run(&[&clean[..], &["--baseline", saved, "--loss", "20%", "--jitter", "30ms"]].concat());
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("again   vrrplab bench election scenarios/vrrp/master-crash.toml --loss 20% --jitter 30ms --runs 1"), "{err}");
    assert_eq!(run(&[&clean[..], &["--loss", "120%"]].concat()).0, 2);
    fs::remove_dir_all(folder).unwrap();
}

/// Loss is felt in the tail: where the farewell is lost, the backup waits for its Master_Down_Interval.
#[test]
fn an_election_under_loss_has_a_longer_tail_and_without_any_the_same_figures() {
    let with = |noise: &[&str]| {
        let scenario = "scenarios/seed/two-routers/two-routers.toml";
        let fixed = ["bench", "election", scenario, "--runs", "200", "--format", "json"];
        let (code, out, err) = run(&[&fixed[..], noise].concat());
        assert_eq!(code, 0, "{err}");
        out
    };
    let clean = with(&[]);
    assert_eq!(with(&["--loss", "0%", "--jitter", "0s"]), clean);
    let total = |json: &str, figure: &str| -> f64 {
        let object: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        let failovers = object["failovers"].as_array().unwrap();
        let act = failovers.iter().find(|f| f["trigger"] == "act 1: stop ka1").expect("the act's own");
        act["measures"][0][figure].as_str().unwrap().parse().unwrap()
    };
    let noisy = with(&["--loss", "5%", "--jitter", "20ms"]);
    assert!(total(&noisy, "p99") > total(&clean, "p99") + 1.0, "{noisy}\n{clean}");
    assert!(total(&noisy, "p50") < total(&clean, "p50") + 0.1, "most adverts arrive: {noisy}");
}

#[test]
fn an_election_says_what_it_means_for_a_year() {
    let scenario = "scenarios/seed/two-routers/two-routers.toml";
    let arguments =
        ["bench", "election", scenario, "--runs", "20", "--mtbf", "30d", "--mtbf", "60d", "--repair", "4h"];
    let (code, out, err) = run(&arguments);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("a failure every 30d and another every 60d"), "{out}");
    assert!(out.contains("without a backup"), "{out}");
    assert_eq!(run(&["bench", "election", scenario, "--mtbf", "often"]).0, 2);
    let (code, _, err) = run(&["bench", "election", "scenarios/vrrp/backup-stop.toml", "--runs", "2"]);
    assert_eq!(code, 1);
    assert!(err.contains("no address was taken over in any run"), "{err}");
}

/// Elements of an XML text: name, attributes, and the text directly inside.
fn elements(xml: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut elements: Vec<(String, BTreeMap<String, String>, String)> = Vec::new();
    loop {
        match reader.read_event().expect("well-formed XML") {
            Event::Start(start) | Event::Empty(start) => {
                let attribute = |a: Result<quick_xml::events::attributes::Attribute<'_>, _>| {
                    let a = a.expect("an attribute is well-formed");
                    let value =
                        a.normalized_value(quick_xml::XmlVersion::Implicit1_0).expect("known entities alone");
                    (String::from_utf8(a.key.as_ref().to_vec()).unwrap(), value.into_owned())
                };
                let attributes = start.attributes().map(attribute).collect();
                elements.push((
                    String::from_utf8(start.name().as_ref().to_vec()).unwrap(),
                    attributes,
                    String::new(),
                ));
            }
            Event::Text(text) => {
                if let Some(last) = elements.last_mut() {
                    last.2.push_str(&text.decode().unwrap());
                }
            }
            Event::Eof => return elements,
            _ => {}
        }
    }
}

#[test]
fn junit_says_what_the_verdicts_say() {
    let folder = scratch::folder();
    let xml = folder.join("deep/junit.xml");
    let path = xml.to_str().unwrap();
    let (code, _, err) =
        run(&["run", "scenarios/seed/two-routers", "scenarios/vrrp/silent-heal.toml", "--junit", path]);
    assert_eq!(code, 0, "{err}");
    let all = elements(&fs::read_to_string(&xml).unwrap());
    let of = |name: &str| all.iter().filter(|e| e.0 == name).collect::<Vec<_>>();
    assert_eq!((of("testsuites").len(), of("testsuite").len()), (1, 3));
    assert_eq!(of("failure").len(), 0);
    let root = &of("testsuites")[0].1;
    assert_eq!((root["tests"].parse(), root["failures"].as_str()), (Ok(of("testcase").len()), "0"));
    assert!(of("testcase").iter().all(|e| e.1.contains_key("name") && e.1.contains_key("classname")));
    let known = of("system-out");
    assert!(known.iter().any(|e| e.2.starts_with("known: a never hears that b was master too")), "{known:?}");

    let scenario = two_routers(&folder, |text| text);
    let text = fs::read_to_string(&scenario).unwrap();
    let text = text
        .replace("at_least = \"687ms\"", "at_least = \"3.9s\"")
        .replace("at_most = \"690ms\"", "at_most = \"4s\"");
    fs::write(&scenario, text).unwrap();
    let (code, out, _) = run(&["run", &scenario, "--seed", "5", "--junit", path]);
    assert_eq!(code, 1, "{out}");
    let all = elements(&fs::read_to_string(&xml).unwrap());
    let failures: Vec<_> = all.iter().filter(|e| e.0 == "failure").collect();
    assert_eq!(failures.len(), out.matches("  FAIL").count(), "{out}");
    for (_, attributes, text) in failures {
        assert!(!attributes["message"].is_empty());
        assert!(text.contains("from ") && text.contains(": "), "a span and what was seen: {text}");
        assert!(text.trim_end().ends_with(&format!("again: vrrplab run {scenario} --seed 5")), "{text}");
    }
    assert_eq!(run(&["run", &scenario, "--junit", "/proc/no/junit.xml"]).0, 3);

    let idle = fs::read_to_string(&scenario).unwrap();
    let idle = idle
        .replace("config = \"ka", "start = \"never\"\nconfig = \"ka")
        .replace("start = \"ka1\"", "stop = \"ka1\"");
    fs::write(&scenario, idle + "\n[[expect]]\nnever = \"two holders\"\n").unwrap();
    let (code, out, err) = run(&["run", &scenario, "--junit", path]);
    assert_eq!(code, 1, "{out}{err}");
    let xml = fs::read_to_string(&xml).unwrap();
    assert!(xml.contains("message=\"no virtual address was ever held: nothing was judged\""), "{xml}");
    assert!(xml.contains("message=\"vacuous: there was nothing to judge\""), "{xml}");
    fs::remove_dir_all(folder).unwrap();
}
