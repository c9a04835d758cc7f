//! Each expectation once kept and once broken, with its words.

use super::*;
use vrrplab_engine::boundary::Fifo;

const SECOND: Duration = Duration::from_secs(1);

/// The verdict on the first expectation.
fn expectation(judgement: &Judgement) -> &Verdict {
    judgement.verdicts.iter().find(|v| v.line == Some(10)).unwrap()
}

fn kept(judgement: &Judgement, property: &str) {
    let verdict = expectation(judgement);
    assert_eq!(verdict.outcome, Outcome::Pass, "{verdict:#?}");
    assert_eq!(verdict.property, property);
}

fn broken(judgement: &Judgement) -> (Instant, Option<Instant>, &str, &str) {
    let verdict = expectation(judgement);
    assert_eq!(verdict.outcome, Outcome::Fail, "{verdict:#?}");
    assert!(!judgement.passed());
    only(verdict)
}

/// a crashes at 7.8 s, b takes over at 11.024 s.
fn takeover(rule: Rule) -> Judgement {
    let mut run = lab().expect(rule).act(crash(A)).settled();
    run.claim("a", Announced::Backup).claim("a", Announced::Master);
    run.at(4_414).adverts("a", 150, 7_414).at(7_800).fault(1, "crash a").answer(None);
    run.at(11_024).takes("b", 100).follows(2).at(12_024).adverts("b", 100, 20_024).end(20_100)
}

fn master_is(node: HostIndex, by: u64, until: Option<u64>) -> Rule {
    Rule::Master { address: VIP.into(), node, by: ms(by), until: until.map(ms) }
}

#[test]
fn master() {
    kept(&takeover(master_is(B, 11_100, None)), "master of 192.168.10.240 is b by 11.1s");
    let until = "master of 192.168.10.240 is a by 3.5s until 7.8s";
    kept(&takeover(master_is(A, 3_500, Some(7_800))), until);
    kept(&takeover(master_is(B, 11_024, None)), "master of 192.168.10.240 is b by 11.024s");

    let judgement = takeover(master_is(B, 11_000, None));
    let (from, to, what, cause) = broken(&judgement);
    assert_eq!((from, to), (ms(11_000), Some(ms(11_024))));
    assert_eq!(what, "nobody holds 192.168.10.240 instead of b");
    assert_eq!(cause, "a gave it up at 7.800000 by act 1 at 7.800000 (crash a)");

    let judgement = takeover(master_is(A, 15_000, None));
    let (from, to, what, cause) = broken(&judgement);
    assert_eq!((from, to), (ms(15_000), None));
    assert_eq!(what, "b holds 192.168.10.240 instead of a");
    assert_eq!(cause, "b took it at 11.024000 when its master-down timer ran out, armed by #6");
}

#[test]
fn a_master_expected_after_the_end_is_vacuous_and_does_not_pass() {
    let judgement = takeover(master_is(B, 25_000, None));
    assert_eq!(expectation(&judgement).outcome, Outcome::Vacuous);
    assert!(!judgement.passed());
}

#[test]
fn outage() {
    let rule = |at_least, at_most| Rule::Outage { client: PROBE, at_most, at_least };
    kept(&takeover(rule(None, Some(SECOND.times(4)))), "outage of probe at most 4s");
    let judgement = takeover(rule(None, Some(SECOND)));
    let (from, until, what, cause) = broken(&judgement);
    assert_eq!((from, until), (ms(7_800), Some(ms(11_024))));
    assert_eq!(what, "probe had no answer for 3.224s, at most 1s is allowed");
    assert_eq!(cause, "the last act before it was act 1 at 7.800000 (crash a)");
    let judgement = takeover(rule(Some(SECOND.times(5)), None));
    assert_eq!(broken(&judgement).2, "probe had no answer for 3.224s, at least 5s is expected");
    let judgement = lab().expect(rule(None, Some(SECOND))).run().end(5_000);
    assert_eq!(broken(&judgement).2, "probe never got an answer");
}

#[test]
fn sequence() {
    use Announced::{Backup, Fault, Master};
    let rule =
        |states: &[Announced]| Rule::Sequence { node: A, instance: "VI_1".into(), states: states.into() };
    kept(&takeover(rule(&[Backup, Master])), "VI_1 on a announces BACKUP MASTER");
    let judgement = takeover(rule(&[Backup, Fault]));
    let (from, _, what, cause) = broken(&judgement);
    assert_eq!((from, what), (ms(3_414), "a announced BACKUP MASTER, not BACKUP FAULT"));
    assert_eq!(cause, "announcement 2 differs");
    let judgement = takeover(rule(&[Backup, Master, Backup]));
    assert_eq!(broken(&judgement).3, "only 2 of 3 announcements were made");
    let judgement = takeover(rule(&[]));
    assert_eq!(broken(&judgement).2, "a announced BACKUP ..., not nothing");
}

#[test]
fn count() {
    let rule = |class, at_least, at_most, from, until: Option<u64>| Rule::Count {
        what: Counted::Frames { node: A, class },
        at_least,
        at_most,
        from: ms(from),
        until: until.map(ms),
    };
    kept(&takeover(rule(FrameClass::Vrrp, 5, 5, 0, None)), "a sends 5 vrrp frames");
    kept(&takeover(rule(FrameClass::Vrrp, 2, 2, 4_414, Some(6_414))), "a sends 2 vrrp frames");
    kept(&takeover(rule(FrameClass::PriorityZero, 0, 0, 0, None)), "a sends 0 priority-0 frames");
    let judgement = takeover(rule(FrameClass::Garp, 5, u32::MAX, 0, None));
    assert_eq!(broken(&judgement).2, "a sent 1 garp frames, not at least 5");
    assert_eq!(broken(&judgement).3, "counted from 0.000000");
}

/// a tells of its states: a command and a FIFO line each, and a mail that the server on the client's host takes.
fn told(what: Counted, at_least: u32, at_most: u32) -> Judgement {
    let rule = Rule::Count { what, at_least, at_most, from: ms(1_000), until: Some(ms(9_000)) };
    let mut run = lab().expect(rule).settled();
    for at in [500, 2_000, 3_000, 9_500] {
        let (job, command) = (1, "/etc/notify.sh INSTANCE VI_1 MASTER 100".to_string());
        run.at(at).event(Some("a"), Cause::None, What::Spawn { job, command });
        let (fifo, line) = (Fifo::Vrrp, "INSTANCE \"VI_1\" MASTER 100".to_string());
        run.event(Some("a"), Cause::None, What::Fifo { fifo, line });
        let subject = "[a] VRRP Instance VI_1 - Entering MASTER state".to_string();
        run.event(Some("probe"), Cause::None, What::Mail { conn: 1, subject });
    }
    run.at(10_000).end(10_000)
}

#[test]
fn what_a_daemon_tells_is_counted_in_its_time() {
    let command = |pattern: &str| Counted::Commands { node: A, pattern: pattern.into() };
    let line = |node| Counted::Lines { node, pattern: "MASTER".into() };
    let mail = |subject: &str| Counted::Mails { server: PROBE, subject: subject.into() };
    kept(&told(command("VI_1 MASTER"), 2, 2), "a runs `VI_1 MASTER` 2 times");
    kept(&told(line(A), 1, u32::MAX), "a writes `MASTER` to a FIFO at least 1 times");
    kept(&told(line(B), 0, 0), "b writes `MASTER` to a FIFO never");
    kept(&told(mail("Entering MASTER"), 2, 2), "probe takes `Entering MASTER` 2 times");
    assert_eq!(broken(&told(command("FAULT"), 1, 1)).2, "a ran `FAULT` never, not once");
    assert_eq!(broken(&told(line(A), 0, 1)).2, "a wrote `MASTER` to a FIFO 2 times, not at most 1 times");
    assert_eq!(broken(&told(mail("[b]"), 1, 1)).2, "probe took `[b]` never, not once");
}

#[test]
fn takeover_time() {
    let rule = |from, to, most: u64| Rule::Takeover {
        from,
        to,
        at_least: Some(SECOND.times(3)),
        at_most: Some(Duration::from_millis(most)),
    };
    kept(&takeover(rule(A, B, 3_700)), "takeover from a by b at least 3s and at most 3.7s");
    let judgement = takeover(rule(A, B, 3_500));
    let (from, until, what, cause) = broken(&judgement);
    assert_eq!((from, until), (ms(7_414), Some(ms(11_024))));
    assert_eq!(what, "b took over after 3.61s, at most 3.5s is allowed");
    assert_eq!(cause, "#6 was the last advert that reached it, #7 its first");
    let judgement = takeover(rule(B, A, 3_700));
    assert_eq!(broken(&judgement).2, "a never took over from b");
}

/// b mistakes silence for death: two holders from 8.023 s for 391 ms, allowed but seen.
fn short_split(rule: Rule) -> Judgement {
    let lab = lab()
        .expect(rule)
        .act(Fault::Network(NetworkFault::Mute { from: A, to: B }))
        .act(Fault::Network(NetworkFault::Unmute { from: A, to: B }));
    let mut run = lab.settled();
    run.at(4_414).fault(1, "mute a b").at(8_023).takes("b", 100).at(8_414).fault(2, "unmute a b");
    run.advert("a", 150).leaves("b").at(9_414).adverts("a", 150, 12_000).end(12_000)
}

#[test]
fn never() {
    kept(&takeover(Rule::Never(Oracle::TwoHolders)), "never two holders");
    let judgement = short_split(Rule::Never(Oracle::TwoHolders));
    let (from, until, what, cause) = broken(&judgement);
    assert_eq!((from, until), (ms(8_023), Some(ms(8_414))));
    assert_eq!(what, "a and b both hold 192.168.10.240");
    assert!(cause.starts_with("for 391ms; b took it at 8.023000 when its master-down timer"), "{cause}");
    assert_eq!(judgement.oracle(Oracle::TwoHolders).unwrap().outcome, Outcome::Pass);
}

#[test]
fn sometimes() {
    kept(&short_split(Rule::Sometimes(Oracle::TwoHolders)), "sometimes two holders");
    let judgement = takeover(Rule::Sometimes(Oracle::TwoHolders));
    assert_eq!(broken(&judgement).2, "two holders did not happen");
    assert_eq!(broken(&judgement).3, "it was watched all the time");
}

#[test]
fn known() {
    let rule = || Rule::Known { oracle: Oracle::TwoHolders, because: "kill leaves the address".into() };
    let mut run = lab().expect(rule()).act(Fault::Kill(A)).settled();
    run.at(5_000).fault(1, "kill a").at(7_023).takes("b", 100).at(8_023).adverts("b", 100, 15_000);
    let judgement = run.end(15_000);
    let outcome = Outcome::Known("kill leaves the address".into());
    assert_eq!(judgement.oracle(Oracle::TwoHolders).unwrap().outcome, outcome);
    assert_eq!(expectation(&judgement).outcome, outcome);
    assert_eq!(expectation(&judgement).violations.len(), 1);
    assert!(judgement.passed());

    let judgement = takeover(rule());
    assert_eq!(broken(&judgement).2, "two holders did not happen");
    assert_eq!(broken(&judgement).3, "the scenario says it does: kill leaves the address");
}

#[test]
fn an_address_that_is_never_held_fails_the_run_as_vacuous() {
    let mut run = lab().run();
    run.event(None, Cause::None, What::Fault("start a".into())).claim("a", Announced::Backup);
    let judgement = run.end(1_000);
    assert!(judgement.verdicts.iter().all(|v| v.outcome != Outcome::Fail));
    assert!(!judgement.passed());
}
