//! What an instance tracks, and what a failing script does to its priority.

use super::super::tree::Statement;
use super::view::View;

/// A script or process that an instance tracks with a weight.
#[derive(Clone, Copy)]
pub(super) struct Track<'a> {
    /// Its line in `track_script` or `track_process`.
    pub(super) line: &'a Statement,
    /// What is added to the priority while it is well (above zero) or failing (below zero); zero: a failure
    /// makes the instance's state FAULT.
    pub(super) weight: i32,
}

impl Track<'_> {
    pub(super) fn name(&self) -> &str {
        &self.line.keyword().text
    }
}

/// Lists of what is tracked, and the blocks that define it.
const KINDS: [(&str, &str); 2] = [("track_script", "vrrp_script"), ("track_process", "vrrp_track_process")];

/// The tracked scripts and processes; those with `reverse` are left out, they mean the opposite.
pub(super) fn tracks<'a>(view: &View<'a>) -> Vec<Track<'a>> {
    let mut found = Vec::new();
    for (list, definition) in KINDS {
        for line in view.line(list).into_iter().flat_map(|s| s.inside()) {
            let Some(block) = view.reading.outline.named(definition, &line.keyword().text) else { continue };
            let here = line.words.iter().position(|word| word.text == "weight").map(|i| &line.words[i..]);
            let there = block.line("weight").map(|s| &s.words[..]);
            let words = here.or(there).unwrap_or_default();
            if words.iter().chain(&line.words).any(|word| word.text == "reverse") {
                continue;
            }
            let weight = words.get(1).map_or(Some(0), |word| word.text.parse().ok());
            found.extend(weight.map(|weight| Track { line, weight }));
        }
    }
    found
}

/// Whether anything but the instance's own interface can change its fate.
pub(super) fn tracks_anything(view: &View<'_>) -> bool {
    let lists = ["track_script", "track_process", "track_file", "track_bfd", "track_interface"];
    lists.iter().any(|list| view.line(list).is_some())
}

/// The priority while everything is well, or while one of the tracks is failing.
pub(super) fn effective(view: &View<'_>, tracks: &[Track<'_>], failing: Option<usize>) -> i32 {
    let base = i32::from(view.instance.priority);
    if base == 255 {
        return base;
    }
    let parts = tracks.iter().enumerate().map(|(i, track)| match failing == Some(i) {
        true => track.weight.min(0),
        false => track.weight.max(0),
    });
    (base + parts.sum::<i32>()).clamp(1, 254)
}
