//! `vrrplab bench takeover`: how long takeovers take beside those of another daemon on the real kernel.
//!
//! What is measured is the first advert of the new master minus the last of the old one minus the Master_Down_Interval: all
//! that a daemon adds to what the protocol asks for, from hearing an advert late to sending one late.

mod plot;
mod samples;
mod table;

use std::fmt;

use vrrplab_engine::config::Version;
use vrrplab_engine::time::Duration;
use vrrplab_engine::vrrp::timing;

use crate::subject::Subject;

pub use plot::svg;
pub use samples::{Difference, Sample, Samples};
pub use table::{Verdict, table};

/// The priority of all routers: whoever comes back finds a master of its own priority and stays its backup.
const PRIORITY: u8 = 100;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Advert_Interval, in whole centiseconds.
    pub interval: Duration,
    /// Rounds that count.
    pub runs: u32,
    /// Rounds before them that do not.
    pub warm_up: u32,
    /// What chance is drawn from.
    pub seed: u64,
    /// Who is measured, and beside whom.
    pub subjects: [Subject; 2],
}

impl Plan {
    /// Master_Down_Interval of all routers.
    pub fn master_down(&self) -> Duration {
        timing::master_down(Version::V3, PRIORITY, self.interval, 3)
    }

    /// The laboratory as a scenario: nodes a1 and a2 on one bridge, b1 and b2 on another.
    pub fn scenario(&self) -> String {
        let seconds = Seconds(self.interval);
        let mut text = String::from("title = \"Takeovers by turns\"\nduration = \"1s\"\n");
        for pair in ["a", "b"] {
            text.push_str(&format!("[segment.{pair}]\nswitch = \"kernel\"\n"));
            for n in 1..=2 {
                text.push_str(&format!(
                    "[node.{pair}{n}]
link.eth0 = {{ segment = \"{pair}\", address = [\"192.168.10.{n}/24\"] }}
config = '''
vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    version 3
    priority {PRIORITY}
    advert_int {seconds}
    virtual_ipaddress {{
        192.168.10.240/24
    }}
}}
'''
"
                ));
            }
        }
        text
    }
}

/// A time as keepalived.conf has it.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let centiseconds = self.0.as_micros() / 10_000;
        write!(f, "{}.{:02}", centiseconds / 100, centiseconds % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Subjects;

    #[test]
    fn the_laboratory_has_no_mistake() {
        for millis in [100, 1_000, 330] {
            let interval = Duration::from_millis(millis);
            let subjects = [Subject::Engine, Subject::Keepalived(None)];
            let plan = Plan { interval, runs: 1, warm_up: 0, seed: 1, subjects };
            let beside = crate::files::Beside::file("takeover.toml".as_ref());
            let read = vrrplab_sim::scenario::read("takeover.toml", &plan.scenario(), &beside);
            assert!(read.findings.is_empty(), "{:?}", read.findings);
            let scenario = &read.scenarios[0];
            assert_eq!(crate::fit::unfit(scenario, &Subjects::all(Subject::Keepalived(None))), None);
            assert!(scenario.configurations.iter().all(|reading| {
                let instance = &reading.config.instances[0];
                reading.findings.is_empty() && instance.advert_int == interval
            }));
        }
    }
}
