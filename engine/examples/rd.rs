use vrrplab_engine::config::*;
fn main() {
    let mut a = std::env::args().skip(1);
    let f = a.next().unwrap();
    let id = a.next();
    let text = String::from_utf8_lossy(&std::fs::read(&f).unwrap()).into_owned();
    struct S;
    impl Sources for S {
        fn include(&self, p: &str, d: &str) -> Included {
            let n = format!("{d}/{p}");
            let n = n.replace("./", "/tmp/lang/inc/");
            match std::fs::read_to_string(&n) {
                Ok(t) => Included {
                    files: vec![vrrplab_engine::finding::Source { name: n.into(), text: t.into() }],
                    ..Default::default()
                },
                Err(_) => Included::default(),
            }
        }
    }
    let r = read_with(&f.rsplit('/').next().unwrap().to_string(), &text, &S, &Options { id, seed: 1 });
    for i in &r.config.instances {
        println!(
            "{} vrid {} prio {} if {:?} addr {:?}",
            i.name,
            i.vrid,
            i.priority,
            i.interface,
            i.addresses.iter().map(|a| a.cidr.to_string()).collect::<Vec<_>>()
        );
    }
    for f in &r.findings {
        let s = r.sources.iter().find(|s| s.name == f.place.file).unwrap();
        let (l, c) = s.line_column(f.place.span.start);
        println!(
            "{}:{l}:{c} {:?} {}: {} | {} | {}",
            f.place.file, f.severity, f.code, f.message, f.daemon, f.help
        );
    }
}
