//! Commands that the daemon runs when something changes.

/// The notify scripts of an instance or a group.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Notify {
    /// `notify_master`.
    pub master: Option<Command>,
    /// `notify_backup`.
    pub backup: Option<Command>,
    /// `notify_fault`.
    pub fault: Option<Command>,
    /// `notify_stop`.
    pub stop: Option<Command>,
    /// `notify`: run on every change with type, name, state and priority added.
    pub any: Option<Command>,
    /// `notify_deleted` with a script.
    pub deleted: Option<Command>,
    /// `notify_master_rx_lower_pri`.
    pub master_rx_lower_pri: Option<Command>,
}

/// A command and whom to run it as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// User and group, where given.
    pub user: Option<(String, Option<String>)>,
}
