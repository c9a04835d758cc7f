//! A second opinion on captures: tshark's.

use std::path::Path;
use std::process::Command;

/// Whether tests ask it: it is here, or `VRRPLAB_REQUIRE` (a list with commas) names it, and then its absence is
/// a failure.
pub(crate) fn wanted() -> bool {
    let program = "tshark";
    let required = std::env::var("VRRPLAB_REQUIRE").unwrap_or_default();
    let here = Command::new(program).arg("--version").output().is_ok();
    if !here && !required.split(',').any(|r| r == program) {
        eprintln!("ignored: what needs {program}, which is not installed");
        return false;
    }
    true
}

/// What Wireshark makes of a capture.
#[derive(Debug)]
pub(crate) struct Dissected {
    pub(crate) frames: usize,
    pub(crate) adverts: usize,
    /// Frames that are malformed or have a wrong checksum.
    pub(crate) bad: Vec<Bad>,
}

/// A frame that is not as it should be.
#[derive(Debug)]
pub(crate) struct Bad {
    /// What tshark says of it.
    pub(crate) row: String,
    /// Which of the fields are wrong.
    wrong: Vec<&'static str>,
    version: String,
}

impl Bad {
    /// Whether nothing is wrong but the checksum of an advert of version 3.
    pub(crate) fn is_checksum_of_version_3(&self) -> bool {
        self.wrong == [VRRP_CHECKSUM] && self.version == "3"
    }
}

const MALFORMED: &str = "_ws.malformed";
const VRRP_CHECKSUM: &str = "vrrp.checksum.status";

/// Reads a capture with tshark: the frame's number, its priority if it is an advert, then what may be wrong.
/// A checksum's status is 1 if it is good.
pub(crate) fn dissect(capture: &Path) -> Result<Dissected, String> {
    let fields = [
        "frame.number",
        "vrrp.prio",
        MALFORMED,
        "ip.checksum.status",
        VRRP_CHECKSUM,
        "icmp.checksum.status",
        "vrrp.version",
        "ipv6.version",
        "icmpv6.checksum.status",
    ];
    let output = Command::new("tshark")
        .arg("-r")
        .arg(capture)
        .args(["-o", "ip.check_checksum:TRUE", "-T", "fields"])
        .args(fields.iter().flat_map(|f| ["-e", f]))
        .output()
        .map_err(|e| format!("tshark: {e}"))?;
    if !output.status.success() {
        return Err(format!("tshark: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let has = |row: &[&str], at: usize| row.get(at).is_some_and(|field| !field.is_empty());
    let bad = |row: &Vec<&str>| {
        // keepalived's version 2 over IPv6 is in no RFC: tshark leaves the pseudo header out, and the kernel does not.
        let invented = (row.get(6), row.get(7)) == (Some(&"2"), Some(&"6"));
        let is_wrong = |at: &usize| match *at {
            2 => has(row, 2),
            4 if invented => false,
            // What an error of ICMP quotes is cut, and its sum cannot be verified (2).
            at => {
                has(row, at) && row[at].split(',').enumerate().any(|(n, s)| s != "1" && (n == 0 || s != "2"))
            }
        };
        let wrong: Vec<&str> = [2, 3, 4, 5, 8].into_iter().filter(is_wrong).map(|at| fields[at]).collect();
        let version = row.get(6).copied().unwrap_or_default().to_string();
        (!wrong.is_empty()).then(|| Bad { row: row.join(" "), wrong, version })
    };
    Ok(Dissected {
        frames: rows.len(),
        // An error of ICMP quotes the advert that it is about.
        adverts: rows.iter().filter(|row| has(row, 1) && !has(row, 5) && !has(row, 8)).count(),
        bad: rows.iter().filter_map(bad).collect(),
    })
}
