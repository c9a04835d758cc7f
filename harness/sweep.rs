//! One job for many seeds on several threads. Each run is single-threaded and its own; only their number at a time
//! hangs on the machine, never what comes out.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// What `job` gives for each seed, in the order of the seeds, whatever the number of threads. A panic of a job is
/// passed on.
pub fn sweep<T: Send>(seeds: Range<u64>, threads: NonZeroUsize, job: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return done;
            }
            done.push((seed, job(seed)));
        }
    };
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(seed, _)| *seed);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}

/// As many threads as the machine has processors.
pub fn all_processors() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_in_the_order_of_the_seeds() {
        for threads in [1, 2, 7] {
            let threads = NonZeroUsize::new(threads).unwrap();
            let outcomes = sweep(5..105, threads, |seed| {
                // The first take longest.
                (0..(105 - seed) * 1_000).fold(seed, |a, b| std::hint::black_box(a ^ b ^ b))
            });
            assert_eq!(outcomes, (5..105).collect::<Vec<u64>>());
        }
        assert!(sweep(3..3, NonZeroUsize::MIN, |seed| seed).is_empty());
    }

    #[test]
    #[should_panic(expected = "seed 7")]
    fn a_panic_is_passed_on() {
        sweep(0..10, NonZeroUsize::new(2).unwrap(), |seed| assert!(seed != 7, "seed {seed}"));
    }
}
