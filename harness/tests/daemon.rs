//! Our daemon on a real kernel: two routers in namespaces of their own, joined by a veth pair, each our daemon or
//! keepalived. What is judged is seen from outside: frames, addresses, what notify FIFOs and scripts are told.
//!
//! Needs root. Where that is missing the cases are reported as ignored, or as failures with `VRRPLAB_REQUIRE=netns`.

mod daemon {
    pub(crate) mod alike;
    pub(crate) mod failover;
    pub(crate) mod lab;
    pub(crate) mod life;
    pub(crate) mod routes;
    pub(crate) mod tracking;
}

use libtest_mimic::{Arguments, Failed, Trial};
use vrrplab::kernel::namespace::Namespaces;

fn main() {
    let mut arguments = Arguments::from_args();
    // The cases wait more than they work.
    arguments.test_threads = arguments.test_threads.or(Some(12));
    let can = Namespaces::create(|| Ok(())).map(drop);
    let real = std::path::Path::new("/usr/sbin/keepalived").exists();
    let required = |what: &str| {
        std::env::var("VRRPLAB_REQUIRE").is_ok_and(|list| list.split(',').any(|one| one == what))
    };
    let mut trials = Vec::new();
    let mut add = |name: String, with_real: bool, case: Box<dyn FnOnce() -> Result<(), Failed> + Send>| {
        let lacks = match (&can, with_real && !real) {
            (Err(error), _) => Some(("netns", format!("no namespaces here: {error}"))),
            (Ok(()), true) => Some(("keepalived", "there is no keepalived here".to_string())),
            (Ok(()), false) => None,
        };
        trials.push(match lacks {
            None => Trial::test(name, case),
            Some((what, why)) if required(what) => Trial::test(name, move || Err(why.into())),
            Some((_, why)) => Trial::test(format!("{name} ({why})"), case).with_ignored_flag(true),
        });
    };
    for case in failover::cases() {
        add(case.name(), case.with_real(), Box::new(move || case.run()));
    }
    let named: [&[lab::Case]; 4] = [alike::CASES, life::CASES, routes::CASES, tracking::CASES];
    for (name, with_real, case) in named.into_iter().flatten().copied() {
        add(name.to_string(), with_real, Box::new(case));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

use daemon::{alike, failover, lab, life, routes, tracking};
