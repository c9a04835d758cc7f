//! A mail server, as far as a client of it can tell (RFC 5321): it takes everything, but for what the scenario lets it
//! refuse. Bytes in, what it does about them out: whoever has the connection carries it out.

use vrrplab_engine::time::Duration;

use crate::scenario;

/// The server's side of one connection.
#[derive(Clone, Debug)]
pub struct Mailbox {
    spec: scenario::Mailbox,
    /// The message is being sent, up to a line with a dot.
    in_message: bool,
    subject: String,
    /// Bytes of a line that has not ended.
    line: Vec<u8>,
}

/// What the server does about what it hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reaction {
    /// It answers.
    Reply {
        /// So long after it heard.
        after: Duration,
        /// A line without its end, CR LF.
        line: String,
    },
    /// It has the whole message.
    Taken {
        /// What its `Subject:` says.
        subject: String,
    },
    /// It closes the connection.
    Close {
        /// So long after it heard.
        after: Duration,
    },
}

impl Mailbox {
    /// The side of a server that does so, of a connection that begins.
    pub fn new(spec: &scenario::Mailbox) -> Mailbox {
        let (subject, line) = (String::new(), Vec::new());
        Mailbox { spec: spec.clone(), in_message: false, subject, line }
    }

    /// What it says first, and unasked.
    pub fn greeting(&self) -> Reaction {
        self.reply("greeting", "220 mail.example ESMTP")
    }

    /// Bytes come in: what it does about the lines that they complete, in that order.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<Reaction> {
        let mut reactions = Vec::new();
        self.line.extend_from_slice(bytes);
        while let Some(end) = self.line.windows(2).position(|w| w == b"\r\n") {
            let rest = self.line.split_off(end + 2);
            let line = std::mem::replace(&mut self.line, rest);
            let line = String::from_utf8_lossy(&line[..end]).into_owned();
            self.line(&line, &mut reactions);
        }
        reactions
    }

    fn line(&mut self, line: &str, reactions: &mut Vec<Reaction>) {
        if self.in_message {
            if let Some(subject) = line.strip_prefix("Subject: ") {
                self.subject = subject.to_string();
            }
            if line == "." {
                self.in_message = false;
                let reply = self.reply(line, "250 2.0.0 Ok");
                if reply == self.plain("250 2.0.0 Ok") {
                    reactions.push(Reaction::Taken { subject: std::mem::take(&mut self.subject) });
                }
                reactions.push(reply);
            }
            return;
        }
        let verb = line.split(' ').next().unwrap_or("");
        let usual = match verb {
            "DATA" => "354 End data with <CR><LF>.<CR><LF>",
            "QUIT" => "221 Bye",
            "HELO" | "MAIL" | "RCPT" => "250 Ok",
            _ => "500 unknown command",
        };
        let reply = self.reply(line, usual);
        self.in_message = reply == self.plain("354 End data with <CR><LF>.<CR><LF>");
        reactions.push(reply);
        if verb == "QUIT" {
            reactions.push(Reaction::Close { after: self.spec.delay });
        }
    }

    fn reply(&self, to: &str, usual: &str) -> Reaction {
        let refused = self.spec.refuses.as_deref().is_some_and(|start| to.starts_with(start));
        self.plain(if refused { &self.spec.reply } else { usual })
    }

    fn plain(&self, line: &str) -> Reaction {
        Reaction::Reply { after: self.spec.delay, line: line.to_string() }
    }
}
