//! The text itself: braces, includes, conditions, definitions, and anything at all.

use proptest::prelude::*;

use super::*;

#[test]
fn unknown_keywords_get_a_suggestion_and_their_block_is_read_over() {
    let unknown = "vrrp_script foo {\nscrip x\n}\nfoo {\nbar {\n}\n}\n// x\npriority 7\n";
    let config = check(
        &format!("{unknown}{PLAIN}"),
        &[
            "1:13 warning missing-keyword: `vrrp_script foo` has no `script`",
            "2:1 warning unknown-keyword: `scrip` is not a keyword in `vrrp_script`",
            "4:1 warning unknown-keyword: `foo` is not a keyword at the top level",
            "8:1 warning unknown-keyword: `//` is not a keyword at the top level",
            "9:1 warning unknown-keyword: `priority` is not a keyword at the top level",
        ],
    );
    assert_eq!(config.instances.len(), 1);
    let help: Vec<_> = read("x", unknown, &NoSources).findings.into_iter().map(|f| f.help).collect();
    assert_eq!(
        help,
        [
            "add `script`",
            "did you mean `script`?",
            "",
            "write `#` for a comment",
            "`priority` belongs in `vrrp_instance`"
        ]
    );
    assert_eq!(did_you_mean("scrip", ["script"]), Some("script"));
}

/// A mistake in the braces is one finding; what runs is what the daemon makes of the rest: router ids and how
/// many addresses, compared with its data.
#[test]
fn a_brace_that_is_wrong_is_one_finding() {
    let at = |text: &str, runs: &[(u8, usize)], expected: &str| {
        let config = check(text, &[expected]);
        let found: Vec<_> = config.instances.iter().map(|i| (i.vrid, i.addresses.len())).collect();
        assert_eq!(found, runs, "{text}");
    };
    let other = PLAIN.replace("VI_1", "VI_2").replace("eth0", "eth1").replace("51", "52");
    let open = PLAIN.strip_suffix("}\n").unwrap();
    at(open, &[(51, 1)], "1:1 warning missing-close: `vrrp_instance` is never closed");
    let next = "1:1 warning missing-close: `vrrp_instance` is not closed before `vrrp_instance`";
    at(&format!("{open}{other}"), &[(52, 2)], next);
    let inner = PLAIN.replacen("    }\n", "    priority 9\n", 1);
    at(&inner, &[(51, 1)], "4:5 warning missing-close: `virtual_ipaddress` is not closed before `priority`");
    let surplus = "8:1 warning surplus-close: a `}` that closes nothing";
    at(&format!("{PLAIN}}}\n{other}"), &[(51, 1), (52, 1)], surplus);
    let early = PLAIN.replacen("51\n", "51\n}\n", 1);
    let closes = "4:1 warning surplus-close: this `}` closes vrrp_instance before `virtual_ipaddress`";
    at(&early, &[(51, 0)], closes);
    let none = "1:1 warning missing-open: `vrrp_instance` has no block";
    at(&PLAIN.replacen(" {", "", 1), &[(51, 1)], none);
    let list = "4:5 warning missing-open: `virtual_ipaddress` has no block";
    at(&PLAIN.replace("ipaddress {", "ipaddress"), &[(51, 1)], list);
    let takes = "4:12 warning unexpected-brace: `priority` takes no block";
    at(&PLAIN.replace("51", "51\npriority 9 {\nfoo\n}"), &[(51, 0)], takes);
    let loose = "1:1 warning unexpected-brace: a `{` without a keyword before it";
    at(&format!("{{\n}}\n{PLAIN}"), &[(51, 1)], loose);
}

#[test]
fn braces_may_stand_anywhere() {
    let text = "vrrp_instance VI_1{interface eth0
        virtual_router_id 51\n virtual_ipaddress { 10.0.0.9 } }";
    assert_eq!(check(text, &[]).instances, check(PLAIN, &[]).instances);
}

/// Files that only exist in this test.
struct Files(&'static [(&'static str, &'static str)]);

impl Sources for Files {
    fn include(&self, pattern: &str, directory: &str) -> Included {
        let path = if pattern.starts_with('/') { pattern.into() } else { format!("{directory}/{pattern}") };
        let matching = self
            .0
            .iter()
            .filter(|(name, _)| path.strip_suffix('*').map_or(*name == path, |p| name.starts_with(p)));
        let (secret, files): (Vec<_>, Vec<_>) = matching.partition(|(name, _)| name.ends_with("secret"));
        Included {
            files: files
                .iter()
                .map(|(name, text)| Source { name: (*name).into(), text: (*text).into() })
                .collect(),
            unreadable: secret.iter().map(|(name, _)| format!("{name}: permission denied")).collect(),
            no_directory: path.ends_with("/*") && path.contains("nowhere"),
        }
    }
}

#[test]
fn includes_are_read_in_place_and_findings_name_the_file() {
    let files = Files(&[
        ("/etc/keepalived/conf.d/a", "vrrp_instance A {\ninclude vips\n"),
        ("/etc/keepalived/conf.d/b", "interface eth0\nvirtual_router_id 0\nvirtual_router_id 7\n}\n"),
        ("/etc/keepalived/conf.d/secret", ""),
        ("/etc/keepalived/conf.d/vips", "virtual_ipaddress {\n10.0.0.9\n}\ninclude vips\n"),
    ]);
    let text = "include conf.d/a\ninclude conf.d/b\ninclude conf.d/x*\ninclude conf.d/secret\n";
    let reading = read("/etc/keepalived/keepalived.conf", text, &files);
    let files: Vec<_> = reading.findings.iter().map(|f| f.place.file.rsplit('/').next().unwrap()).collect();
    let said = said(&reading);
    let both: Vec<_> = files.iter().zip(&said).map(|(file, said)| format!("{file}:{said}")).collect();
    assert_eq!(
        both,
        [
            "keepalived.conf:3:9 note include-nothing: no file matches `conf.d/x*`",
            "keepalived.conf:4:9 warning include-unreadable: cannot read /etc/keepalived/conf.d/secret: permission denied",
            "vips:4:9 warning include-loop: `/etc/keepalived/conf.d/vips` includes itself",
            "b:2:19 warning number-out-of-range: `0` for `virtual_router_id` is out of range",
        ]
    );
    assert_eq!((reading.config.instances[0].vrid, reading.config.instances[0].addresses.len()), (7, 1));
    assert_eq!(reading.sources.len(), 4);
}

/// Reads with a configuration id and compares what is said.
#[track_caller]
fn with_id(id: &str, text: &str, expected: &[&str]) -> Config {
    let options = Options { id: Some(id.into()), seed: 1 };
    let reading = read_with("keepalived.conf", text, &NoSources, &options);
    assert_eq!(said(&reading), expected, "\n{text}");
    reading.config
}

#[test]
fn conditions_definitions_and_sequences_make_instances() {
    let text = "$IF=eth0\n$INST= \\\nvrrp_instance I${i} { \\\ninterface $IF \\\nvirtual_router_id ${i} \\\n\
        virtual_ipaddress { \\\n~SEQ(j, 1, 2) 10.${i}.0.${j} \\\n} \\\n}\n~SEQ(i, 1, 3, 7) $INST\n";
    let config = with_id("low", text, &[]);
    let found: Vec<_> = config.instances.iter().map(|i| (i.vrid, i.addresses.len())).collect();
    assert_eq!(found, [(1, 2), (4, 2), (7, 2)]);
    let text = PLAIN.replace("eth0", "eth0\n@low priority 5\n@^low priority 6");
    assert_eq!(with_id("low", &text, &[]).instances[0].priority, 5);
    assert_eq!(with_id("high", &text, &[]).instances[0].priority, 6);
}

#[test]
fn a_definition_that_is_missing_is_one_finding() {
    let text = PLAIN.replace("51", "$VRID");
    with_id("a", &text, &["3:23 error undefined: `$VRID` is not defined"]);
    let text = format!("$N=300\n{}", PLAIN.replace("51", "51\npriority $N"));
    let out = "5:10 warning number-out-of-range: `300` for `priority` is out of range (`$N`, line 1)";
    with_id("a", &text, &[out]);
    let text = format!("$X=$X\n{}", PLAIN.replace("eth0", "eth0\nrouter $X"));
    let reading = read("x", &text, &NoSources);
    assert!(reading.findings.iter().any(|f| f.code == "endless-definition"));
}

#[test]
fn a_backslash_protects_a_comment_sign_only_once() {
    let text = PLAIN.replace("eth0", "eth0\nauthentication {\nauth_type PASS\nauth_pass a\\#b\n}");
    let config = check(&text, &["5:13 warning second-comment: this starts a comment after all"]);
    assert_eq!(config.instances[0].auth, Auth::Pass(*b"a\0\0\0\0\0\0\0"));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC*") {
        sound(&read("x", &text, &NoSources));
    }

    #[test]
    fn any_words_are_read(words in prop::collection::vec(
        prop::sample::select(vec![
            "{", "}", "\n", "\n", " ", " ", "\"", "'", "\\", "#", "!", "$X", "$X=", "${X}", "@a", "~SEQ", "~SEQ(i, 1, 3) ", "~LST(i, a, b)", "$Y=", "${Y}", "${i}", "\\\n", "$_HASH ", "${_RANDOM 1 5}", "\u{a0}", "é", "0", "255",
            "1.5", "10.0.0.9/24", "fe80::1", "dev", "brd", "+", "global_defs", "vrrp_instance", "A", "virtual_ipaddress",
            "authentication", "auth_pass", "auth_type", "PASS", "AH", "state", "MASTER", "priority", "interface",
            "virtual_router_id", "vrrp_script", "virtual_server", "notify", "include", "unicast_peer", "advert_int",
        ]),
        0..120,
    )) {
        sound(&read("x", &words.concat(), &NoSources));
        sound(&read("x", &words.join(" "), &NoSources));
    }

    #[test]
    fn a_mutated_text_is_read(cut in 0..TUTORIAL.len(), length in 0..40usize, put in "[ {}\"#!\\\\\na-z0-9é]{0,6}") {
        let end = (cut + length).min(TUTORIAL.len());
        let text = format!("{}{put}{}", &TUTORIAL[..cut], &TUTORIAL[end..]);
        sound(&read("x", &text, &NoSources));
    }
}

#[test]
fn deep_nesting_is_no_problem() {
    for text in
        ["{".repeat(100_000), "a{".repeat(100_000), "}".repeat(1_000), "vrrp_instance\n".repeat(1_000)]
    {
        sound(&read("x", &text, &NoSources));
    }
}
