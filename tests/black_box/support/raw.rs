//! A bare TCP connection, for what no HTTP client would send.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use super::PATIENCE;

/// A connection.
pub struct Raw(TcpStream);

impl Raw {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("the server accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
        Self(stream)
    }

    /// Connects from another address of this machine.
    pub fn connect_from(source: Ipv4Addr, address: SocketAddr) -> Self {
        Self(connect_from(source, address))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).expect("the connection is open");
        self
    }

    /// Sends bytes, unless the server has closed the connection; whether it was still open.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).is_ok()
    }

    /// Whether something has come that was not read yet.
    pub fn has_answer(&self) -> bool {
        self.0.set_nonblocking(true).expect("a socket can be asked");
        let peeked = self.0.peek(&mut [0]);
        self.0.set_nonblocking(false).expect("a socket can be asked");
        match peeked {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    /// Whether the server has reset the connection. What has come before may not have been read.
    pub fn was_reset(&self) -> bool {
        let error = self.0.take_error().expect("a socket can be asked");
        error.is_some_and(|error| error.kind() == ErrorKind::ConnectionReset)
    }

    /// All that comes until the server closes the connection, as text.
    pub fn read_to_end(&mut self) -> String {
        String::from_utf8_lossy(&self.read_bytes()).into_owned()
    }

    /// All that comes until the server closes the connection.
    pub fn read_bytes(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        match self.0.read_to_end(&mut all) {
            Ok(_) => {}
            // Closed with some of our bytes unread.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("not closed after {PATIENCE:?}: {error}"),
        }
        all
    }

    /// The head of an answer; nothing of its body is read.
    pub fn read_head(&mut self) -> String {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            let count = self.0.read(&mut byte).expect("an answer");
            assert_eq!(count, 1, "closed after {:?}", String::from_utf8_lossy(&head));
            head.push(byte[0]);
        }
        String::from_utf8_lossy(&head).into_owned()
    }

    /// One answer with a `Content-Length`; the connection stays open.
    pub fn read_answer(&mut self) -> String {
        let mut answer = Vec::new();
        let mut byte = [0];
        while !is_complete(&answer) {
            let count = self.0.read(&mut byte).expect("an answer");
            assert_eq!(count, 1, "closed after {:?}", String::from_utf8_lossy(&answer));
            answer.push(byte[0]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn is_complete(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map_or("0", str::trim);
    body.len() >= length.parse().expect("a length")
}

/// A socket that connects from an address of this machine.
pub fn connect_from(source: Ipv4Addr, address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from((source, 0)).into()).expect("an address of this machine");
    socket.connect(&address.into()).expect("the server accepts");
    socket.set_read_timeout(Some(PATIENCE)).expect("a valid timeout");
    socket.into()
}
