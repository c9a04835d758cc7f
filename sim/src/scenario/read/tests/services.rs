//! Programs beside the daemons.

use super::*;
use crate::scenario::Service;

fn with(process: &str) -> String {
    VALID.replace("[node.b]", &format!("{process}\n[node.b]"))
}

fn service(process: &str) -> Service {
    let mut file = read("t.toml", &with(process), &Stub);
    assert_eq!(file.findings, []);
    file.scenarios[0].hosts[0].services.pop().expect("it has one")
}

#[test]
fn a_command_is_split_as_a_shell_would_and_nothing_in_it_is_expanded() {
    let read = service(
        "[[node.a.process]]\nrun = \"sh -c 'exec a  b' $HOME\"\nstart = \"2s\"\nready = \"tcp 127.0.0.1:80\"",
    );
    assert_eq!(read.argv, ["sh", "-c", "exec a  b", "$HOME"]);
    assert_eq!((read.name(), read.start), ("sh", Some(Instant::from_micros(2_000_000))));
    assert_eq!(read.ready, Some("127.0.0.1:80".parse().expect("an address")));
    assert_eq!(service("[[node.a.process]]\nrun = [\"sh\", \"a b\"]").argv, ["sh", "a b"]);
}

#[test]
fn a_file_of_one_line_is_beside_the_scenario_and_others_are_the_content() {
    let files = "files = { \"/run/a\" = \"web.cfg\", \"/run/b\" = \"one\\ntwo\\n\" }";
    let read = service(&format!("[[node.a.process]]\nrun = \"x\"\n{files}"));
    assert_eq!(read.files["/run/a"], "listen web\n");
    assert_eq!(read.files["/run/b"], "one\ntwo\n");
}

#[test]
fn a_process_that_could_never_run_as_written_is_a_mistake() {
    check(
        &with(
            r#"[[node.a.process]]
start = "1s"
[[node.a.process]]
run = "haproxy > /tmp/log"
[[node.a.process]]
run = "haproxy 'a"
[[node.a.process]]
run = ""
[[node.a.process]]
run = "x"
ready = "tcp 192.168.10.240:80"
files = { "x.cfg" = "web.cfg", "/run/y" = "no.cfg" }
[[node.a.process]]
run = "x"
ready = "127.0.0.1""#,
        ),
        r#"
7:1 missing-key: a process needs `run` | run = "haproxy -db -f haproxy.cfg"
10:7 bad-command: no shell reads this command: `>` would be an argument | run = ["sh", "-c", "…"]
12:7 bad-command: a quote in this command does not end | run = "haproxy -db -f haproxy.cfg"
14:7 bad-command: this command names no program | run = "haproxy -db -f haproxy.cfg"
17:9 bad-address: a has no address 192.168.10.240 before its daemon runs | ready = "tcp 192.168.10.170:80"
18:11 bad-path: `x.cfg` is no path from the root of the host | "/run/x.cfg"
18:43 unreadable-file: cannot read no.cfg: no such file
21:9 bad-address: `127.0.0.1` is no place to connect to | ready = "tcp 192.168.10.170:80""#,
    );
}

#[test]
fn a_script_needs_a_process_that_there_is() {
    let scripts = r#"[[node.a.process]]
run = "/usr/sbin/haproxy -db"
[[node.a.script]]
match = "killall"
needs = "haproxy"
[[node.a.script]]
match = "x"
needs = "hapoxy"
exit = 2"#;
    check(
        &with(scripts),
        r#"
14:1 unknown-name: no process is called `hapoxy` here | did you mean `haproxy`?
15:1 misplaced-key: a script that `needs` a process has no `exit`: that process decides"#,
    );
}

#[test]
fn no_more_run_than_there_are() {
    let act = "[[at]]\ntime = \"1s\"\nprocess = { node = \"a\", match = \"haproxy\", running = 2 }\n";
    let text = with("[[node.a.process]]\nrun = \"haproxy -db\"") + act;
    check(&text, "17:44 bad-number: a has 1 of them, not 2 | at most 1, or another [[node.a.process]]");
}
