//! Switches and the cables between them: `[segment.NAME]`, `[trunk.NAME]` and `impair`.

use vrrplab_engine::time::Duration;

use super::super::{
    ArpPolicer, Bottleneck, HostIndex, Impairment, Medium, QuantityError, QueueLimit, Rate, Segment,
    SegmentIndex, Share, Snooping, SwitchKind, Traffic, Trunk, TrunkIndex,
};
use super::hosts::{Lab, Wanted, check_name};
use super::page::{Item, Named, Page, Table, suggestion};
use toml::de::DeValue;

const SEGMENT: &[&str] =
    &["switch", "latency", "impair", "snooping", "forward_delay", "forward_delay_at_start", "arp_policer"];
const TRUNK: &[&str] = &["between", "latency", "impair"];
/// The keys of an impairment; an act has `on` and `for` besides.
const IMPAIRMENT: &[&str] = &[
    "from",
    "to",
    "frames",
    "loss",
    "delay",
    "jitter",
    "duplicate",
    "reorder",
    "gap",
    "corrupt",
    "rate",
    "queue",
];
/// Those of them that do something.
const EFFECTS: &[&str] = &["loss", "delay", "jitter", "duplicate", "reorder", "corrupt", "rate"];
/// RFC 3376, 8.4.
const MEMBERSHIP_TIMEOUT: Duration = Duration::from_secs(260);
/// How many frames wait at a bottleneck if nothing is said.
const QUEUE: QueueLimit = QueueLimit::Frames(100);

/// The segments, without their impairments: those name hosts.
pub(super) fn segments(page: &Page<'_>, root: &Table<'_>) -> Vec<Segment> {
    let named = page.named(root.get("segment"), "[segment.NAME]");
    if named.is_empty() {
        page.error("missing-segment", root.span.clone(), "a scenario needs a segment", "[segment.lan]");
    }
    named.iter().map(|named| segment(page, named)).collect()
}

fn segment(page: &Page<'_>, named: &Named<'_>) -> Segment {
    check_name(page, named.name, &named.span);
    let mut segment = Segment::plain(named.name);
    let Some(table) = page.table(named.item, "a segment", SEGMENT) else { return segment };
    segment.switch = table.get("switch").map_or(SwitchKind::Ours, |i| switch(page, i));
    if let Some(latency) = table.get("latency").and_then(|i| page.time(i)) {
        segment.latency = latency;
    }
    segment.snooping = table.get("snooping").and_then(|i| snooping(page, i));
    if let Some(delay) = table.get("forward_delay").and_then(|i| page.time(i)) {
        segment.forward_delay = delay;
    }
    if let Some(item) = table.get("forward_delay_at_start") {
        segment.forward_delay_at_start = page.truth(item).unwrap_or(false);
        if table.get("forward_delay").is_none() {
            let message = "no `forward_delay` is given that could begin at the start";
            page.error(
                "missing-key",
                table.key_span("forward_delay_at_start"),
                message,
                "forward_delay = \"30s\"",
            );
        }
    }
    segment.arp_policer = table.get("arp_policer").and_then(|i| arp_policer(page, i));
    segment
}

fn switch(page: &Page<'_>, item: Item<'_>) -> SwitchKind {
    match page.text(item) {
        None | Some("ours") => SwitchKind::Ours,
        Some("kernel") => SwitchKind::Kernel,
        Some("netem") => SwitchKind::Netem,
        Some(word) => {
            let message = format!("a switch is `ours`, `kernel` or `netem`, not `{word}`");
            page.error("unknown-word", item.span(), message, suggestion(word, &["ours", "kernel", "netem"]));
            SwitchKind::Ours
        }
    }
}

fn snooping<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Snooping> {
    let mut snooping =
        Snooping { querier: false, timeout: MEMBERSHIP_TIMEOUT, strict: false, unregistered_flooded: false };
    if let DeValue::Boolean(on) = item.get_ref() {
        return on.then_some(snooping);
    }
    let table = page.table(item, "snooping", &["querier", "timeout", "strict", "unregistered"])?;
    let truth = |key| table.get(key).and_then(|i| page.truth(i)).unwrap_or(false);
    snooping.querier = truth("querier");
    snooping.strict = truth("strict");
    if let Some(time) = table.get("timeout").and_then(|i| above_zero(page, i, "timeout = \"260s\"")) {
        snooping.timeout = time;
    }
    if let Some(item) = table.get("unregistered") {
        const WORDS: &[&str] = &["flood", "drop"];
        match page.text(item).unwrap_or("drop") {
            "flood" => snooping.unregistered_flooded = true,
            "drop" => {}
            word => {
                let message = format!("a group without members is never `{word}`");
                page.error("unknown-word", item.span(), message, suggestion(word, WORDS));
            }
        }
    }
    Some(snooping)
}

fn above_zero<'a>(page: &Page<'a>, item: Item<'a>, example: &str) -> Option<Duration> {
    let time = page.time(item)?;
    if time.is_zero() {
        page.error("bad-time", item.span(), "a time above 0 s belongs here", example);
        return None;
    }
    Some(time)
}

fn arp_policer<'a>(page: &Page<'a>, item: Item<'a>) -> Option<ArpPolicer> {
    let table = page.table(item, "a policer", &["rate", "burst"])?;
    let above_zero = |item: Item<'a>, example| {
        let number = page.number(item)?;
        if number == 0 {
            page.error("bad-number", item.span(), "a policer that lets nothing pass", example);
        }
        Some(number)
    };
    let rate = table.need(page, "rate", "rate = 50").and_then(|i| above_zero(i, "rate = 50"));
    let burst = table.get("burst").map_or(Some(1), |i| above_zero(i, "burst = 5"));
    Some(ArpPolicer { rate: rate?, burst: burst? })
}

/// The trunks, without their impairments.
pub(super) fn trunks(page: &Page<'_>, root: &Table<'_>, lab: &Lab) -> Vec<Trunk> {
    // By segment: one that it is connected with.
    let mut tree: Vec<usize> = (0..lab.segments.len()).collect();
    let mut trunks = Vec::new();
    for named in page.named(root.get("trunk"), "[trunk.NAME]") {
        check_name(page, named.name, &named.span);
        if lab.segments.iter().any(|s| *s.name == *named.name) {
            let message = format!("`{}` is already the name of a segment", named.name);
            page.error(
                "duplicate-name",
                named.span.clone(),
                message,
                "segments and trunks have different names",
            );
        }
        let Some(table) = page.entry(&named, "a trunk", TRUNK) else { continue };
        let between = table.need(page, "between", "between = [\"lan1\", \"lan2\"]");
        let between = between.and_then(|i| self::between(page, i, lab, &mut tree));
        let latency = table.get("latency").and_then(|i| page.time(i)).unwrap_or(Duration::from_micros(1));
        // A trunk with a mistake is still known by its name.
        let between = between.unwrap_or([SegmentIndex(0); 2]);
        trunks.push(Trunk { name: named.name.into(), between, latency, impairments: Vec::new() });
    }
    trunks
}

fn between<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab, tree: &mut [usize]) -> Option<[SegmentIndex; 2]> {
    let ends = page.array(item)?;
    let [one, other] = ends else {
        let message = format!("a trunk is between two segments, this is a list of {}", ends.len());
        page.error("bad-trunk", item.span(), message, "between = [\"lan1\", \"lan2\"]");
        return None;
    };
    let (one, other) = (lab.segment(page, one), lab.segment(page, other));
    let between = [one?, other?];
    let root = |mut s: usize| {
        while tree[s] != s {
            s = tree[s];
        }
        s
    };
    let [a, b] = between.map(|s| root(s.0));
    if a == b {
        let name = |s: SegmentIndex| &lab.segments[s.0].name;
        let message = match between {
            [x, y] if x == y => format!("a trunk from {} to itself", name(x)),
            [x, y] => format!("{} and {} are connected already: this makes a loop", name(x), name(y)),
        };
        let help = "without a spanning tree a frame goes round in a loop for ever; leave one trunk out";
        page.error("loop", item.span(), message, help);
        return None;
    }
    tree[a] = b;
    Some(between)
}

/// What segments and trunks suffer from the beginning.
pub(super) fn impairments(page: &Page<'_>, root: &Table<'_>, lab: &mut Lab) {
    for (n, named) in page.named(root.get("segment"), "[segment.NAME]").iter().enumerate() {
        let on = Medium::Segment(SegmentIndex(n));
        lab.segments[n].impairments = listed(page, named, lab, on);
    }
    for named in page.named(root.get("trunk"), "[trunk.NAME]") {
        if let Some(n) = lab.trunks.iter().position(|t| *t.name == *named.name) {
            lab.trunks[n].impairments = listed(page, &named, lab, Medium::Trunk(TrunkIndex(n)));
        }
    }
}

/// `impair` of a segment or trunk: one table, or a list of them.
fn listed<'a>(page: &Page<'a>, named: &Named<'a>, lab: &Lab, on: Medium) -> Vec<Impairment> {
    let Some(item) = named.item.get_ref().get("impair") else { return Vec::new() };
    let items = match item.get_ref() {
        DeValue::Array(list) => list.as_ref(),
        _ => std::slice::from_ref(item),
    };
    let read = |item| {
        let table = page.table(item, "an impairment", IMPAIRMENT)?;
        impairment(page, &table, lab, on)
    };
    items.iter().filter_map(read).collect()
}

/// The act `impair = { on, …, for }`.
pub(super) fn act<'a>(
    page: &Page<'a>,
    item: Item<'a>,
    lab: &Lab,
) -> Option<(Medium, Impairment, Option<Duration>)> {
    let mut keys = IMPAIRMENT.to_vec();
    keys.extend(["on", "for"]);
    let table = page.table(item, "an `impair`", &keys)?;
    let lasts = match table.get("for") {
        Some(item) => Some(above_zero(page, item, "for = \"10s\"")?),
        None => None,
    };
    let on = match table.get("on") {
        Some(item) => medium(page, item, lab)?,
        None => the_medium(page, &table, lab)?,
    };
    Some((on, impairment(page, &table, lab, on)?, lasts))
}

/// The one segment of a scenario without trunks.
fn the_medium(page: &Page<'_>, table: &Table<'_>, lab: &Lab) -> Option<Medium> {
    let names: Vec<&str> = media(lab).map(|(_, name)| name).collect();
    match names[..] {
        [] => None,
        [_] => Some(Medium::Segment(SegmentIndex(0))),
        _ => {
            let help = format!("on = \"{}\"", names.join("\" or \""));
            page.error("missing-key", table.span.clone(), "on what? there are several", help);
            None
        }
    }
}

fn media(lab: &Lab) -> impl Iterator<Item = (Medium, &str)> {
    let segments = lab.segments.iter().enumerate();
    let segments = segments.map(|(n, s)| (Medium::Segment(SegmentIndex(n)), &*s.name));
    let trunks = lab.trunks.iter().enumerate();
    segments.chain(trunks.map(|(n, t)| (Medium::Trunk(TrunkIndex(n)), &*t.name)))
}

/// A segment or trunk by its name.
pub(super) fn medium<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab) -> Option<Medium> {
    let word = page.text(item)?;
    let found = media(lab).find(|(_, name)| *name == word).map(|(medium, _)| medium);
    if found.is_none() {
        let names: Vec<&str> = media(lab).map(|(_, name)| name).collect();
        let what = if lab.trunks.is_empty() { "segment" } else { "segment or trunk" };
        let message = format!("no {what} is called `{word}`");
        page.error("unknown-segment", item.span(), message, suggestion(word, &names));
    }
    found
}

fn impairment<'a>(page: &Page<'a>, table: &Table<'a>, lab: &Lab, on: Medium) -> Option<Impairment> {
    let share = |key| match table.get(key) {
        Some(item) => percentage(page, item),
        None => Some(Share::NONE),
    };
    let time = |key| table.get(key).map_or(Some(Duration::ZERO), |i| page.time(i));
    let host = |key| match table.get(key) {
        Some(item) => end(page, item, lab, on).map(Some),
        None => Some(None),
    };
    if table.present(EFFECTS).is_empty() && !table.has_others(&all_keys()) {
        let help = format!("one or more of: {}", EFFECTS.join(", "));
        page.error("missing-key", table.span.clone(), "this impairment does nothing", help);
    }
    let (from, to, frames) = (host("from"), host("to"), traffic(page, table));
    let (loss, duplicate, corrupt) = (share("loss"), share("duplicate"), share("corrupt"));
    let (reorder, gap) = (share("reorder"), time("gap"));
    together(page, table, ("reorder", "gap"), "gap = \"1500ms\"", "how long is a frame held back?");
    let (delay, jitter, bottleneck) = (time("delay"), time("jitter"), bottleneck(page, table));
    Some(Impairment {
        from: from?,
        to: to?,
        frames: frames?,
        loss: loss?,
        delay: delay?,
        jitter: jitter?,
        duplicate: duplicate?,
        reorder: reorder?,
        gap: gap?,
        corrupt: corrupt?,
        bottleneck: bottleneck?,
    })
}

fn all_keys() -> Vec<&'static str> {
    let mut keys = IMPAIRMENT.to_vec();
    keys.extend(["on", "for"]);
    keys
}

/// Of two keys that say something only together, the second must not be alone, nor the first.
fn together(page: &Page<'_>, table: &Table<'_>, keys: (&str, &str), example: &str, question: &str) {
    match (table.get(keys.0), table.get(keys.1)) {
        (Some(_), None) => page.error("missing-key", table.key_span(keys.0), question, example),
        (None, Some(_)) => {
            let message = format!("`{}` means something only together with `{}`", keys.1, keys.0);
            page.error("misplaced-key", table.key_span(keys.1), message, "");
        }
        _ => {}
    }
}

/// A host at an end of what is impaired.
fn end<'a>(page: &Page<'a>, item: Item<'a>, lab: &Lab, on: Medium) -> Option<HostIndex> {
    let host = lab.host(page, item, Wanted::Any)?;
    let spec = &lab.hosts[host.0];
    match on {
        Medium::Trunk(t) => {
            let message = format!("no host is at trunk {}", lab.trunks[t.0].name);
            page.error("wrong-host", item.span(), message, "a trunk is impaired as a whole: leave it out");
            None
        }
        Medium::Segment(s) if !spec.links.is_empty() && spec.links.iter().all(|l| l.segment != s) => {
            let message = format!("{} is not on segment {}", spec.name, lab.segments[s.0].name);
            page.error("wrong-host", item.span(), message, "");
            None
        }
        Medium::Segment(_) => Some(host),
    }
}

fn traffic<'a>(page: &Page<'a>, table: &Table<'a>) -> Option<Traffic> {
    let Some(item) = table.get("frames") else { return Some(Traffic::All) };
    let word = page.text(item)?;
    let found = Traffic::WORDS.iter().find(|(_, w)| *w == word).map(|(traffic, _)| *traffic);
    if found.is_none() {
        let words = Traffic::WORDS.map(|(_, word)| word);
        page.error("unknown-word", item.span(), format!("no frames are `{word}`"), suggestion(word, &words));
    }
    found
}

fn percentage<'a>(page: &Page<'a>, item: Item<'a>) -> Option<Share> {
    let text = match item.get_ref() {
        DeValue::String(text) => text,
        other => {
            let written = page.text_at(item.span());
            let help = match other {
                DeValue::Integer(_) => format!("write \"{written}%\""),
                DeValue::Float(_) => of_one(written),
                _ => "write it in quotes with its sign: \"0.5%\", \"50%\"".to_string(),
            };
            page.error("wrong-type", item.span(), "a percentage belongs here", help);
            return None;
        }
    };
    let read: Result<Share, QuantityError> = text.parse();
    if let Err(error) = read {
        let help = if text.contains('%') { error.to_string() } else { of_one(text) };
        page.error("bad-share", item.span(), format!("`{text}` is no share of frames"), help);
    }
    read.ok()
}

/// What to write for a fraction of one.
fn of_one(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(part) if part > 0.0 && part <= 1.0 => {
            let share = Share::from_ppm((part * 1e6).round() as u32);
            format!("a share is a percentage: \"{share}\" for {text} of all frames, or \"{text}%\"")
        }
        _ => "a share of frames is a percentage: \"5%\", \"0.01%\"".to_string(),
    }
}

fn bottleneck<'a>(page: &Page<'a>, table: &Table<'a>) -> Option<Option<Bottleneck>> {
    let Some(item) = table.get("rate") else {
        if table.get("queue").is_some() {
            let message = "`queue` means something only together with `rate`";
            page.error("misplaced-key", table.key_span("queue"), message, "rate = \"64kbit/s\"");
        }
        return Some(None);
    };
    let text = page.text(item)?;
    let rate: Result<Rate, QuantityError> = text.parse();
    if let Err(error) = rate {
        page.error("bad-rate", item.span(), format!("`{text}` is no rate"), error.to_string());
    }
    let queue = table.get("queue").map_or(Some(QUEUE), |i| queue(page, i));
    Some(Some(Bottleneck { rate: rate.ok()?, queue: queue? }))
}

fn queue<'a>(page: &Page<'a>, item: Item<'a>) -> Option<QueueLimit> {
    match item.get_ref() {
        DeValue::String(text) => {
            let bytes = text.strip_suffix('B').and_then(|n| n.parse().ok()).map(QueueLimit::Bytes);
            if bytes.is_none() {
                let message = format!("`{text}` is no length of a queue");
                page.error("bad-queue", item.span(), message, "frames: 10, or bytes: \"3000B\"");
            }
            bytes
        }
        _ => page.number(item).map(QueueLimit::Frames),
    }
}
