//! The outage behind a finding of the reader. The reader says what the daemon does with a line; what comes of it
//! days later is told here.

use crate::finding::Finding;

const STORIES: &[(&str, &str)] = &[
    ("nopreempt-cleared", "so a node that comes back takes the addresses back, with a second outage"),
    (
        "preempt-delay-cleared",
        "so a node that comes back takes over as soon as it has waited three intervals",
    ),
    ("password-too-long", "so passwords that differ behind the eighth character are the same"),
    ("duplicate-vrid", "on one segment two virtual routers with one VRID hear each other's adverts"),
    ("interval-rounded", "a node that rounds differently, or another router, throws away the adverts"),
    ("auth-ignored", "so anybody on the segment can take the addresses"),
    ("no-auth-type", "a node that does authenticate throws away its adverts, and both become master"),
    ("no-password", "a node that does authenticate throws away its adverts, and both become master"),
    ("implied-owner", "two such nodes are masters at once and push each other down and up again"),
    ("family-mismatch", "a node that lists it properly throws away the adverts, and both become master"),
];

/// The finding with what it has led to elsewhere, if that is known.
pub fn with_story(mut finding: Finding) -> Finding {
    if let Some((_, story)) = STORIES.iter().find(|(code, _)| *code == finding.code) {
        let separator = if finding.daemon.is_empty() { "" } else { "; " };
        finding.daemon = format!("{}{separator}{story}", finding.daemon);
    }
    finding
}
