//! Programs beside daemons, laboratories that stay, and the doctor: on the real kernel.
//!
//! `VRRPLAB_REQUIRE=netns,haproxy,nsenter` turns what this machine lacks into failures.

#[path = "tools/scratch.rs"]
mod scratch;
#[path = "tools/wants.rs"]
mod wants;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use scratch::folder as scratch;

/// Whoever this is, it owns nothing.
const NOBODY: u32 = 65_534;

type Test = fn() -> Result<(), Failed>;

/// What must be installed, and the test.
const TESTS: [(&str, &[&str], Test); 8] = [
    ("a laboratory stays until enter and nothing is left of it", &["nsenter", "haproxy", "curl"], held),
    ("programs outlive the daemon and end with the power", &["nsenter", "sleep"], outlive),
    ("a program that never takes connections is told with its last words", &["haproxy"], never_ready),
    ("only one laboratory can stay", &[], only_one),
    ("a run that is as it should be does not stay", &[], passes),
    ("what a configuration includes is found from where it is", &["keepalived"], included),
    ("who is not root has laboratories too, with scripts where root's are", &["keepalived"], not_root),
    ("the doctor finds what the test runs with", &[], doctor),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = TESTS.map(|(name, programs, test)| {
        Trial::ignorable_test(name, move || {
            if let Some(why) = wants::missing("engine") {
                return wants::skip("netns", &why);
            }
            for program in programs {
                if vrrplab::files::program(program).is_none() {
                    return wants::skip(program, &vrrplab::files::installs(program));
                }
            }
            test().map(|()| Completion::Completed)
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

const CONFIG: &str = "config = '''\nvrrp_instance V {\n interface eth0\n virtual_router_id 1\n priority PRIO\n \
                      advert_int 1\n virtual_ipaddress {\n 10.0.0.100/24\n }\n}\n'''\n";

/// Two routers with these processes, a client, and whatever comes after.
fn scenario(a: &str, b: &str, client: &str, rest: &str) -> String {
    let node = |name: &str, n: u8, process: &str| {
        let config = CONFIG.replace("PRIO", &(100 - n).to_string());
        format!("[node.{name}]\n{config}link.eth0 = {{ address = [\"10.0.0.{n}/24\"] }}\n{process}\n")
    };
    format!(
        "title = \"T\"\nduration = \"5s\"\n[segment.lan]\n{}{}[client.c]\nlink.eth0 = {{ address = \
         [\"10.0.0.3/24\"] }}\n{client}\n{rest}\n",
        node("a", 1, a),
        node("b", 2, b)
    )
}

fn haproxy(node: &str, address: &str) -> String {
    format!(
        "[[node.{node}.process]]\nrun = \"haproxy -db -f h.cfg\"\nready = \"tcp {address}:80\"\nfiles = {{ \
         \"/run/h.cfg\" = '''\ndefaults\n mode http\n timeout client 5s\n timeout connect 1s\n timeout server \
         5s\nfrontend f\n bind *:80\n http-request return status 200 content-type text/plain string {node}\n''' }}"
    )
}

fn vrrplab(words: &[&str], file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vrrplab"));
    command.args(words).arg(file);
    command
}

/// A laboratory that stays.
struct Held {
    run: Child,
    doors: BTreeMap<String, Vec<String>>,
}

impl Held {
    /// Runs a scenario and waits until it stays.
    fn start(file: &Path, hosts: usize) -> Result<Held, Failed> {
        let mut command = vrrplab(&["run", "--world", "netns", "--hold=always"], file);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut run = command.spawn()?;
        let mut doors = BTreeMap::new();
        let mut said = String::new();
        for line in BufReader::new(run.stderr.take().ok_or("its errors are ours")?).lines() {
            let line = line?;
            said += &format!("{line}\n");
            let mut words = line.split_whitespace().map(String::from);
            if let (Some(host), true) = (words.next(), line.contains("nsenter --target")) {
                doors.insert(host, words.collect());
            }
            if doors.len() == hosts {
                return Ok(Held { run, doors });
            }
        }
        Err(format!("it does not stay:\n{said}").into())
    }

    /// What a command on a host says.
    fn on(&self, host: &str, words: &[&str]) -> Result<String, Failed> {
        let door = &self.doors[host];
        let Output { stdout, stderr, .. } = Command::new(&door[0]).args(&door[1..]).args(words).output()?;
        Ok(String::from_utf8([stdout, stderr].concat())?)
    }

    /// The names of the processes of a host, without the first and whoever asks.
    fn processes(&self, host: &str) -> Result<Vec<String>, Failed> {
        let list = "for f in /proc/[0-9]*; do [ $f = /proc/1 ] || [ $f = /proc/$$ ] || cat $f/comm; done";
        Ok(self
            .on(host, &["/bin/sh", "-c", list])?
            .lines()
            .map(String::from)
            .filter(|n| n != "cat")
            .collect())
    }

    /// Enter.
    fn release(mut self) -> Result<Option<i32>, Failed> {
        self.run.stdin.take().ok_or("its input is ours")?.write_all(b"\n")?;
        Ok(self.run.wait()?.code())
    }
}

fn is(found: impl AsRef<str>, expected: &str) -> Result<(), Failed> {
    let found = found.as_ref();
    if found == expected { Ok(()) } else { Err(format!("{found:?} instead of {expected:?}").into()) }
}

fn held() -> Result<(), Failed> {
    let folder = scratch();
    let file = folder.join("held.toml");
    std::fs::write(&file, scenario(&haproxy("a", "10.0.0.1"), &haproxy("b", "10.0.0.2"), "", ""))?;
    let held = Held::start(&file, 3)?;
    // The switch relays, the daemon holds the address, the program answers there.
    is(held.on("c", &["curl", "-s", "--max-time", "5", "http://10.0.0.100/"])?, "a")?;
    is(held.on("b", &["hostname"])?.trim(), "b")?;
    // Its own processes, and nobody else's.
    let found = held.processes("b")?;
    is(found.iter().filter(|name| *name == "haproxy").count().to_string(), "1")?;
    is(held.processes("c")?.join(" "), "")?;
    let entered: Vec<String> = held.doors.values().map(|words| format!("/proc/{}", words[2])).collect();
    is(format!("{:?}", held.release()?), "Some(0)")?;
    match entered.iter().find(|first| Path::new(first).exists()) {
        Some(first) => Err(format!("{first} is left").into()),
        None => Ok(()),
    }
}

fn outlive() -> Result<(), Failed> {
    let folder = scratch();
    let file = folder.join("outlive.toml");
    let sleeper = |node: &str| format!("[[node.{node}.process]]\nrun = \"sleep 1000\"");
    let stubborn =
        "[[client.c.process]]\nrun = [\"sh\", \"-c\", \"trap '' TERM; while :; do sleep 1; done\"]";
    let acts = "[[at]]\ntime = \"1s\"\nkill = \"a\"\n[[at]]\ntime = \"1s\"\ncrash = \"b\"\n[[at]]\ntime = \
                \"2s\"\nstart = \"b\"\n[[at]]\ntime = \"1s\"\nprocess = { node = \"c\", match = \"trap\", running \
                = 0 }";
    std::fs::write(&file, scenario(&sleeper("a"), &sleeper("b"), stubborn, acts))?;
    let held = Held::start(&file, 3)?;
    is(held.processes("a")?.join(" "), "sleep")?;
    let found = held.processes("b")?;
    is(found.iter().any(|name| name == "sleep").to_string(), "false")?;
    is(found.is_empty().to_string(), "false")?;
    // SIGKILL, a second after SIGTERM.
    is(held.processes("c")?.join(" "), "")?;
    held.release().map(drop)
}

fn never_ready() -> Result<(), Failed> {
    let folder = scratch();
    let file = folder.join("never-ready.toml");
    let process = haproxy("a", "10.0.0.1").replace("-f h.cfg", "-f other.cfg");
    std::fs::write(&file, scenario(&process, "", "", ""))?;
    let output = vrrplab(&["run", "--world", "netns"], &file).output()?;
    let said = String::from_utf8(output.stderr)?;
    is(format!("{:?}", output.status.code()), "Some(3)")?;
    for part in
        ["a: `haproxy -db -f other.cfg` has ended without taking connections at 10.0.0.1:80", "other.cfg :"]
    {
        if !said.contains(part) {
            return Err(format!("{part:?} is not in {said}").into());
        }
    }
    Ok(())
}

fn only_one() -> Result<(), Failed> {
    let folder = scratch();
    for name in ["one", "two"] {
        std::fs::write(folder.join(format!("{name}.toml")), scenario("", "", "", ""))?;
    }
    let one = folder.join("one.toml");
    for (words, file, why) in [
        (&["run", "--hold"][..], &one, "add --world netns"),
        (&["run", "--hold", "--world", "netns"], &folder, "one scenario, not for"),
        (&["run", "--hold", "--world", "sim,netns"], &one, "one world and one subject"),
    ] {
        let output = vrrplab(words, file).output()?;
        let said = String::from_utf8(output.stderr)?;
        is(format!("{:?}", output.status.code()), "Some(2)")?;
        is(said.contains(why).to_string(), "true").map_err(|_| Failed::from(said))?;
    }
    Ok(())
}

fn passes() -> Result<(), Failed> {
    let folder = scratch();
    let file = folder.join("passes.toml");
    std::fs::write(&file, scenario("", "", "", ""))?;
    let mut command = vrrplab(&["run", "--world", "netns", "--hold"], &file);
    // Nobody presses Enter: if it stayed it would stay for ever.
    let mut run = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let input = run.stdin.take();
    let output = run.wait_with_output()?;
    drop(input);
    is(format!("{:?}", output.status.code()), "Some(0)")?;
    is(String::from_utf8(output.stderr)?.contains("held").to_string(), "false")
}

/// The laboratory took a path that was not absolute for one below `/`, and wrote the file's text elsewhere, where its includes
/// named nothing.
fn included() -> Result<(), Failed> {
    let folder = scratch();
    let instance = CONFIG.replace("PRIO", "99");
    let instance = instance.trim_start_matches("config = '''\n").trim_end_matches("'''\n");
    std::fs::create_dir(folder.join("a.d"))?;
    std::fs::write(folder.join("a.d/router.conf"), instance)?;
    std::fs::write(folder.join("a.conf"), "include a.d/*.conf\n")?;
    let text = scenario(
        "",
        "",
        "",
        "[[expect]]\nmaster = { address = \"10.0.0.100\", node = \"a\", by = \"4.5s\" }",
    );
    std::fs::write(
        folder.join("included.toml"),
        text.replacen(&CONFIG.replace("PRIO", "99"), "config = \"a.conf\"\n", 1),
    )?;
    for subject in ["engine", "keepalived"] {
        let words = ["run", "--world", "netns", "--subject", subject];
        let output = vrrplab(&words, Path::new("included.toml")).current_dir(&folder).output()?;
        let said = String::from_utf8([output.stdout, output.stderr].concat())?;
        let fine = output.status.success() && said.contains("pass   master of 10.0.0.100 is a");
        fine.then_some(()).ok_or_else(|| Failed::from(said))?;
    }
    Ok(())
}

fn not_root() -> Result<(), Failed> {
    let folder = scratch();
    // The tree of the tests may be root's alone.
    let program = folder.join("vrrplab");
    std::fs::copy(env!("CARGO_BIN_EXE_vrrplab"), &program)?;
    let heard =
        "[[expect]]\ncommand = { node = \"a\", match = \"heard.sh INSTANCE V MASTER\", exactly = 1 }\n";
    let notified =
        scenario("", "", "", heard).replace("advert_int", "notify /etc/keepalived/heard.sh\n advert_int");
    let secure =
        notified.replace("vrrp_instance", "global_defs {\n enable_script_security\n}\nvrrp_instance");
    for (name, text, exit, why) in [
        ("notified.toml", &notified, "Some(0)", "pass   a runs `heard.sh INSTANCE V MASTER` once"),
        (
            "secure.toml",
            &secure,
            "Some(3)",
            "a: `enable_script_security`, and / is not root's in a user namespace",
        ),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, text)?;
        let mut run = Command::new(&program);
        run.args(["run", "--world", "netns", "--subject", "a=keepalived,b=engine"]).arg(&file);
        if nix::unistd::Uid::effective().is_root() {
            run.uid(NOBODY).gid(NOBODY);
        }
        let output = run.output()?;
        let said = String::from_utf8([output.stdout, output.stderr].concat())?;
        let fine = format!("{:?}", output.status.code()) == exit && said.contains(why);
        fine.then_some(()).ok_or_else(|| Failed::from(said))?;
    }
    Ok(())
}

fn doctor() -> Result<(), Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_vrrplab")).args(["doctor", "--format", "json"]).output()?;
    is(format!("{:?}", output.status.code()), "Some(0)")?;
    let text = String::from_utf8(output.stdout)?;
    let checks: Vec<vrrplab::doctor::Check> =
        text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let essential = checks.iter().filter(|check| check.essential).count();
    is((essential >= 7).to_string(), "true")?;
    let unaided = checks.iter().find(|c| c.state == vrrplab::doctor::State::Missing && c.remedy.is_none());
    match unaided {
        Some(check) => Err(format!("nothing is said against the lack of {}", check.name).into()),
        None => Ok(()),
    }
}
