//! What a scenario asks for that only the simulator can do, and what of it a subject cannot.

mod frr;

use vrrplab_engine::boundary::Cost;
use vrrplab_engine::config::{Command, Config, Notify};
use vrrplab_sim::neighbour::Manners;
use vrrplab_sim::scenario::{
    Fault, Host, HostIndex, HostSettings, Medium, NetworkFault, NodeSpec, Role, Scenario, Segment,
    SegmentIndex, SwitchKind,
};
use vrrplab_sim::world::describe;

use crate::files;
use crate::netem;
use crate::subject::{Subject, Subjects};

/// Why a scenario cannot run on the real kernel with these subjects, if it cannot.
pub fn unfit(scenario: &Scenario, subjects: &Subjects) -> Option<String> {
    on_the_kernel(scenario).or_else(|| {
        (0..scenario.hosts.len()).find_map(|h| match subjects.of(&scenario.hosts[h].name) {
            Some(Subject::Frr(_)) => frr::unfit(scenario, HostIndex(h)),
            Some(subject @ Subject::Keepalived(version)) => keepalived_unfit(&scenario.hosts[h])
                .or_else(|| version.as_ref().and_then(|_| version_unfit(subject, &scenario.hosts[h]))),
            _ => None,
        })
    })
}

fn on_the_kernel(scenario: &Scenario) -> Option<String> {
    let faults = scenario.script.iter().find_map(|act| match &act.fault {
        Fault::Process { node, pattern, .. } => word_only(&scenario.hosts[node.0], pattern),
        _ => None,
    });
    faults.or_else(|| bridge_unfit(scenario)).or_else(|| {
        scenario.hosts.iter().find_map(|host| host_unfit(host).map(|why| format!("{}: {why}", host.name)))
    })
}

/// An act about processes that are mere words.
fn word_only(host: &Host, pattern: &str) -> Option<String> {
    let real = host.services.iter().any(|service| service.command().contains(pattern));
    (!real).then(|| format!("act `process`: without a [[node.{}.process]] it is said, not done", host.name))
}

/// What keepalived cannot do in a namespace.
fn keepalived_unfit(host: &Host) -> Option<String> {
    let Role::Node(node) = &host.role else { return None };
    (!node.reading.config.processes.is_empty()).then(|| {
        let why = "the kernel tells of processes in its first namespaces alone";
        format!("{}: `vrrp_track_process`: {why}", host.name)
    })
}

/// What a keepalived that a dynamic loader starts cannot do: see `roots`.
fn version_unfit(subject: &Subject, host: &Host) -> Option<String> {
    let Role::Node(node) = &host.role else { return None };
    node.reading.config.global.other.contains_key("reload_check_config").then(|| {
        let why = "what it starts to check a file is /proc/self/exe, its loader";
        format!("{}: `reload_check_config` with {subject}: {why}", host.name)
    })
}

/// Programs that the scenario runs for real and this machine lacks, with what installs the first. The names are those that a
/// shell's user would find.
pub fn lacks(scenario: &Scenario) -> Option<String> {
    scenario.hosts.iter().find_map(|host| {
        let services = host.services.iter().map(|service| service.argv[0].as_str());
        let commands = match &host.role {
            Role::Node(node) => commands_that_need(node),
            Role::Client(_) => Vec::new(),
        };
        let program = services.chain(commands).find(|program| files::program(program).is_none())?;
        Some(format!("{program} is not installed: {}", files::installs(program)))
    })
}

/// What only a root of the whole machine can do: in a user namespace `/` belongs to nobody, and there is one user.
pub fn needs_root(scenario: &Scenario) -> Option<String> {
    scenario.hosts.iter().find_map(|host| {
        let Role::Node(node) = &host.role else { return None };
        let config = &node.reading.config;
        let commands = commands(config);
        let other = |command: &&Command| command.user.as_ref().is_some_and(|(user, _)| user != "root");
        let why = match commands.iter().copied().find(other) {
            Some(command) => format!("`{}` has a user of its own", command.argv.join(" ")),
            None if config.global.script_security && !commands.is_empty() => {
                "`enable_script_security`, and / is not root's in a user namespace".to_string()
            }
            None => return None,
        };
        Some(format!("{}: {why}: run it as root", host.name))
    })
}

/// The commands that a daemon with this configuration may run.
pub fn commands(config: &Config) -> Vec<&Command> {
    let notifies = config.instances.iter().map(|i| &i.notify).chain(config.groups.iter().map(|g| &g.notify));
    let notified = notifies.flat_map(|n| {
        let Notify { master, backup, fault, stop, any, deleted, master_rx_lower_pri } = n;
        [master, backup, fault, stop, any, deleted, master_rx_lower_pri].into_iter().flatten()
    });
    notified.chain(config.scripts.iter().map(|s| &s.command)).collect()
}

/// The programs of tracked scripts that find out by themselves.
fn commands_that_need(node: &NodeSpec) -> Vec<&str> {
    let needing = |argv: &[String]| {
        let command = argv.join(" ");
        let model = node.scripts.iter().find(|model| command.contains(&*model.pattern));
        model.is_some_and(|model| model.needs.is_some())
    };
    let scripts = node.reading.config.scripts.iter().map(|script| &script.command.argv);
    scripts.filter(|argv| needing(argv)).filter_map(|argv| argv.first()).map(String::as_str).collect()
}

/// What a bridge of the kernel, or its netem, would be asked for and has not.
fn bridge_unfit(scenario: &Scenario) -> Option<String> {
    let kind = |segment: SegmentIndex| scenario.segments[segment.0].switch;
    let all = (0..scenario.segments.len()).map(SegmentIndex);
    let of_the_kernel: Vec<SegmentIndex> = all.filter(|s| kind(*s) != SwitchKind::Ours).collect();
    let first = *of_the_kernel.first()?;
    if let Some(why) = of_the_kernel.iter().find_map(|s| segment_unfit(scenario, *s)) {
        return Some(why);
    }
    let ours = |s: &SegmentIndex| kind(*s) == SwitchKind::Ours;
    if let Some(trunk) = scenario.trunks.iter().find(|t| !t.between.iter().all(ours)) {
        return Some(format!("trunk {}: {} has none", trunk.name, switch(scenario, first)));
    }
    let impairs = |fault: &NetworkFault| match fault {
        NetworkFault::Impair { on: Medium::Segment(s), .. } | NetworkFault::Clear(Medium::Segment(s)) => {
            kind(*s) == SwitchKind::Netem
        }
        _ => false,
    };
    let act = scenario.script.iter().find(|act| matches!(&act.fault, Fault::Network(f) if !impairs(f)))?;
    let fault = describe(scenario, &act.fault);
    Some(match kind(first) {
        SwitchKind::Netem => {
            format!("act `{fault}`: {} impairs and does nothing else", switch(scenario, first))
        }
        _ => format!("act `{fault}`: {} can only lose carriers and hosts", switch(scenario, first)),
    })
}

/// The segment and what its switch is, in words.
fn switch(scenario: &Scenario, segment: SegmentIndex) -> String {
    let spec = &scenario.segments[segment.0];
    match spec.switch {
        SwitchKind::Netem => format!("segment {}: the kernel's netem", spec.name),
        _ => format!("segment {}: a `switch` of the kernel", spec.name),
    }
}

/// What the switch of one segment has not.
fn segment_unfit(scenario: &Scenario, segment: SegmentIndex) -> Option<String> {
    let spec = &scenario.segments[segment.0];
    let netem = spec.switch == SwitchKind::Netem;
    let plain = Segment {
        switch: spec.switch,
        latency: spec.latency,
        impairments: if netem { spec.impairments.clone() } else { Vec::new() },
        ..Segment::plain(spec.name.clone())
    };
    if *spec != plain {
        let what = if netem { "learns, forwards and impairs" } else { "learns and forwards" };
        return Some(format!("{} only {what}", switch(scenario, segment)));
    }
    let why = netem.then(|| netem::unfit(scenario, segment)).flatten()?;
    Some(format!("{}: {why}", switch(scenario, segment)))
}

fn host_unfit(host: &Host) -> Option<&'static str> {
    let ageing = |m: &Manners| matches!(m, Manners::Ageing(_));
    if host.links.iter().any(|link| link.settings.neighbours.iter().any(ageing)) {
        return Some("`neighbour`: the kernel keeps neighbours as Linux does");
    }
    if host.settings != HostSettings::default() {
        return Some("`sysctl` of the whole machine: rmem_default and gc_thresh1 belong to no namespace");
    }
    match &host.role {
        Role::Node(node) if node.cost != Cost::RECORDED => Some(
            "`cost`: computing is free on the virtual clock and takes what it takes on a real one: it is for the simulator",
        ),
        Role::Node(node) if !node.processes.is_empty() => Some("`processes`: how many run is said, not done"),
        Role::Node(_) | Role::Client(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Beside;

    /// Why this cannot run, of a scenario with two routers on the segments `lan`, a kernel's, and `x`, ours.
    fn why(lan: &str, more: &str) -> Option<String> {
        why_with("kernel", lan, more)
    }

    fn why_with(switch: &str, lan: &str, more: &str) -> Option<String> {
        let node = |n: u32, segment: &str| {
            format!(
                "[node.n{n}]\nlink.eth0 = {{ segment = \"{segment}\", address = [\"10.0.0.{n}/24\"] }}\nconfig = '''\n\
                 vrrp_instance V {{\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {{\n 10.0.0.9/24\n }}\n}}\n'''\n"
            )
        };
        let (one, two) = (node(1, "lan"), node(2, "x"));
        let head = "title = \"T\"\nduration = \"9s\"\n";
        let text =
            format!("{head}[segment.lan]\nswitch = \"{switch}\"\n{lan}\n[segment.x]\n{one}{two}{more}");
        let read = vrrplab_sim::scenario::read("t.toml", &text, &Beside::file("t.toml".as_ref()));
        assert!(!read.scenarios.is_empty(), "{:?}", read.findings);
        unfit(&read.scenarios[0], &Subjects::all(Subject::Engine))
    }

    #[test]
    fn a_version_that_a_loader_starts_cannot_check_files() {
        let text = "title = \"T\"\nduration = \"9s\"\n[segment.lan]\n[node.a]\nlink.eth0 = { segment = \"lan\", address = \
                    [\"10.0.0.1/24\"] }\nconfig = '''\nglobal_defs {\n reload_check_config /run/log\n}\nvrrp_instance V {\n \
                    interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.9/24\n }\n}\n'''\n";
        let read = vrrplab_sim::scenario::read("t.toml", text, &Beside::file("t.toml".as_ref()));
        assert!(!read.scenarios.is_empty(), "{:?}", read.findings);
        let why = |subject: &str| unfit(&read.scenarios[0], &subject.parse().expect("it reads"));
        assert_eq!(why("keepalived"), None);
        let refused = why("keepalived@2.3.3").expect("the loader would be started");
        assert!(refused.starts_with("a: `reload_check_config` with keepalived@2.3.3: "), "{refused}");
    }

    #[test]
    fn a_cost_is_for_the_simulator() {
        assert_eq!(why("", "cost = { reload = \"0s\", address = \"10us\" }\n"), None, "as it is anyway");
        let refused =
            why("", "cost = { reload = \"4s\" }\n").expect("no kernel takes 4 s because a text says so");
        assert!(refused.starts_with("n2: `cost`: computing is free on the virtual clock"), "{refused}");
    }

    #[test]
    fn a_kernel_switch_loses_carriers_and_hosts_and_nothing_else() {
        let act = |act: &str| why("", &format!("[[at]]\ntime = \"1s\"\n{act}\n"));
        assert_eq!(act("crash = \"n1\""), None);
        assert_eq!(act("carrier = \"n1\"\nstate = \"down\""), None);
        assert_eq!(why("latency = \"1us\"", ""), None, "it takes what it takes");
        let refused = act("impair = { on = \"lan\", loss = \"5%\" }").expect("a bridge loses nothing");
        assert!(refused.starts_with("act `impair "), "{refused}");
        for had in ["snooping = true", "forward_delay = \"1s\"", "impair = { loss = \"5%\" }"] {
            let refused = why(had, "").unwrap_or_else(|| panic!("a bridge has no {had}"));
            assert_eq!(refused, "segment lan: a `switch` of the kernel only learns and forwards");
        }
        let trunk = why("", "[trunk.t]\nbetween = [\"lan\", \"x\"]\n").expect("a bridge has no trunk");
        assert!(trunk.starts_with("trunk t: "), "{trunk}");
    }

    #[test]
    fn netem_impairs_by_port_and_nothing_else() {
        let act = |act: &str| why_with("netem", "", &format!("[[at]]\ntime = \"1s\"\n{act}\n"));
        for fine in [
            "impair = { on = \"lan\", loss = \"5%\", delay = \"20ms\", jitter = \"2ms\", rate = \"64kbit/s\" }",
            "impair = { on = \"lan\", to = \"n1\", duplicate = \"5%\", for = \"2s\" }",
            "clear = \"lan\"",
            "crash = \"n1\"",
        ] {
            assert_eq!(act(fine), None, "{fine}");
        }
        for (key, word) in [
            ("frames = \"vrrp\", loss = \"5%\"", "`frames`"),
            ("from = \"n1\", loss = \"5%\"", "`from`"),
            ("reorder = \"5%\", gap = \"1s\"", "`reorder`"),
            ("corrupt = \"5%\"", "`corrupt`"),
            ("delay = \"1s\", jitter = \"5s\"", "`jitter`"),
            ("rate = \"9601bit/s\"", "`rate`"),
            ("rate = \"64kbit/s\", queue = \"3000B\"", "`queue`"),
        ] {
            let refused =
                act(&format!("impair = {{ on = \"lan\", {key} }}")).unwrap_or_else(|| panic!("{key}"));
            assert!(refused.starts_with(&format!("segment lan: the kernel's netem: {word}")), "{refused}");
        }
        let refused = act("heal = \"lan\"").expect("a bridge has no partitions");
        assert!(refused.ends_with("the kernel's netem impairs and does nothing else"), "{refused}");
        let refused = why_with("netem", "snooping = true", "").expect("it does not snoop");
        assert_eq!(refused, "segment lan: the kernel's netem only learns, forwards and impairs");
    }
}
