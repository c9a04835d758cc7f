//! The path of an advert allocates nothing, once the buffers have their size: a thousand simulated routers for a
//! simulated year should not depend on an allocator. Alone in its file, because the counter sees every thread.

#[path = "tools/lab.rs"]
mod lab;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use lab::{HIGH, advert};
use vrrplab_engine::boundary::{Input, Origin, Packet, SockId};
use vrrplab_engine::time::Duration;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: every call is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as asked of us.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as asked of us.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as asked of us.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many allocations 1000 rounds make.
fn allocations(mut round: impl FnMut()) -> usize {
    round();
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    (0..1000).for_each(|_| round());
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

// One test, for two would count each other's.
#[test]
fn the_path_of_an_advert_allocates_nothing() {
    let mut backup = lab::lab(|_| {}).started();
    let bytes = advert(HIGH, 200);
    let received = allocations(|| {
        backup.now += Duration::from_secs(1);
        backup.out.clear(Origin(1));
        let input = Input::Packet { sock: SockId(0), packet: Packet::V4(&bytes) };
        backup.node.handle(input, backup.now, &mut backup.out);
    });
    assert_eq!((received, backup.counters().received), (0, 1001), "an advert received by a backup");

    let mut master = lab::lab(|_| {}).master();
    let before = master.counters().sent;
    let sent = allocations(|| {
        master.now = master.node.deadline().unwrap();
        master.out.clear(Origin(1));
        master.node.handle(Input::Wake, master.now, &mut master.out);
    });
    // One of the wakes was for the second burst of gratuitous ARPs.
    assert_eq!((sent, master.counters().sent - before), (0, 1000), "an advert sent by a master");
}
