//! The workload on bach: hosts that each send an advert a second to every other, one by one (it has no multicast).
//! Arguments: hosts, virtual seconds. Prints how many events it did.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bach::{environment::default::Runtime, ext::*, net::UdpSocket, time::sleep};

const PORT: u16 = 112;
const ADVERT: [u8; 20] = [0x31; 20];

/// Timers fired, adverts sent and received.
#[derive(Default)]
struct Counts {
    timers: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

async fn others(n: u64, hosts: u64) -> Vec<SocketAddr> {
    let mut others = Vec::new();
    for other in (0..hosts).filter(|other| *other != n) {
        let mut found =
            bach::net::lookup_host(format!("h{other}:{PORT}")).await.expect("every host has a name");
        others.extend(found.next());
    }
    others
}

async fn host(n: u64, hosts: u64, counts: Arc<Counts>) {
    let socket = Arc::new(UdpSocket::bind(("0.0.0.0", PORT)).await.expect("the port is free"));
    let (sender, sent) = (Arc::clone(&socket), Arc::clone(&counts));
    async move {
        sleep(Duration::from_millis(10 + n * 1000 / hosts)).await;
        let others = others(n, hosts).await;
        loop {
            sent.timers.fetch_add(1, Relaxed);
            for other in &others {
                sent.sent.fetch_add(1, Relaxed);
                let _ = sender.send_to(&ADVERT, *other).await;
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
    .spawn();
    let mut buffer = [0; 64];
    while socket.recv_from(&mut buffer).await.is_ok() {
        counts.received.fetch_add(1, Relaxed);
    }
}

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().expect("a number")).collect();
    let &[hosts, seconds] = &arguments[..] else { panic!("hosts and virtual seconds") };
    let counts = Arc::new(Counts::default());
    let all = Arc::clone(&counts);
    Runtime::new().with_seed(42).run(move || {
        for n in 0..hosts {
            host(n, hosts, Arc::clone(&all)).group(format!("h{n}")).spawn();
        }
        sleep(Duration::from_secs(seconds)).primary().spawn();
    });
    let (timers, sent) = (counts.timers.load(Relaxed), counts.sent.load(Relaxed));
    let received = counts.received.load(Relaxed);
    println!("{}", timers + sent + received);
}
