//! Programs that run on hosts beside the daemons: on the real kernel they do run, in the simulator it is only known
//! that they do.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use vrrplab_engine::config::{TrackProcess, comm};
use vrrplab_engine::time::Instant;

/// `[[node.NAME.process]]` or `[[client.NAME.process]]`: a program that runs on the host, whatever becomes of its
/// daemon. It ends with the host's power, and a host that comes back is bare: an act `process` starts it again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// `run`: program and arguments. On the real kernel it stays in the foreground, and `/run` is its folder.
    pub argv: Vec<String>,
    /// `files = { "/run/haproxy.cfg" = "haproxy.cfg" }`: by path on the host what is in files of its. A text of one line
    /// is a path beside the scenario, one of several lines the content.
    pub files: BTreeMap<String, String>,
    /// `start`: when it is started; `None` (written `start = "never"`) leaves that to an act `process`. Default 0 s:
    /// before any daemon.
    pub start: Option<Instant>,
    /// `ready = "tcp 192.168.10.170:80"`: the run begins when this takes connections, if the program starts with it. The
    /// simulator, which has no TCP, does without.
    pub ready: Option<SocketAddr>,
}

impl Service {
    /// The program without its folder, as in `haproxy`.
    pub fn name(&self) -> &str {
        let program = &self.argv[0];
        program.rsplit('/').next().unwrap_or(program)
    }

    /// Program and arguments with a blank between.
    pub fn command(&self) -> String {
        self.argv.join(" ")
    }

    /// Whether a `vrrp_track_process` counts it.
    pub fn is_counted_by(&self, track: &TrackProcess) -> bool {
        match track.counted_name() {
            Some(name) => name == comm(&self.argv[0]),
            None => track.counts_command(&self.argv.iter().map(String::as_bytes).collect::<Vec<_>>()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(text: &str) -> TrackProcess {
        let text = format!("vrrp_track_process p {{\n{text}\n}}\n");
        let mut reading = vrrplab_engine::config::read("k", &text, &vrrplab_engine::config::NoSources);
        let config = &mut reading.config;
        config.processes.pop().expect("it has one")
    }

    #[test]
    fn a_program_is_counted_by_its_name_or_its_command_line() {
        let argv = ["/usr/sbin/haproxy", "-db", "-f", "a.cfg"].map(String::from).to_vec();
        let haproxy = Service { argv, files: BTreeMap::new(), start: None, ready: None };
        let counted = |text: &str| haproxy.is_counted_by(&track(text));
        assert!(counted("process haproxy"));
        assert!(counted("process /sbin/haproxy"));
        assert!(!counted("process nginx"));
        assert!(!counted("process haproxy\nfull_command"));
        assert!(counted("process /usr/sbin/haproxy -db -f a.cfg"));
        assert!(!counted("process /usr/sbin/haproxy -db"));
        assert!(counted("process /usr/sbin/haproxy -db\nparam_match initial"));
        assert!(counted("process /usr/sbin/haproxy -db -f a\nparam_match partial"));
        assert!(!counted("process /usr/sbin/haproxy -db -g\nparam_match partial"));
    }
}
