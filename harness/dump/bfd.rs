//! The BFD part of the dump.

use vrrplab_engine::config::effective::Setting;

/// The settings that the BFD part of a dump shows.
pub fn bfd(dump: &str) -> Vec<Setting> {
    let _ = dump;
    Vec::new()
}
