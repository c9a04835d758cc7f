//! One job for many seeds on several threads. Each run is single-threaded and its own; only their number at a time
//! hangs on the machine, never what comes out.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
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

/// Does `job` for 0 up to `count` on several threads and hands each outcome to `take`, here and in order, as soon as all
/// before it are there. A panic of a job is passed on.
pub fn in_order<T: Send>(
    count: usize,
    threads: NonZeroUsize,
    job: impl Fn(usize) -> T + Sync,
    mut take: impl FnMut(usize, T),
) {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.get().min(count) {
            let (sender, next, job) = (sender.clone(), &next, &job);
            scope.spawn(move || {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody takes any more after a panic elsewhere.
                    if i >= count || sender.send((i, job(i))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let (mut waiting, mut wanted) = (BTreeMap::new(), 0);
        for (i, outcome) in receiver {
            waiting.insert(i, outcome);
            while let Some(outcome) = waiting.remove(&wanted) {
                take(wanted, outcome);
                wanted += 1;
            }
        }
    });
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
    fn outcomes_are_handed_over_in_order() {
        for threads in [1, 3, 8] {
            let mut seen = Vec::new();
            let slow = |i: usize| {
                thread::sleep(std::time::Duration::from_millis(if i.is_multiple_of(4) { 3 } else { 0 }));
                i * i
            };
            in_order(20, NonZeroUsize::new(threads).unwrap(), slow, |i, square| seen.push((i, square)));
            assert_eq!(seen, (0..20).map(|i| (i, i * i)).collect::<Vec<_>>());
        }
        in_order(0, NonZeroUsize::MIN, |i| i, |_, _| panic!("nothing to take"));
    }

    #[test]
    #[should_panic(expected = "seed 7")]
    fn a_panic_is_passed_on() {
        sweep(0..10, NonZeroUsize::new(2).unwrap(), |seed| assert!(seed != 7, "seed {seed}"));
    }
}
