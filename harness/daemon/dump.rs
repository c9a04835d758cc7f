//! What is written on SIGUSR1 and SIGUSR2, beside which a person looks for keepalived's own. The form is ours: the
//! configuration as it is in effect, states, counters.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use vrrplab_engine::Node;
use vrrplab_engine::boundary::InstanceId;
use vrrplab_engine::config::Config;
use vrrplab_engine::vrrp::{Reject, State};

use crate::report::effective;

/// The configuration that is in effect.
pub(super) fn configuration(config: &Config) -> String {
    effective::text(&config.effective())
}

/// States first, then the configuration.
pub(super) fn data(node: &Node) -> String {
    let mut text = String::from("# vrrplab: states and effective configuration\n");
    for (n, instance) in node.config().instances.iter().enumerate() {
        let id = InstanceId(n as u16);
        let (state, priority) = (state(node, id), node.vrrp().priority(id));
        text.push_str(&format!("# {}: {state}, effective priority {priority}\n", instance.name));
    }
    text + "\n" + &configuration(node.config())
}

/// The counters, in keepalived's words where it has them.
pub(super) fn stats(node: &Node) -> String {
    let mut text = String::new();
    for (n, instance) in node.config().instances.iter().enumerate() {
        let counters = node.vrrp().counters(InstanceId(n as u16));
        text.push_str(&format!(
            "VRRP Instance: {}\n  Advertisements:\n    Received: {}\n    Sent: {}\n  Became master: {}\n  Released \
             master: {}\n  Priority Zero:\n    Received: {}\n    Sent: {}\n  Refused:\n",
            instance.name,
            counters.received,
            counters.sent,
            counters.became_master,
            counters.released_master,
            counters.received_priority_zero,
            counters.sent_priority_zero,
        ));
        for reason in Reject::ALL.into_iter().filter(|r| counters.rejected(*r) > 0) {
            text.push_str(&format!("    {}: {}\n", reason.words(), counters.rejected(reason)));
        }
    }
    text
}

fn state(node: &Node, id: InstanceId) -> &'static str {
    node.vrrp().state(id).map_or("not started", State::name)
}

/// Writes a whole file in a folder where everybody may write: it is made anew, so that a link that somebody else put
/// there leads nowhere.
pub(super) fn write(path: &str, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    io::Write::write_all(&mut file, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vrrplab_engine::boundary::{Cost, Effects, HostFacts, Input};
    use vrrplab_engine::config::{self, NoSources};
    use vrrplab_engine::time::Instant;

    use super::*;

    const TEXT: &str = "vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n priority 200\n \
                        virtual_ipaddress {\n  10.9.0.100/24\n }\n}\n";

    #[test]
    fn the_dump_of_the_data_says_states_and_what_is_in_effect() {
        let config = config::read("t.conf", TEXT, &NoSources).config;
        let mut node = Node::new(Arc::new(config), &HostFacts::default());
        node.handle(Input::Start, Instant::ZERO, &mut Effects::new(Cost::FREE));
        let data = data(&node);
        assert!(data.contains("# VI_1: Fault, effective priority 200\n"), "{data}");
        assert!(data.contains("    priority 200\n"), "{data}");
        assert!(stats(&node).contains("VRRP Instance: VI_1\n"), "{}", stats(&node));
    }

    #[test]
    fn a_dump_is_not_written_through_a_link_that_somebody_left() {
        let folder = std::env::temp_dir().join(format!("vrrplab-dump-{}", std::process::id()));
        fs::create_dir(&folder).expect("a folder");
        let (target, link) = (folder.join("target"), folder.join("link"));
        fs::write(&target, "mine").expect("a file");
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        write(link.to_str().expect("a path"), "dump").expect("a dump");
        assert_eq!(fs::read_to_string(&target).expect("a file"), "mine");
        assert_eq!(fs::read_to_string(&link).expect("a file"), "dump");
        fs::remove_dir_all(&folder).expect("to remove it");
    }
}
