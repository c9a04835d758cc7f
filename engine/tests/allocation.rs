//! The path of an advert allocates nothing, once the buffers have their size: a thousand simulated routers for a
//! simulated year should not depend on an allocator. Alone in its file, because the counter sees every thread.

#[path = "tools/lab.rs"]
mod lab;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use lab::{HIGH, advert};
use vrrplab_engine::boundary::{Effect, Input, Origin, Packet, SockId};
use vrrplab_engine::config::{Address, Auth, Family, Instance, Peer, Version};
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

    for (what, change) in KINDS {
        let mut master = lab::lab(change).master();
        let mut backup = lab::lab(|i| {
            change(i);
            i.priority = 50;
        })
        .started();
        let before = backup.counters().received;
        let spoken = allocations(|| speak(&mut master, &mut backup));
        let heard = backup.counters().received - before;
        // One of the wakes was for the second burst of announcements.
        assert_eq!((spoken, heard), (0, 1000), "{what}, sent and received");
    }
}

type Change = fn(&mut Instance);

/// Every kind of advert but that of the bench.
const KINDS: [(&str, Change); 6] = [
    ("version 3", |i| (i.version, i.auth) = (Version::V3, Auth::None)),
    ("AH", |i| i.auth = Auth::Ah(*b"1111\0\0\0\0")),
    ("unicast", unicast),
    ("unicast of version 3", |i| {
        (i.version, i.auth) = (Version::V3, Auth::None);
        unicast(i);
    }),
    ("unicast with AH", |i| {
        i.auth = Auth::Ah(*b"1111\0\0\0\0");
        unicast(i);
    }),
    ("IPv6", |i| {
        (i.version, i.auth, i.family) = (Version::V3, Auth::None, Family::V6);
        i.mcast_src_ip6 = Some("fe80::1".parse().unwrap());
        i.addresses = vec![Address::plain("fe80::100/64".parse().unwrap(), "eth0")];
    }),
];

fn unicast(i: &mut Instance) {
    let peer = |address: &str| Peer { address: address.parse().unwrap(), min_ttl: 0, max_ttl: 255 };
    i.unicast.peers = vec![peer("10.0.0.2"), peer("10.0.0.3")];
}

/// The master's next timer; the last advert that it sends reaches the backup.
fn speak(master: &mut lab::Lab, backup: &mut lab::Lab) {
    master.now = master.node.deadline().unwrap();
    master.out.clear(Origin(1));
    master.node.handle(Input::Wake, master.now, &mut master.out);
    let sent = master.out.iter().filter_map(|timed| match timed.effect {
        Effect::Send { bytes, .. } => Some(Packet::V4(master.out.bytes(bytes))),
        Effect::Send6 { from, to, hop_limit, bytes, .. } => {
            let message = master.out.bytes(bytes);
            Some(Packet::V6 { source: from, destination: to, hop_limit, message })
        }
        _ => None,
    });
    if let Some(packet) = sent.last() {
        backup.now = master.now;
        backup.out.clear(Origin(1));
        backup.node.handle(Input::Packet { sock: SockId(0), packet }, backup.now, &mut backup.out);
    }
}
