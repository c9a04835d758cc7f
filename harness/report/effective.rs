//! The effective configuration as people and machines read it: like a keepalived.conf, or as JSON.

use serde::Serialize;
use vrrplab_engine::config::effective::Setting;

/// The settings in keepalived's own language.
pub fn text(settings: &[Setting]) -> String {
    let mut out = String::new();
    for setting in settings {
        if !out.is_empty() && !setting.inside.is_empty() {
            out.push('\n');
        }
        write(setting, 0, &mut out);
    }
    out
}

fn write(setting: &Setting, depth: usize, out: &mut String) {
    // An entry of a list is its name alone.
    let value = setting.value.as_deref().filter(|value| !value.is_empty());
    let value = value.map_or_else(String::new, |value| format!(" {}", quoted(value)));
    out.push_str(&"    ".repeat(depth));
    if setting.inside.is_empty() {
        out.push_str(&format!("{}{value}\n", setting.name));
        return;
    }
    out.push_str(&format!("{}{value} {{\n", setting.name));
    for inner in &setting.inside {
        write(inner, depth + 1, out);
    }
    out.push_str(&format!("{}}}\n", "    ".repeat(depth)));
}

/// A value that would read back as something else needs quotes; those of a command are its own.
fn quoted(value: &str) -> String {
    let plain = value.contains('"') || !value.contains(['#', '!', '{', '}']);
    if plain { value.to_string() } else { format!("\"{value}\"") }
}

#[derive(Serialize)]
struct Node<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inside: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    settings: Vec<Node<'a>>,
}

fn node(setting: &Setting) -> Node<'_> {
    let inside = setting.inside.iter().map(node).collect();
    Node { name: &setting.name, value: setting.value.as_deref(), inside }
}

/// The settings of a file as one line.
pub fn json(file: &str, settings: &[Setting]) -> String {
    let file = File { file, settings: settings.iter().map(node).collect() };
    serde_json::to_string(&file).expect("settings have nothing that JSON cannot say")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Vec<Setting> {
        let addresses = vec![Setting::block("10.0.0.9/24 dev eth0", None, Vec::new())];
        let instance = vec![
            Setting::value("priority", 100),
            Setting::value("notify", "\"/bin/tell me\" root"),
            Setting::block("virtual_ipaddress", None, addresses),
        ];
        let global = vec![Setting::value("router_id", "#1")];
        vec![
            Setting::block("global_defs", None, global),
            Setting::block("vrrp_instance", Some("VI_1"), instance),
        ]
    }

    #[test]
    fn settings_read_like_a_keepalived_conf() {
        let expected = "\
global_defs {
    router_id \"#1\"
}

vrrp_instance VI_1 {
    priority 100
    notify \"/bin/tell me\" root
    virtual_ipaddress {
        10.0.0.9/24 dev eth0
    }
}
";
        assert_eq!(text(&example()), expected);
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn json_says_the_same() {
        let value: serde_json::Value = serde_json::from_str(&json("a.conf", &example())).unwrap();
        assert_eq!(value["file"], "a.conf");
        assert_eq!(value["settings"][1]["value"], "VI_1");
        assert_eq!(value["settings"][1]["inside"][0]["name"], "priority");
        assert_eq!(value["settings"][1]["inside"][2]["inside"][0]["name"], "10.0.0.9/24 dev eth0");
        assert!(value["settings"][0].get("value").is_none());
    }
}
