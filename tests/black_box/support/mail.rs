//! A mail server of the tests' own: speaks as much SMTP as a client needs, and keeps what it is given.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::{PATIENCE, lock};

/// An e-mail that arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipient of the envelope.
    pub to: String,
    /// Head and text, decoded.
    pub content: String,
}

impl Mail {
    /// The line of the text that begins with this.
    #[track_caller]
    pub fn line(&self, start: &str) -> &str {
        self.content.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no {start} in {self:?}"))
    }

    /// The token: what comes after `token=` in the link.
    #[track_caller]
    pub fn token(&self) -> String {
        self.line("http").split_once("token=").expect("a token in the link").1.to_owned()
    }
}

/// The server. Its thread ends with the process of the tests.
pub struct MailServer {
    address: SocketAddr,
    mails: Mutex<Receiver<Mail>>,
}

impl MailServer {
    /// A server that takes every e-mail.
    pub fn start() -> Self {
        Self::answering("250 taken")
    }

    /// A server that answers every recipient with this line.
    pub fn answering(recipient: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, mails) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A client that goes away early is no matter.
                let _ = converse(&stream, recipient, &sender);
            }
        });
        Self { address, mails: Mutex::new(mails) }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// The next e-mail.
    #[track_caller]
    pub fn next(&self) -> Mail {
        lock(&self.mails).recv_timeout(PATIENCE).expect("an e-mail arrives")
    }

    /// Whether an e-mail has arrived that was not taken yet.
    pub fn has_more(&self) -> bool {
        lock(&self.mails).try_recv().is_ok()
    }
}

fn converse(stream: &TcpStream, recipient: &str, mails: &Sender<Mail>) -> std::io::Result<()> {
    let mut out = stream;
    let mut lines = BufReader::new(stream).lines();
    let mut to = String::new();
    out.write_all(b"220 ready\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let answer = match line.split([' ', ':']).next().unwrap_or_default() {
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                recipient
            }
            "DATA" => {
                out.write_all(b"354 go on\r\n")?;
                let text: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                // Who waits for e-mails may have seen enough.
                let _ = mails.send(Mail { to: to.clone(), content: decoded(&text.join("\n")) });
                "250 taken"
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "250 fine",
        };
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}

/// As much of quoted-printable as ASCII needs.
fn decoded(text: &str) -> String {
    text.replace("=\n", "").replace("=3D", "=")
}
