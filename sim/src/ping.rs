//! A client's ping, without its packets: which request is next, and who answered last.

use std::net::IpAddr;

use vrrplab_engine::addr::Mac;
use vrrplab_engine::wire::icmp::Echo;

use crate::scenario::Ping;
use crate::trace::What;

/// What ping sends along by default.
const DATA: [u8; 56] = [0; 56];

/// A stream of echo requests. Only a change of who answers is news.
#[derive(Clone, Debug)]
pub struct Pinger {
    ping: Ping,
    id: u16,
    sequence: u16,
    answered: bool,
    /// `None` until the first outcome; then which station answers.
    by: Option<Option<Mac>>,
}

impl Pinger {
    /// The ping of this host, an index into the scenario's hosts; nothing has been sent.
    pub fn new(ping: Ping, host: usize) -> Pinger {
        Pinger { ping, id: host as u16 + 1, sequence: 0, answered: true, by: None }
    }

    /// Whom it asks, and how often.
    pub fn ping(&self) -> Ping {
        self.ping
    }

    /// It is time for the next request. The one before counts as unanswered if no reply has come, and that is told
    /// if it is news.
    pub fn request(&mut self) -> (Option<What>, Echo<'static>) {
        let mut news = None;
        if !self.answered && self.by != Some(None) {
            self.by = Some(None);
            news = Some(What::Answer { address: self.ping.to, by: None });
        }
        self.answered = false;
        self.sequence = self.sequence.wrapping_add(1);
        (news, Echo { reply: false, id: self.id, sequence: self.sequence, data: &DATA })
    }

    /// A reply came, from this address by way of this station. Whether that is news: an answer to the last request,
    /// by another station than before, or after silence.
    pub fn answered(&mut self, from: IpAddr, echo: &Echo<'_>, station: Mac) -> bool {
        if from != self.ping.to || !echo.reply || echo.id != self.id || echo.sequence != self.sequence {
            return false;
        }
        self.answered = true;
        self.by.replace(Some(station)) != Some(Some(station))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vrrplab_engine::time::Duration;

    const A: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 2]);

    fn pinger() -> Pinger {
        Pinger::new(Ping { to: "10.0.0.1".parse().unwrap(), every: Duration::from_millis(100) }, 4)
    }

    /// The next request is answered by this station: whether that is news.
    fn answered(pinger: &mut Pinger, by: Mac) -> bool {
        let (_, echo) = pinger.request();
        pinger.answered(pinger.ping().to, &Echo { reply: true, ..echo }, by)
    }

    #[test]
    fn only_another_answerer_is_news() {
        let mut pinger = pinger();
        assert!(answered(&mut pinger, A) && !answered(&mut pinger, A));
        assert!(answered(&mut pinger, B) && answered(&mut pinger, A));
    }

    #[test]
    fn silence_is_told_once_at_the_next_request_and_its_end_is_news() {
        let mut pinger = pinger();
        let silence = What::Answer { address: pinger.ping().to, by: None };
        assert_eq!(pinger.request().0, None, "nothing was asked before");
        assert_eq!((pinger.request().0, pinger.request().0), (Some(silence.clone()), None));
        assert!(answered(&mut pinger, A));
        assert_eq!((pinger.request().0, pinger.request().0), (None, Some(silence)));
    }

    #[test]
    fn only_a_reply_to_the_last_request_counts() {
        let mut pinger = pinger();
        let (_, first) = pinger.request();
        let (_, last) = pinger.request();
        let (to, other) = (pinger.ping().to, "10.0.0.2".parse().unwrap());
        for (from, echo) in [
            (to, Echo { reply: true, ..first }),
            (to, last),
            (to, Echo { reply: true, id: last.id + 1, ..last }),
            (other, Echo { reply: true, ..last }),
        ] {
            assert!(!pinger.answered(from, &echo, A), "{from} {echo:?}");
        }
        assert!(pinger.answered(to, &Echo { reply: true, ..last }, A));
    }
}
