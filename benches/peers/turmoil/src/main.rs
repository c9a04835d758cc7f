//! The workload on turmoil: hosts that each send an advert a second to all others, by multicast.
//! Arguments: hosts, virtual seconds. Prints how many events it did. Its clock ticks once a millisecond, as it does by default.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use turmoil::{Builder, IpVersion, net::UdpSocket};

const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
const PORT: u16 = 112;
const ADVERT: [u8; 20] = [0x31; 20];

/// Adverts sent and received.
#[derive(Default)]
struct Counts {
    sent: Cell<u64>,
    received: Cell<u64>,
}

fn add(count: &Cell<u64>) {
    count.set(count.get() + 1);
}

async fn host(n: u64, hosts: u64, counts: Rc<Counts>) -> turmoil::Result {
    let socket = Rc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?);
    socket.join_multicast_v4(GROUP, Ipv4Addr::UNSPECIFIED)?;
    socket.set_multicast_loop_v4(false)?;
    let (sender, sent) = (Rc::clone(&socket), Rc::clone(&counts));
    tokio::task::spawn_local(async move {
        tokio::time::sleep(Duration::from_millis(n * 1000 / hosts)).await;
        let mut second = tokio::time::interval(Duration::from_secs(1));
        loop {
            second.tick().await;
            add(&sent.sent);
            // A host that has not joined yet hears nothing.
            let _ = sender.send_to(&ADVERT, (GROUP, PORT)).await;
        }
    });
    let mut buffer = [0; 64];
    loop {
        socket.recv_from(&mut buffer).await?;
        add(&counts.received);
    }
}

fn main() {
    let arguments: Vec<u64> = std::env::args().skip(1).map(|a| a.parse().expect("a number")).collect();
    let &[hosts, seconds] = &arguments[..] else { panic!("hosts and virtual seconds") };
    let counts = Rc::new(Counts::default());
    let mut builder = Builder::new();
    builder
        .simulation_duration(Duration::from_secs(seconds + 60))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(2))
        .ip_version(IpVersion::V4)
        .udp_capacity(4096)
        .rng_seed(42);
    let mut sim = builder.build();
    for n in 0..hosts {
        let counts = Rc::clone(&counts);
        sim.host(format!("h{n}"), move || host(n, hosts, Rc::clone(&counts)));
    }
    sim.client("end", async move {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(())
    });
    sim.run().expect("nothing fails");
    // One timer and one multicast frame an advert.
    let events = counts.sent.get() * 2 + counts.received.get();
    println!("{events}");
}
