//! The share of takeovers that were at most so late, for both subjects: an SVG.

use super::Samples;
use super::table::{at, millis};

/// Of the picture, in pixels.
const SIZE: (f64, f64) = (760.0, 440.0);
/// Of the part with the curves: left, top, right, bottom.
const FRAME: (f64, f64, f64, f64) = (64.0, 52.0, 736.0, 372.0);
/// Told apart by people who see fewer colours, and by dashes.
const STROKES: [(&str, &str); 2] = [("#0072b2", "none"), ("#d55e00", "7 4")];
/// The shares that have a line, in thousandths.
const SHARES: [u32; 6] = [0, 250, 500, 750, 950, 1_000];

/// Where a time is: logarithmic, because a late tail is a hundred times the median.
#[derive(Clone, Copy, Debug)]
struct Axis {
    /// Powers of ten of nanoseconds at both ends.
    from: i32,
    to: i32,
}

impl Axis {
    fn of(all: &[Vec<i64>; 2]) -> Axis {
        let ends = all.iter().flat_map(|s| [s[0], s[s.len() - 1]]);
        // What is nearer to zero than a microsecond, or before it, stands at the left edge.
        let power = |nanos: i64| (nanos.max(1_000) as f64).log10();
        let (from, to) = ends.map(power).fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p), b.max(p)));
        Axis { from: from.floor() as i32, to: (to.ceil() as i32).max(from.floor() as i32 + 1) }
    }

    fn x(self, nanos: i64) -> f64 {
        let power = (nanos.max(1) as f64).log10().max(f64::from(self.from));
        FRAME.0 + (FRAME.2 - FRAME.0) * (power - f64::from(self.from)) / f64::from(self.to - self.from)
    }
}

fn y(share: f64) -> f64 {
    FRAME.3 - (FRAME.3 - FRAME.1) * share
}

/// The picture.
pub fn svg(samples: &Samples) -> String {
    let all = [samples.sorted(0), samples.sorted(1)];
    let axis = Axis::of(&all);
    let (width, height) = SIZE;
    let interval = millis(samples.interval.as_micros() as i64 * 1_000, 0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{}\" y=\"24\" font-size=\"15\">How late a takeover is, advert_int {interval} ms, {} of each by \
         turns</text>\n",
        FRAME.0,
        samples.rounds.len(),
    );
    text.push_str(&grid(axis));
    for (s, sorted) in all.iter().enumerate() {
        text.push_str(&curve(axis, sorted, STROKES[s]));
        text.push_str(&key(s, &samples.subjects[s], sorted));
    }
    text + "</svg>\n"
}

fn grid(axis: Axis) -> String {
    let (left, top, right, bottom) = FRAME;
    let mut text = String::new();
    let mut line = |x: (f64, f64), y: (f64, f64), stroke: &str| {
        text.push_str(&format!(
            "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"{stroke}\"/>\n",
            x.0, x.1, y.0, y.1
        ));
    };
    for power in axis.from..axis.to {
        for digit in 1..10 {
            let x = axis.x(digit * 10_i64.pow(power as u32));
            line((x, x), (top, bottom), if digit == 1 { "#bbb" } else { "#eee" });
        }
    }
    for share in SHARES {
        let y = y(f64::from(share) / 1_000.0);
        line((left, right), (y, y), "#bbb");
    }
    for power in axis.from..=axis.to {
        let nanos = 10_i64.pow(power as u32);
        let digits = usize::try_from(6 - power).unwrap_or(0);
        text.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            axis.x(nanos),
            bottom + 20.0,
            millis(nanos, digits)
        ));
    }
    for share in SHARES {
        text.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} %</text>\n",
            left - 8.0,
            y(f64::from(share) / 1_000.0) + 4.5,
            share / 10
        ));
    }
    text + &format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">ms from the end of the Master_Down_Interval to the first \
         advert on the wire</text>\n",
        (left + right) / 2.0,
        bottom + 46.0
    )
}

/// A step at each sample.
fn curve(axis: Axis, sorted: &[i64], (stroke, dash): (&str, &str)) -> String {
    let mut path = format!("M{:.1} {:.1}", axis.x(sorted[0]), y(0.0));
    for (n, nanos) in sorted.iter().enumerate() {
        path.push_str(&format!("H{:.1}V{:.1}", axis.x(*nanos), y((n + 1) as f64 / sorted.len() as f64)));
    }
    format!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"{stroke}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>\n"
    )
}

/// Which curve is whose, in the lower right, where no curve comes.
fn key(place: usize, subject: &str, sorted: &[i64]) -> String {
    let (x, y) = (FRAME.2 - 344.0, FRAME.3 - 46.0 + 24.0 * place as f64);
    let (stroke, dash) = STROKES[place];
    format!(
        "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"340\" height=\"22\" fill=\"white\"/>\n<line x1=\"{x:.1}\" x2=\"{:.1}\" \
         y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{stroke}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>\n<text \
         x=\"{:.1}\" y=\"{:.1}\">{subject}: median {} ms, p95 {} ms</text>\n",
        x - 6.0,
        y - 11.0,
        x + 36.0,
        x + 44.0,
        y + 4.5,
        millis(at(sorted, 500), 3),
        millis(at(sorted, 950), 3),
    )
}

#[cfg(test)]
mod tests {
    use super::super::Sample;
    use super::*;
    use vrrplab_engine::time::Duration;

    #[test]
    fn a_curve_goes_from_nothing_to_all_within_the_frame() {
        let round = |n: u32| {
            let sample = |excess| Sample { round: n, second: false, excess };
            [sample(i64::from(n) * 10_000 - 5_000), sample(90_000_000)]
        };
        let subjects = ["engine".to_string(), "keepalived".to_string()];
        let interval = Duration::from_millis(100);
        let samples = Samples { interval, subjects, rounds: (0..10).map(round).collect() };
        let axis = Axis::of(&[samples.sorted(0), samples.sorted(1)]);
        assert_eq!((axis.from, axis.to), (3, 8), "a negative sample stands at the left edge");
        assert_eq!(axis.x(samples.sorted(0)[0]), FRAME.0);
        assert_eq!(axis.x(100_000_000), FRAME.2);
        let text = svg(&samples);
        let paths: Vec<&str> = text.lines().filter(|line| line.starts_with("<path")).collect();
        assert_eq!(paths.len(), 2);
        let [bottom, top] = [y(0.0), y(1.0)].map(|y| format!("{y:.1}"));
        for path in paths {
            assert!(path.contains(&format!(" {bottom}H")) && path.contains(&format!("V{top}\"")), "{path}");
        }
    }
}
