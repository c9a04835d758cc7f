//! What a configuration wants from its host: interfaces, scripts and users.

use std::collections::BTreeSet;

use vrrplab_engine::config::server::CheckerKind;
use vrrplab_engine::config::{Address, Command, Config, Notify};

/// Names, each once.
#[derive(Default)]
pub(crate) struct Needs {
    pub(crate) interfaces: BTreeSet<String>,
    pub(crate) scripts: BTreeSet<String>,
    pub(crate) users: BTreeSet<String>,
    /// Folders of files that are tracked.
    pub(crate) folders: BTreeSet<String>,
}

impl Needs {
    pub(crate) fn of(config: &Config) -> Needs {
        let mut needs = Needs::default();
        // The daemon wants one of its own for addresses that name none.
        needs.interface("eth0");
        needs.interfaces_of(config);
        for instance in &config.instances {
            needs.notify(&instance.notify);
        }
        for group in &config.groups {
            needs.notify(&group.notify);
        }
        for script in &config.scripts {
            needs.command(&script.command);
        }
        let folder = |path: &String| path.rsplit_once('/').map(|(folder, _)| folder.to_string());
        needs.folders = config.files.iter().filter_map(|f| folder(&f.file)).collect();
        needs.user(config.global.script_user.as_ref());
        // Whom scripts run as where nobody is named.
        needs.users.insert("keepalived_script".into());
        needs.servers(config);
        needs
    }

    fn interfaces_of(&mut self, config: &Config) {
        config.global.default_interface.iter().for_each(|name| self.interface(name));
        self.addresses(&config.static_addresses);
        let made: BTreeSet<_> =
            config.instances.iter().filter_map(|i| i.vmac.as_ref()).map(|vmac| vmac.name.clone()).collect();
        for instance in &config.instances {
            self.interface(&instance.interface);
            self.addresses(&instance.addresses);
            self.addresses(&instance.excluded);
            instance.tracks.interfaces.iter().for_each(|track| self.interface(&track.name));
        }
        config.garp_groups.iter().flat_map(|g| &g.interfaces).for_each(|name| self.interface(name));
        self.routes(config);
        for group in &config.groups {
            group.tracks.interfaces.iter().for_each(|track| self.interface(&track.name));
        }
        self.interfaces.retain(|name| !made.contains(name));
    }

    /// The devices of routes and rules.
    fn routes(&mut self, config: &Config) {
        let routes = config.static_routes.iter().chain(config.instances.iter().flat_map(|i| &i.routes));
        let rules = config.static_rules.iter().chain(config.instances.iter().flat_map(|i| &i.rules));
        let of_routes = routes.flat_map(|r| r.options.iter().chain(r.nexthops.iter().flatten()));
        for option in of_routes.chain(rules.flat_map(|r| &r.options)) {
            if matches!(option.name, "dev" | "iif" | "oif") {
                self.interface(&option.value);
            }
        }
    }

    fn addresses(&mut self, addresses: &[Address]) {
        addresses.iter().for_each(|address| self.interface(&address.dev));
    }

    fn interface(&mut self, name: &str) {
        if !name.is_empty() && name != "lo" {
            self.interfaces.insert(name.into());
        }
    }

    fn notify(&mut self, n: &Notify) {
        let all = [&n.master, &n.backup, &n.fault, &n.stop, &n.any, &n.deleted, &n.master_rx_lower_pri];
        all.into_iter().flatten().for_each(|command| self.command(command));
    }

    fn command(&mut self, command: &Command) {
        self.script(&command.argv);
        self.user(command.user.as_ref());
    }

    fn user(&mut self, user: Option<&(String, Option<String>)>) {
        for name in user.into_iter().flat_map(|(user, group)| std::iter::once(user).chain(group)) {
            self.users.insert(name.clone());
        }
    }

    /// A program without a path is looked for where programs are.
    fn script(&mut self, argv: &[String]) {
        if let Some(program) = argv.first().filter(|program| !program.is_empty()) {
            let path = match program {
                absolute if absolute.starts_with('/') => absolute.clone(),
                relative if relative.contains('/') => format!("/lab/{relative}"),
                name => format!("/usr/local/bin/{name}"),
            };
            self.scripts.insert(path);
        }
    }

    fn servers(&mut self, config: &Config) {
        for vs in &config.virtual_servers {
            for command in vs.quorum_up.iter().chain(&vs.quorum_down) {
                self.command(command);
            }
            for rs in &vs.real_servers {
                rs.notify_up.iter().chain(&rs.notify_down).for_each(|command| self.command(command));
                for checker in &rs.checkers {
                    if let CheckerKind::Misc(misc) = &checker.kind {
                        self.script(&misc.script);
                        self.user(misc.user.as_ref());
                    }
                }
            }
        }
    }

    /// Commands for `ip -batch` that make the interfaces: a cable each, with an address.
    pub(crate) fn links(&self) -> String {
        let mut out = String::from("link set lo up\n");
        for (n, name) in self.interfaces.iter().enumerate() {
            let peer = format!("peer{n}");
            out.push_str(&format!("link add {name} type veth peer name {peer}\n"));
            out.push_str(&format!("addr add 10.255.{}.1/24 dev {name}\n", n % 256));
            out.push_str(&format!("link set {name} up\nlink set {peer} up\n"));
        }
        out
    }
}
