//! What a server listens on: an address, or a Unix socket for a proxy on the same machine. Either is made here or handed
//! over by systemd.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// The most bytes that wait in the system for a slow client, besides those on the way: it would take megabytes.
const UNSENT_MAX: u32 = 64 << 10;

/// Who may connect to a Unix socket: this user, and its group.
const SOCKET_MODE: u32 = 0o660;

/// What a server listens on.
pub enum Listener {
    /// An address.
    Tcp(TcpListener),
    /// A Unix socket.
    Unix(UnixSocket),
}

/// A Unix socket, from when it is there.
pub struct UnixSocket {
    listener: UnixListener,
    /// Where it was made. None when somebody else did, who then removes it, too.
    path: Option<PathBuf>,
}

impl Listener {
    /// Listens on an address.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Tcp)
    }

    /// Makes a Unix socket. One that a server left behind is replaced; one that is in use, and what is no socket, is not.
    pub fn bind_unix(path: &Path) -> io::Result<Self> {
        if fs::symlink_metadata(path).is_ok_and(|it| !it.file_type().is_socket()) {
            return Err(io::Error::other("what is in its place is no socket; move that away"));
        }
        if BlockingUnixStream::connect(path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        // Made under another name first: nobody connects before the mode is right.
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let new = PathBuf::from(new);
        let _ = fs::remove_file(&new);
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(SOCKET_MODE))?;
        fs::rename(&new, path)?;
        Ok(Self::Unix(UnixSocket { listener, path: Some(path.to_owned()) }))
    }

    /// The address, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

/// The sockets that systemd hands over to a service that it starts for them (sd_listen_fds(3)).
pub struct Inherited(ListenFd);

impl Inherited {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self(ListenFd::from_env())
    }

    /// The socket with this number, counted from 0.
    pub fn take(&mut self, number: usize) -> io::Result<Listener> {
        let absent = || io::Error::other("systemd handed over no such socket");
        if let Ok(socket) = self.0.take_tcp_listener(number) {
            let listener = socket.ok_or_else(absent)?;
            listener.set_nonblocking(true)?;
            return TcpListener::from_std(listener).map(Listener::Tcp);
        }
        let listener = self.0.take_unix_listener(number)?.ok_or_else(absent)?;
        listener.set_nonblocking(true)?;
        Ok(Listener::Unix(UnixSocket { listener: UnixListener::from_std(listener)?, path: None }))
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// The ends of a connection; none for those of a Unix socket.
#[derive(Clone, Copy, Default)]
pub(super) struct Ends {
    pub local: Option<SocketAddr>,
    pub peer: Option<SocketAddr>,
}

/// What connections come from.
pub(super) trait Accept: Send + Sync {
    type Stream: AsyncRead + AsyncWrite + AsFd + Unpin + Send + 'static;

    /// The next connection.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Ends)>> + Send;
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Ends)> {
        let (stream, peer) = Self::accept(self).await?;
        // Answers are small and whole: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_MAX);
        let ends = Ends { local: stream.local_addr().ok(), peer: Some(peer) };
        Ok((stream, ends))
    }
}

impl Accept for UnixSocket {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Ends)> {
        self.listener.accept().await.map(|(stream, _)| (stream, Ends::default()))
    }
}
