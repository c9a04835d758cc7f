//! Where keepalived's versions differ from each other, as named choices. The engine, and whoever judges it, read
//! the same table. A row says where it is from: *run* (seen in a recording of that version) or *read* (from its
//! source only).

/// A keepalived version's choices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quirks {
    /// Version, as `keepalived --version` says.
    pub version: &'static str,
    /// An advert whose address list is not ours is refused; later versions only count it
    /// (vrrp.c:vrrp_check_packet; changed in 2.3.3).
    pub address_list_must_match: bool,
    /// Of two owners (priority 255) the one that hears the other first lowers itself to 254 for good and yields,
    /// whatever the addresses (vrrp.c:vrrp_state_master_rx). Otherwise the lower address yields and stays an owner.
    pub owner_yields_to_owner: bool,
    /// `init_fail` holds a script for bad until `rise` successes; in 2.2.7 and 2.3.3 it does nothing (recorded:
    /// `script-init-fail-slow`; for 2.3.3 with a script whose path has no link in it).
    pub init_fail_works: bool,
}

impl Quirks {
    /// keepalived 2.2.7, as Debian 12 ships it. Run.
    pub const V2_2_7: Quirks = Quirks {
        version: "2.2.7",
        address_list_must_match: true,
        owner_yields_to_owner: true,
        init_fail_works: false,
    };

    /// keepalived 2.3.3, as Debian 13 ships it. Run: `golden/deviations.toml` has where its runs differ from 2.2.7's, and why.
    pub const V2_3_3: Quirks = Quirks {
        version: "2.3.3",
        address_list_must_match: false,
        owner_yields_to_owner: false,
        init_fail_works: false,
    };

    /// keepalived 2.4. Read.
    pub const V2_4: Quirks = Quirks {
        version: "2.4",
        address_list_must_match: false,
        owner_yields_to_owner: false,
        init_fail_works: true,
    };
}
