//! What moves a priority on a real machine: scripts, files, processes; and whom the daemon tells by mail.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use libtest_mimic::Failed;
use vrrplab_engine::time::Duration;

use super::lab::{Case, Lab, Who};

pub(crate) const CASES: &[Case] = &[
    ("tracking::a_failing_script_is_a_fault", false, script),
    ("tracking::a_script_that_takes_too_long_is_ended_with_its_children", false, slow_script),
    ("tracking::a_script_that_has_vanished_succeeds_as_in_2_2_7", false, vanished),
    ("tracking::a_file_is_watched_through_removal_and_replacement", false, file),
    ("tracking::a_process_is_counted", false, process),
    ("tracking::mail_is_sent", false, mail),
    ("tracking::a_fifo_s_reader_is_started", false, reader),
];

const SECOND: Duration = Duration::from_secs(1);

fn config(tracker: &str, track: &str) -> String {
    format!(
        "{tracker}\nvrrp_instance VI_1 {{\n  interface eth0\n  virtual_router_id 51\n  priority 200\n{track}\n  \
         virtual_ipaddress {{\n    10.9.0.100/24\n  }}\n}}\n"
    )
}

fn script() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let flag = lab.folder.join("bad");
    let check = lab.script("check.sh", &format!("test ! -e {}", flag.display()));
    let tracker = format!("vrrp_script c {{\n  script \"{check}\"\n  interval 1\n}}");
    lab.start(0, Who::Ours, "", &config(&tracker, "  track_script {\n    c\n  }"));
    lab.line(0, "INSTANCE \"VI_1\" MASTER 200", SECOND.times(6));
    lab.act();
    std::fs::write(&flag, "")?;
    lab.line(0, "INSTANCE \"VI_1\" FAULT 200", SECOND.times(2));
    assert!(!lab.holds(0, "10.9.0.100"));
    assert!(lab.log(0).contains("Script `c` now returning 1"), "{}", lab.log(0));
    lab.act();
    std::fs::remove_file(&flag)?;
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    Ok(())
}

fn slow_script() -> Result<(), Failed> {
    let mut lab = Lab::new();
    // What outlives its group writes.
    let mark = lab.folder.join("alive");
    let slow = lab.script("slow.sh", &format!("(sleep 3; echo alive > {}) &\nsleep 60", mark.display()));
    let tracker = format!("vrrp_script c {{\n  script \"{slow}\"\n  interval 20\n  timeout 1\n}}");
    lab.start(0, Who::Ours, "", &config(&tracker, "  track_script {\n    c\n  }"));
    lab.line(0, "INSTANCE \"VI_1\" FAULT 200", SECOND.times(3));
    lab.watch(SECOND.times(3));
    assert!(!mark.exists(), "the whole group was ended");
    Ok(())
}

fn vanished() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let check = lab.script("check.sh", "exit 1");
    let tracker = format!("vrrp_script c {{\n  script \"{check}\"\n  interval 1\n  weight 20\n}}");
    lab.start(
        0,
        Who::Ours,
        "vrrp_notify_priority_changes true",
        &config(&tracker, "  track_script {\n    c\n  }"),
    );
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    lab.watch(SECOND);
    lab.act();
    std::fs::remove_file(&check)?;
    lab.line(0, "INSTANCE \"VI_1\" BACKUP_PRIORITY 220", SECOND.times(2));
    assert!(lab.log(0).contains("Error exec-ing command"), "{}", lab.log(0));
    Ok(())
}

fn file() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let path = lab.folder.join("number");
    std::fs::write(&path, "-10\n")?;
    let tracker = format!("track_file f {{\n  file {}\n  weight 1\n}}", path.display());
    let tell = "vrrp_notify_priority_changes true";
    lab.start(0, Who::Ours, tell, &config(&tracker, "  track_file {\n    f\n  }"));
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 190", SECOND.times(2));
    lab.act();
    std::fs::write(&path, "-20\n")?;
    lab.line(0, "INSTANCE \"VI_1\" BACKUP_PRIORITY 180", SECOND);
    lab.act();
    std::fs::remove_file(&path)?;
    lab.line(0, "INSTANCE \"VI_1\" BACKUP_PRIORITY 200", SECOND);
    let beside = lab.folder.join("beside");
    std::fs::write(&beside, "-30")?;
    lab.act();
    std::fs::rename(&beside, &path)?;
    lab.line(0, "INSTANCE \"VI_1\" BACKUP_PRIORITY 170", SECOND);
    Ok(())
}

fn process() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let program = lab.folder.join("watched-one");
    std::fs::copy("/bin/sleep", &program)?;
    let path = program.display();
    let tracker = format!("vrrp_track_process p {{\n  process {path}\n}}");
    lab.start(0, Who::Ours, "", &config(&tracker, "  track_process {\n    p\n  }"));
    lab.line(0, "INSTANCE \"VI_1\" FAULT 200", SECOND.times(2));
    lab.act();
    let mut child = std::process::Command::new(&program).arg("60").spawn()?;
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    lab.act();
    child.kill()?;
    child.wait()?;
    lab.line(0, "INSTANCE \"VI_1\" FAULT 200", SECOND.times(2));
    Ok(())
}

/// Speaks as a mail server, and returns what it was told.
fn server(listener: &TcpListener) -> std::io::Result<Vec<String>> {
    let (mut stream, _) = listener.accept()?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut told, mut body) = (Vec::new(), false);
    stream.write_all(b"220 here\r\n")?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(told);
        }
        let line = line.trim_end().to_string();
        let reply: &[u8] = match line.as_str() {
            "." => b"250 taken\r\n",
            _ if body => b"",
            "DATA" => b"354 go\r\n",
            "QUIT" => b"221 bye\r\n",
            _ => b"250 yes\r\n",
        };
        body = line == "DATA" || (body && line != ".");
        stream.write_all(reply)?;
        told.push(line);
    }
}

fn mail() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let listener = lab.enter(0, || TcpListener::bind("127.0.0.1:2525"))?;
    let mail = std::thread::spawn(move || server(&listener));
    let global = "  smtp_server localhost 2525\n  notification_email {\n    a@b\n  }\n  notification_email_from c@d\n  \
                  router_id R1\n  smtp_alert true";
    lab.start(0, Who::Ours, global, &config("", ""));
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    lab.watch(SECOND);
    let told = mail.join().expect("a server that ends")?;
    assert!(
        told.iter().any(|line| line.contains("[R1] VRRP Instance VI_1 - Entering BACKUP state")),
        "{told:?}"
    );
    assert_eq!(told.last().map(String::as_str), Some("QUIT"));
    Ok(())
}

fn reader() -> Result<(), Failed> {
    let mut lab = Lab::new();
    let (fifo, out) = (lab.folder.join("global"), lab.folder.join("read"));
    let script = lab.script("reader.sh", &format!("head -n 1 \"$2\" > {}", out.display()));
    let global = format!("  notify_fifo {}\n  notify_fifo_script \"{script} word\"", fifo.display());
    lab.start(0, Who::Ours, &global, &config("", ""));
    lab.line(0, "INSTANCE \"VI_1\" BACKUP 200", SECOND.times(2));
    lab.watch(SECOND);
    assert_eq!(std::fs::read_to_string(&out)?, "INSTANCE \"VI_1\" BACKUP 200\n");
    lab.signal(0, nix::sys::signal::Signal::SIGTERM);
    lab.ends(0, SECOND.times(3));
    assert!(!fifo.exists(), "a FIFO that the daemon made goes with it");
    Ok(())
}
