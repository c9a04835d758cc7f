//! Routes and policy rules. Their options are checked and kept as words: nothing here decides elections.

/// A line of `virtual_routes` or `static_routes`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    /// What kind of route: `unicast`, `blackhole`, …; empty for an ordinary one.
    pub kind: String,
    /// Where to: `10.1.0.0/16`, `default`.
    pub destination: String,
    /// Its options.
    pub options: Vec<RouteOption>,
    /// `nexthop`: what each next hop says.
    pub nexthops: Vec<Vec<RouteOption>>,
}

/// A line of `virtual_rules` or `static_rules`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// What it matches and does.
    pub options: Vec<RouteOption>,
}

/// An option of a route or a rule in its first spelling: `table` for `lookup`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteOption {
    /// `via`, `table`, …
    pub name: &'static str,
    /// Its value as written, empty if it takes none.
    pub value: String,
}

impl Route {
    /// The value of an option, if it is given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|o| o.name == name).map(|o| o.value.as_str())
    }
}

impl Rule {
    /// The value of an option, if it is given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|o| o.name == name).map(|o| o.value.as_str())
    }
}
