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
