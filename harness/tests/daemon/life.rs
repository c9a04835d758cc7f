//! A daemon's life: command line, PID files, the background, signals.

use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vrrplab_engine::time::Duration;

use super::lab::{Case, Lab, Who};

pub(crate) const CASES: &[Case] = &[
    ("life::pid_files_are_written_and_removed", false, pid_files),
    ("life::a_second_daemon_is_refused", false, second),
    ("life::background", false, background),
    ("life::a_stop_can_leave_the_addresses", false, keeps),
    ("life::hangup_is_survived_and_said", false, hangup),
    ("life::what_is_not_done_is_said", false, missing),
    ("life::wrong_options_and_texts_are_refused", false, refused),
];

const SECOND: Duration = Duration::from_secs(1);

const CONFIG: &str = "
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 200
  virtual_ipaddress {
    10.9.0.100/24
  }
}";

fn pid_files() -> Result<(), Failed> {
    let mut lab = Lab::new();
    lab.start(0, Who::Ours, "", CONFIG);
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    let files = ["0.pid", "0.vrrp.pid"].map(|name| lab.folder.join(name));
    for file in &files {
        let pid = std::fs::read_to_string(file).expect("a PID file");
        assert!(std::path::Path::new(&format!("/proc/{}", pid.trim())).exists());
    }
    lab.signal(0, Signal::SIGINT);
    assert!(lab.ends(0, SECOND.times(3)).success());
    assert!(files.iter().all(|file| !file.exists()), "PID files go with the daemon");
    Ok(())
}

fn second() -> Result<(), Failed> {
    let mut lab = Lab::new();
    lab.start(0, Who::Ours, "", CONFIG);
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    let pid = lab.folder.join("0.pid");
    let other = lab.folder.join("other.pid");
    let (pid, other) = (pid.display().to_string(), other.display().to_string());
    let config = lab.folder.join("0.conf").display().to_string();
    let arguments = ["daemon", "-n", "-l", "-G", "-f", &config, "-p", &other, "-r", &pid];
    // A daemon that started all the same would not come back.
    lab.within(0, env!("CARGO_BIN_EXE_vrrplab"), &arguments);
    assert!(!std::path::Path::new(&other).exists(), "none of its own files was written");
    assert!(std::path::Path::new(&pid).exists(), "the first one's file stays");
    Ok(())
}

fn background() -> Result<(), Failed> {
    let mut lab = Lab::new();
    lab.start(0, Who::Ours, "", CONFIG);
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    lab.signal(0, Signal::SIGTERM);
    lab.ends(0, SECOND.times(3));
    let config = lab.folder.join("0.conf").display().to_string();
    let (pid, log) = (lab.folder.join("back.pid"), lab.folder.join("back.log"));
    let (pid, log) = (pid.display().to_string(), log.display().to_string());
    let vrrp = format!("{pid}.vrrp");
    let arguments = ["daemon", "-G", "-g", &log, "-f", &config, "-p", &pid, "-r", &vrrp];
    lab.within(0, env!("CARGO_BIN_EXE_vrrplab"), &arguments);
    lab.line(0, "INSTANCE \"VI_1\" MASTER 200", SECOND.times(6));
    let running: i32 = std::fs::read_to_string(&pid)?.trim().parse()?;
    assert_ne!(std::fs::read_link(format!("/proc/{running}/fd/2"))?.to_str(), Some("/dev/pts/0"));
    kill(Pid::from_raw(running), Signal::SIGTERM)?;
    lab.line(0, "INSTANCE \"VI_1\" STOP 200", SECOND);
    lab.watch(SECOND + SECOND);
    assert!(!std::path::Path::new(&pid).exists());
    assert!(std::fs::read_to_string(&log)?.contains("(VI_1) Entering MASTER STATE"));
    Ok(())
}

fn keeps() -> Result<(), Failed> {
    let mut lab = Lab::new();
    lab.start_with(0, Who::Ours, "", CONFIG, &["-V"]);
    lab.line(0, "INSTANCE \"VI_1\" MASTER 200", SECOND.times(6));
    lab.watch(SECOND);
    lab.signal(0, Signal::SIGTERM);
    lab.ends(0, SECOND.times(3));
    assert!(lab.holds(0, "10.9.0.100"));
    assert!(lab.adverts(0).iter().all(|(_, priority)| *priority == 200), "{:?}", lab.adverts(0));
    Ok(())
}

fn hangup() -> Result<(), Failed> {
    let mut lab = Lab::new();
    lab.start(0, Who::Ours, "", CONFIG);
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    lab.signal(0, Signal::SIGHUP);
    lab.line(0, "INSTANCE \"VI_1\" MASTER 200", SECOND.times(6));
    lab.watch(SECOND);
    let said = lab.adverts(0).len();
    lab.signal(0, Signal::SIGHUP);
    lab.watch(Duration::from_millis(300));
    assert!(lab.adverts(0).len() >= said + 2, "one before and one after: {:?}", lab.adverts(0));
    // What keepalived takes for a wish for JSON.
    let pid = std::fs::read_to_string(lab.folder.join("0.pid"))?.trim().to_string();
    lab.within(0, "kill", &["-36", &pid]);
    lab.within(0, "kill", &["-63", &pid]);
    lab.watch(SECOND + SECOND);
    assert!(lab.log(0).contains("Reload complete"), "{}", lab.log(0));
    Ok(())
}

fn missing() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let config = CONFIG.replace("priority", "use_vmac\n  priority");
    lab.start_with(0, Who::Ours, "enable_snmp_vrrp", &config, &["-x", "-m", "-R"]);
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    for words in
        ["left out: use_vmac", "left out: enable_snmp_vrrp", "option -x has no effect", "option -m has no"]
    {
        assert!(lab.log(0).contains(words), "{words}\n{}", lab.log(0));
    }
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vrrplab"));
        let output = command.arg("daemon").args(arguments).output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run(&["--dont-frok"]);
    assert!(code == Some(2) && said.contains("--dont-fork"), "{code:?} {said}");
    let (code, said) = run(&["-n", "-f", "/nowhere/at.all"]);
    assert!(code == Some(2) && said.contains("there is no such file"), "{code:?} {said}");
    let (code, said) = run(&["-S", "local9"]);
    assert!(code == Some(2) && said.contains("local0 to local7"), "{code:?} {said}");
    let path = std::env::temp_dir().join(format!("vrrplab-daemon-t-{}.conf", std::process::id()));
    std::fs::write(&path, CONFIG.replace("virtual_router_id", "virtual_ruoter_id"))?;
    let (code, said) = run(&["-t", "-f", path.to_str().expect("a path")]);
    std::fs::remove_file(&path)?;
    assert!(code == Some(1) && said.contains("virtual_router_id"), "{code:?} {said}");
    Ok(())
}
