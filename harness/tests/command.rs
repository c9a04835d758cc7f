//! The command as its users call it: what it prints, and its exit codes.

#[path = "tools/scratch.rs"]
mod scratch;

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
