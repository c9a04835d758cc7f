//! The effective configuration as a tree of settings: what the daemon runs after every default, copy and
//! correction. Text and JSON are made from it, and it is what a daemon's own dump is compared with.

/// A setting, or a block of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setting {
    /// The keyword that sets it, in keepalived's spelling: `advert_int`; of a list's entry what identifies it.
    pub name: String,
    /// Its value in keepalived's spelling and unit; `None` for a block.
    pub value: Option<String>,
    /// What is inside a block, in a fixed order.
    pub inside: Vec<Setting>,
}

impl Setting {
    /// A setting with its value.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over numbers and words alike")]
    pub fn value(name: impl Into<String>, value: impl ToString) -> Setting {
        Setting { name: name.into(), value: Some(value.to_string()), inside: Vec::new() }
    }

    /// A block; `value` is its name where it has one (`vrrp_instance VI_1`).
    pub fn block(name: impl Into<String>, value: Option<&str>, inside: Vec<Setting>) -> Setting {
        Setting { name: name.into(), value: value.map(String::from), inside }
    }
}
