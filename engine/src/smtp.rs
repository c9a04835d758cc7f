//! The SMTP client of keepalived: one connection for each message, nothing is tried twice (core/smtp.c). Bytes
//! in, bytes out; whoever owns a session keeps its time-out.
//!
//! | stage    | awaits | then says                         |
//! |----------|--------|-----------------------------------|
//! | greeting | 220    | `HELO name`                       |
//! | helo     | 250    | `MAIL FROM:<sender>`              |
//! | from     | 250    | `RCPT TO:<recipient>`, each in turn |
//! | to       | 250    | the next one, or `DATA`           |
//! | data     | 354    | headers, text and a dot, at once  |
//! | text     | 250    | `QUIT`                            |
//! | quit     | 221    | nothing: it hangs up              |
//!
//! To any other reply, and to silence, it says `QUIT`, even to one that answers a `QUIT` (recorded:
//! `smtp-alert-slow`).

use std::sync::Arc;

use crate::time::Duration;

/// What all messages of a daemon share.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The name in `HELO`.
    pub helo: String,
    /// Sender.
    pub from: String,
    /// Recipients, as configured: a display name ends up inside the brackets of `RCPT TO`.
    pub to: Vec<String>,
}

/// One message on its way.
#[derive(Clone, Debug)]
pub struct Session {
    envelope: Arc<Envelope>,
    subject: String,
    body: String,
    stage: Stage,
    /// Bytes of a reply whose line has not ended.
    line: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Greeting,
    Helo,
    From,
    /// The recipient that was named last.
    To(usize),
    Data,
    Text,
    Quit,
}

/// What a session does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Waits for more of the reply.
    Wait,
    /// Sends this and waits for the reply.
    Say(String),
    /// Hangs up.
    End,
}

impl Session {
    /// A message that waits for the server's greeting.
    pub fn new(envelope: Arc<Envelope>, subject: String, body: String) -> Session {
        Session { envelope, subject, body, stage: Stage::Greeting, line: Vec::new() }
    }

    /// Bytes arrived. `date` is what the wall clock shows, counted from 1970. Of several lines the last one
    /// that says so (`250 `, not `250-`) is the reply.
    pub fn hear(&mut self, bytes: &[u8], date: Duration) -> Step {
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.windows(2).position(|w| w == b"\r\n") {
            let rest = self.line.split_off(end + 2);
            let line = std::mem::replace(&mut self.line, rest);
            if line.get(3) == Some(&b'-') {
                continue;
            }
            let code = std::str::from_utf8(&line[..end.min(3)]).ok().and_then(|c| c.parse().ok());
            return self.reply(code.unwrap_or(0), date);
        }
        Step::Wait
    }

    /// Nobody has answered in time.
    pub fn silence(&mut self) -> Step {
        if self.stage == Stage::Quit { Step::End } else { self.quit() }
    }

    fn quit(&mut self) -> Step {
        self.stage = Stage::Quit;
        Step::Say("QUIT\r\n".to_string())
    }

    fn reply(&mut self, code: u16, date: Duration) -> Step {
        let envelope = &self.envelope;
        let (stage, text) = match (self.stage, code) {
            (Stage::Greeting, 220) => (Stage::Helo, format!("HELO {}", envelope.helo)),
            (Stage::Helo, 250) => (Stage::From, format!("MAIL FROM:<{}>", envelope.from)),
            (Stage::From, 250) => (Stage::To(0), format!("RCPT TO:<{}>", envelope.to[0])),
            (Stage::To(n), 250) => match envelope.to.get(n + 1) {
                Some(next) => (Stage::To(n + 1), format!("RCPT TO:<{next}>")),
                None => (Stage::Data, "DATA".to_string()),
            },
            (Stage::Data, 354) => (Stage::Text, self.text(date)),
            (Stage::Quit, 221) => return Step::End,
            _ => return self.quit(),
        };
        self.stage = stage;
        Step::Say(text + "\r\n")
    }

    fn text(&self, date: Duration) -> String {
        let Envelope { from, to, .. } = &*self.envelope;
        let (subject, body) = (&self.subject, &self.body);
        format!(
            "Date: {}\r\nFrom: {from}\r\nSubject: {subject}\r\nX-Mailer: Keepalived\r\nTo: {}\r\n\r\n{body}\r\n\r\n.",
            rfc5322_date(date),
            to.join(", ")
        )
    }
}

/// `Thu, 01 Jan 1970 00:00:06 +0000` (RFC 5322, 3.3).
pub fn rfc5322_date(since_1970: Duration) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = since_1970.as_micros() / 1_000_000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = (month + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} +0000",
        DAYS[(days % 7) as usize],
        MONTHS[month as usize],
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(to: &[&str]) -> Session {
        let to = to.iter().map(ToString::to_string).collect();
        let envelope = Envelope { helo: "localhost".into(), from: "keep@li.org".into(), to };
        let subject = "[a] VRRP Instance VI_1 - Entering MASTER state".into();
        Session::new(Arc::new(envelope), subject, "=> VRRP Instance is now owning VRRP VIPs <=".into())
    }

    /// The recording `smtp-alert-recipients`, reply by reply.
    const DIALOGUE: [(&str, &str); 8] = [
        ("220 mail.example ESMTP\r\n", "HELO localhost\r\n"),
        ("250 Ok\r\n", "MAIL FROM:<keep@li.org>\r\n"),
        ("250 Ok\r\n", "RCPT TO:<admin@example.org>\r\n"),
        ("250 Ok\r\n", "RCPT TO:<Op Erator <op@example.org>>\r\n"),
        ("250 Ok\r\n", "DATA\r\n"),
        (
            "354 End data with <CR><LF>.<CR><LF>\r\n",
            "Date: Thu, 01 Jan 1970 00:00:06 +0000\r\nFrom: keep@li.org\r\n\
             Subject: [a] VRRP Instance VI_1 - Entering MASTER state\r\nX-Mailer: Keepalived\r\n\
             To: admin@example.org, Op Erator <op@example.org>\r\n\r\n\
             => VRRP Instance is now owning VRRP VIPs <=\r\n\r\n.\r\n",
        ),
        ("250 2.0.0 Ok\r\n", "QUIT\r\n"),
        ("221 Bye\r\n", ""),
    ];
    const DATE: Duration = Duration::from_secs(6);

    #[test]
    fn the_dialogue_is_the_recorded_one() {
        let mut session = session(&["admin@example.org", "Op Erator <op@example.org>"]);
        for (reply, said) in DIALOGUE {
            let expected = if said.is_empty() { Step::End } else { Step::Say(said.into()) };
            assert_eq!(session.hear(reply.as_bytes(), DATE), expected, "{reply}");
        }
    }

    #[test]
    fn any_other_reply_and_silence_end_in_quit() {
        for at in 0..DIALOGUE.len() - 1 {
            for reply in
                ["421 no\r\n", "550 no\r\n", "221 no\r\n", "no\r\n", "\r\n", "220-a\r\n999 b\r\n", ""]
            {
                let mut session = session(&["admin@example.org", "Op Erator <op@example.org>"]);
                for (reply, _) in &DIALOGUE[..at] {
                    session.hear(reply.as_bytes(), DATE);
                }
                let step =
                    if reply.is_empty() { session.silence() } else { session.hear(reply.as_bytes(), DATE) };
                let ends = at == DIALOGUE.len() - 1;
                assert_eq!(step, if ends { Step::End } else { Step::Say("QUIT\r\n".into()) }, "{at} {reply}");
            }
        }
    }

    #[test]
    fn a_quit_that_is_answered_wrongly_is_said_again() {
        let mut session = session(&["admin@example.org"]);
        assert_eq!(session.silence(), Step::Say("QUIT\r\n".into()));
        assert_eq!(session.hear(b"220 late\r\n", DATE), Step::Say("QUIT\r\n".into()));
        assert_eq!(session.hear(b"221 bye\r\n", DATE), Step::End);
    }

    #[test]
    fn a_reply_may_come_in_pieces_and_in_several_lines() {
        let mut session = session(&["admin@example.org"]);
        assert_eq!(session.hear(b"220-mx\r\n22", DATE), Step::Wait);
        assert_eq!(session.hear(b"0 mx\r", DATE), Step::Wait);
        assert_eq!(session.hear(b"\n", DATE), Step::Say("HELO localhost\r\n".into()));
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"),
            (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 +0000"),
            (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 +0000"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 +0000"),
        ] {
            assert_eq!(rfc5322_date(Duration::from_secs(seconds)), date);
        }
    }
}
