//! A certificate of the tests' own, and a client that trusts it alone.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::PATIENCE;
use super::raw::connect_from;
use super::server::{Server, Setup};

/// A certificate for `localhost` that vouches for itself, and its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    key_pem: String,
}

impl Identity {
    /// Another at each call.
    pub fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        Self {
            certificate: made.cert.der().clone(),
            certificate_pem: made.cert.pem(),
            key_pem: made.signing_key.serialize_pem(),
        }
    }

    /// Writes certificate and key into a directory, and returns their files.
    pub fn write(&self, directory: &Path) -> [PathBuf; 2] {
        let certificate = directory.join("certificate.pem");
        // At once, as a careful program does it: the server may look at any time.
        let next = directory.join("next.pem");
        fs::write(&next, &self.certificate_pem).expect("a file");
        let key = self.write_key(directory);
        fs::rename(next, &certificate).expect("a file");
        [certificate, key]
    }

    /// Writes certificate and key into one file.
    pub fn write_whole(&self, path: &Path) {
        let next = path.with_extension("next");
        fs::write(&next, format!("{}{}", self.certificate_pem, self.key_pem)).expect("a file");
        fs::rename(next, path).expect("a file");
    }

    /// Writes the key alone.
    pub fn write_key(&self, directory: &Path) -> PathBuf {
        let (next, key) = (directory.join("next-key.pem"), directory.join("key.pem"));
        fs::write(&next, &self.key_pem).expect("a file");
        fs::rename(next, &key).expect("a file");
        key
    }

    fn client(&self, protocol: &[u8]) -> ClientConnection {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = config.expect("versions").with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from("localhost").expect("a name");
        ClientConnection::new(Arc::new(config), name).expect("a client")
    }
}

/// How a server with a certificate is started.
pub fn with_tls() -> (Setup, Identity) {
    let setup = Setup::new();
    let identity = Identity::new();
    let files = identity.write(setup.scratch());
    let [certificate, key] = files.map(|path| path.to_str().expect("a printable path").to_owned());
    (setup.env("GHOSTWORKS__SERVER__TLS_CERTIFICATE", certificate).env("GHOSTWORKS__SERVER__TLS_KEY", key), identity)
}

/// An encrypted connection.
pub struct Stream(StreamOwned<ClientConnection, TcpStream>);

impl Stream {
    /// Connects, and agrees on a protocol.
    pub fn connect(server: &Server, identity: &Identity, protocol: &[u8]) -> Self {
        let mut stream = Self::open(server, identity, protocol);
        stream.0.conn.complete_io(&mut stream.0.sock).expect("TLS is spoken");
        assert_eq!(stream.0.conn.alpn_protocol(), Some(protocol));
        stream
    }

    /// Whether the server has this certificate.
    pub fn is_trusted(server: &Server, identity: &Identity) -> bool {
        let mut stream = Self::open(server, identity, b"http/1.1");
        stream.0.conn.complete_io(&mut stream.0.sock).is_ok()
    }

    /// Connects for HTTP/1.1 from another address of this machine.
    pub fn connect_from(source: Ipv4Addr, server: &Server, identity: &Identity) -> Self {
        let socket = connect_from(source, server.address());
        Self(StreamOwned::new(identity.client(b"http/1.1"), socket))
    }

    fn open(server: &Server, identity: &Identity, protocol: &[u8]) -> Self {
        let socket = connect_from(Ipv4Addr::LOCALHOST, server.address());
        socket.set_write_timeout(Some(PATIENCE)).expect("a valid timeout");
        Self(StreamOwned::new(identity.client(protocol), socket))
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        assert!(self.try_send(bytes), "the connection is open");
        self
    }

    /// Sends bytes, unless the server has closed the connection; whether it was still open.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).and_then(|()| self.0.flush()).is_ok()
    }

    /// The next bytes, fewer only at the end.
    pub fn read(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        let mut filled = 0;
        while filled < count {
            match self.0.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("nothing came in {PATIENCE:?}")
                }
                // However it was closed.
                Err(_) => break,
            }
        }
        bytes.truncate(filled);
        bytes
    }

    /// The head of an answer, and as much of its body as it announces.
    pub fn read_answer(&mut self) -> String {
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let byte = self.read(1);
            assert!(!byte.is_empty(), "closed after {:?}", String::from_utf8_lossy(&answer));
            answer.extend(byte);
        }
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map_or("0", str::trim);
        answer.extend(self.read(length.parse().expect("a length")));
        String::from_utf8_lossy(&answer).into_owned()
    }
}
