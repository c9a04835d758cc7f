//! The BFD part of the dump. Left out as runtime state: sockets, threads, discriminators, what the neighbour says.

use vrrplab_engine::config::effective::Setting;

/// Dump words and the keywords they stand for.
const WORDS: &[(&str, &str)] = &[
    ("Neighbor IP", "neighbor_ip"),
    ("Source IP", "source_ip"),
    ("Required min RX interval", "min_rx"),
    ("Desired min TX interval", "min_tx"),
    ("Desired idle TX interval", "idle_tx"),
    ("Detection multiplier", "multiplier"),
    ("TTL", "ttl"),
    ("hoplimit", "hoplimit"),
    ("Hoplimit", "hoplimit"),
    ("max_hops", "max_hops"),
    ("passive", "passive"),
    ("send event to VRRP process", "vrrp"),
    ("send event to checker process", "checker"),
];

/// The settings that the BFD part of a dump shows.
pub fn bfd(dump: &str) -> Vec<Setting> {
    let mut out: Vec<Setting> = Vec::new();
    for (name, value) in dump.lines().filter_map(|line| line.trim().split_once(" = ")) {
        if name == "BFD Instance" {
            out.push(Setting::block("bfd_instance", Some(value), Vec::new()));
        } else if let Some(block) = out.last_mut()
            && let Some((_, keyword)) = WORDS.iter().find(|(word, _)| *word == name)
        {
            block.inside.push(Setting::value(*keyword, spelled(value)));
        }
    }
    out
}

/// Times in milliseconds, switches as `true` and `false`.
fn spelled(value: &str) -> String {
    if let Some(micros) = value.strip_suffix(" us").and_then(|n| n.parse::<u64>().ok()) {
        return format!("{}.{:03}", micros / 1000, micros % 1000);
    }
    match value {
        "Yes" => "true".into(),
        "No" => "false".into(),
        _ => value.into(),
    }
}
