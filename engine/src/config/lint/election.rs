//! Who becomes master, and whether anything can change that.

use super::super::WantedState;
use super::Lint;
use super::group::{Group, Part};
use super::tracking::{effective, tracks};
use super::view::{note, warn};

pub(super) fn lints(group: &Group<'_>, out: &mut Vec<Lint>) {
    out.extend(equal_priorities(group));
    out.extend(nopreempt_nowhere(group));
    out.extend(nopreempt_of_the_lesser(group));
    out.extend(powerless_tracks(group));
}

/// The first two nodes with one priority.
fn equal_priorities(group: &Group<'_>) -> Option<Lint> {
    let pairs =
        group.parts.iter().enumerate().flat_map(|(i, b)| group.parts[..i].iter().map(move |a| (a, b)));
    let mut equal = pairs.filter(|(a, b)| a.view.instance.priority == b.view.instance.priority);
    let (a, b) = equal.next()?;
    let priority = b.view.instance.priority;
    let masters = [a, b].iter().all(|part| part.view.instance.state == WantedState::Master);
    let message = match (priority, masters) {
        (255, _) => format!("{} and {} both claim to own the addresses (priority 255)", a.node, b.node),
        (_, true) => format!("{} and {} both have `state MASTER` and priority {priority}", a.node, b.node),
        _ => format!("{} and {} both have priority {priority}", a.node, b.node),
    };
    let daemon = match priority {
        255 => "has two masters at once that push each other down and up again",
        _ => {
            "lets whoever comes first be master; when both are, after a split, the greater address wins, \
              `nopreempt` or not"
        }
    };
    let place = b.view.place(if b.view.line("priority").is_some() { "priority" } else { "state" });
    Some(b.lint(warn("lint-equal-priority", place, message, daemon, "give every node a priority of its own")))
}

/// `nopreempt` is what everybody wrote, and `state MASTER` takes it away from everybody. The text is asked, since
/// in the running configuration it is gone.
fn nopreempt_nowhere(group: &Group<'_>) -> Option<Lint> {
    let cleared = |part: &Part<'_>| part.view.line("nopreempt").is_some() && !part.view.instance.nopreempt;
    let first = group.parts.first().filter(|_| group.parts.iter().all(cleared))?;
    let message = "every node asks for `nopreempt`, and none has it";
    let daemon = "drops it beside `state MASTER`: a node that comes back takes the addresses back, with a second \
                  outage";
    let place = first.view.place("state");
    Some(first.lint(warn(
        "lint-nopreempt-nowhere",
        place,
        message,
        daemon,
        "write `state BACKUP` on every node",
    )))
}

/// `nopreempt` keeps a node from taking over from a lesser one, so it must stand where the priority is greatest.
fn nopreempt_of_the_lesser(group: &Group<'_>) -> Option<Lint> {
    let greatest = group.parts.iter().max_by_key(|part| part.view.instance.priority)?;
    let wanted = greatest.view.line("nopreempt").is_some();
    let lesser = group.parts.iter().find(|part| part.view.instance.nopreempt)?;
    (!wanted && lesser.member != greatest.member).then(|| {
        let message = format!(
            "{} has `nopreempt`, but {} with the greater priority has not",
            lesser.node, greatest.node
        );
        let daemon = format!("lets {} take the addresses back whenever it returns", greatest.node);
        let help = format!("add `nopreempt` on {}", greatest.node);
        lesser.lint(warn("lint-nopreempt-lesser", lesser.view.place("nopreempt"), message, daemon, help))
    })
}

/// Tracked scripts whose failure on the best node leaves it the best.
fn powerless_tracks(group: &Group<'_>) -> Vec<Lint> {
    let tracked: Vec<_> = group.parts.iter().map(|part| (part, tracks(&part.view))).collect();
    let well = |(part, tracks): &(&Part<'_>, Vec<_>)| effective(&part.view, tracks, None);
    let Some(best) =
        tracked.iter().enumerate().max_by_key(|(i, t)| (well(t), usize::MAX - i)).map(|(i, _)| i)
    else {
        return Vec::new();
    };
    let rest = tracked.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, t)| well(t)).max();
    let (part, tracks) = &tracked[best];
    let rest = rest.unwrap_or(0);
    let mut found = Vec::new();
    for (i, track) in tracks.iter().enumerate().filter(|(_, track)| track.weight != 0) {
        let failing = effective(&part.view, tracks, Some(i));
        if failing < rest {
            continue;
        }
        let missing = failing - rest + 1;
        let message = format!("when `{}` fails, {} still has priority {failing}", track.name(), part.node);
        let daemon = format!("stays master: nobody else has more than {rest}");
        let sign = track.weight.signum();
        let help = format!("make the weight {}, or stronger", track.weight + sign * missing);
        let place = part.view.at_keyword(track.line);
        found.push(part.lint(match part.view.instance.is_owner() {
            true => note("lint-weight-too-small", place, message, daemon, "lower the priority from 255"),
            false => warn("lint-weight-too-small", place, message, daemon, help),
        }));
    }
    found
}
