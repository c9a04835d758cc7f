//! The workload on madsim: hosts that each send an advert a second to every other, one by one (it has no multicast).
//! Arguments: hosts, virtual seconds. Prints how many events it did.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use madsim::{net::UdpSocket, runtime::Runtime, time};

const ADVERT: [u8; 20] = [0x31; 20];

/// Timers fired, adverts sent and received.
#[derive(Default)]
struct Counts {
    timers: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

fn address(n: u64) -> SocketAddr {
    format!("10.0.{}.{}:112", n / 200, 1 + n % 200).parse().expect("an address")
}

async fn host(n: u64, hosts: u64, counts: Arc<Counts>) {
    let socket = Arc::new(UdpSocket::bind(address(n)).await.expect("the port is free"));
    let (sender, sent) = (Arc::clone(&socket), Arc::clone(&counts));
    let others: Vec<SocketAddr> = (0..hosts).filter(|other| *other != n).map(address).collect();
    madsim::task::spawn(async move {
        time::sleep(Duration::from_millis(n * 1000 / hosts)).await;
        let mut second = time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            sent.timers.fetch_add(1, Relaxed);
            for other in &others {
                sent.sent.fetch_add(1, Relaxed);
                let _ = sender.send_to(*other, &ADVERT).await;
            }
        }
    });
    let mut buffer = [0; 64];
    while socket.recv_from(&mut buffer).await.is_ok() {
        counts.received.fetch_add(1, Relaxed);
    }
}

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().expect("a number")).collect();
    let &[hosts, seconds] = &arguments[..] else { panic!("hosts and virtual seconds") };
    let counts = Arc::new(Counts::default());
    let runtime = Runtime::with_seed_and_config(42, Default::default());
    for n in 0..hosts {
        let node = runtime.create_node().ip(address(n).ip()).build();
        node.spawn(host(n, hosts, Arc::clone(&counts)));
    }
    // The clock belongs to the runtime: a sleep can only be made inside it.
    runtime.block_on(async move { time::sleep(Duration::from_secs(seconds)).await });
    let (timers, sent) = (counts.timers.load(Relaxed), counts.sent.load(Relaxed));
    let received = counts.received.load(Relaxed);
    println!("{}", timers + sent + received);
}
