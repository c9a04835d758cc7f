//! A bridge of the kernel between the routers, and takeovers that are measured there. How long they take is the machine's business; that
//! they are taken and told rightly is ours.

#[path = "tools/scratch.rs"]
mod scratch;
#[path = "tools/wants.rs"]
mod wants;

use std::path::Path;
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use vrrplab::bench::takeover::Samples;

type Case = fn() -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let cases: [(&str, &str, Case); 3] = [
        ("a bridge carries adverts, and a crash takes a host off it", "engine", crash),
        ("a bridge that loses a carrier is a host's link that is down", "engine", carrier),
        ("takeovers by turns are measured and read back", "keepalived", by_turns),
    ];
    let trial = |(name, subject, case): (&str, &'static str, Case)| {
        Trial::ignorable_test(name, move || match wants::missing(subject) {
            Some(why) => wants::skip(subject, &why),
            None => case().map(|()| Completion::Completed),
        })
    };
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit();
}

fn vrrplab(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(arguments).output().expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two routers of version 3 at 0.1 s on a kernel's bridge; `act` is done to a, the master, at 2 s.
fn on_a_bridge(act: &str) -> Result<(), Failed> {
    let folder = scratch::folder();
    let node = |node: &str, host: u32, priority: u32| {
        format!(
            "[node.{node}]\nlink.eth0 = {{ segment = \"lan\", address = [\"10.0.0.{host}/24\"] }}\nconfig = '''\nvrrp_instance V {{\n \
             interface eth0\n virtual_router_id 1\n version 3\n priority {priority}\n advert_int 0.1\n \
             virtual_ipaddress {{\n  10.0.0.9/24\n }}\n}}\n'''\n"
        )
    };
    let page = format!(
        "title = \"T\"\nduration = \"4s\"\n[segment.lan]\nswitch = \"kernel\"\n{}{}[[at]]\ntime = \"2s\"\n{act}\n[[expect]]\n\
         master = {{ address = \"10.0.0.9\", node = \"a\", by = \"1.5s\", until = \"2s\" }}\n[[expect]]\n\
         master = {{ address = \"10.0.0.9\", node = \"b\", by = \"3.5s\" }}\n",
        node("a", 1, 200),
        node("b", 2, 100)
    );
    let file = folder.join("lab.toml");
    std::fs::write(&file, page)?;
    let done = vrrplab(&["run", "--world", "netns", &file.to_string_lossy()]);
    match done.status.code() {
        Some(0) if !text(&done.stdout).contains("half of all frames") => Ok(()),
        code => Err(format!("{code:?}\n{}{}", text(&done.stdout), text(&done.stderr)).into()),
    }
}

fn crash() -> Result<(), Failed> {
    on_a_bridge("crash = \"a\"\nback = \"500ms\"")
}

fn carrier() -> Result<(), Failed> {
    on_a_bridge("carrier = \"a\"\nstate = \"down\"")
}

fn by_turns() -> Result<(), Failed> {
    let folder = scratch::folder();
    let out = folder.to_string_lossy();
    let done = vrrplab(&["bench", "takeover", "--runs", "4", "--warm-up", "1", "--out", &out]);
    let said = format!("{}{}", text(&done.stdout), text(&done.stderr));
    // Four of each prove nothing about who is late.
    if !matches!(done.status.code(), Some(0 | 1)) {
        return Err(format!("{:?}\n{said}", done.status).into());
    }
    let csv = std::fs::read_to_string(folder.join("samples.csv"))?;
    let samples = Samples::read(&csv)?;
    assert_eq!(samples.subjects, ["engine", "keepalived"]);
    assert_eq!(samples.rounds.len(), 4);
    let all = || samples.rounds.iter().flatten();
    assert!(all().all(|sample| sample.excess > 0), "nobody may be early: {csv}");
    assert!(samples.rounds.iter().all(|[a, b]| a.second != b.second), "one is first: {csv}");
    assert!(std::fs::read_to_string(folder.join("ecdf.svg"))?.contains("<path"));
    let again = vrrplab(&["bench", "takeover", "--from", &path(&folder.join("samples.csv"))]);
    assert_eq!(again.status.code(), done.status.code());
    assert!(said.starts_with(text(&again.stdout).trim_end()), "{said}\n{}", text(&again.stdout));
    Ok(())
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
