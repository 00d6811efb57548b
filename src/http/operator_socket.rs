//! The operator socket: a Unix socket in the data directory. A process that connects to it as the user that the server runs as, or
//! as root, may `operate`. No other socket makes anyone an operator: behind one that serves clients, a proxy would.

use std::convert::Infallible;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint, Request, Response};
use tokio::net::{UnixListener, UnixStream};

/// Its name in the data directory.
const NAME: &str = "operator.sock";
/// Its name until it is ready, and takes the place of the one before.
const NEW_NAME: &str = "operator.sock.new";
/// The longest path of a socket, in bytes: `sun_path` has 108, with a zero at the end (unix(7)).
const MAX_PATH: usize = 107;
/// How long to wait before accepting again after the system refused.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);
/// How long requests in flight may take to finish once the server has stopped.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// On every request that came over the operator socket.
#[derive(Clone, Copy)]
pub(super) struct OverOperatorSocket;

/// The socket, from when it is there until it is removed.
pub struct OperatorSocket {
    listener: UnixListener,
    directory: Directory,
    /// The user that the server runs as.
    owner: u32,
}

impl OperatorSocket {
    /// Puts the socket into the data directory, in the place of one that a server before this one left. Nobody else's
    /// server may use the directory; what is no socket stays where it is, and is an error.
    pub fn bind(data_dir: &Path) -> io::Result<Self> {
        let directory = Directory::open(data_dir)?;
        let (place, new) = (directory.join(NAME), directory.join(NEW_NAME));
        for path in [&place, &new] {
            if fs::symlink_metadata(path).is_ok_and(|it| !it.file_type().is_socket()) {
                return Err(io::Error::other("what is in its place is no socket; move that away"));
            }
        }
        let _ = fs::remove_file(&new);
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        let owner = fs::symlink_metadata(&new)?.uid();
        fs::rename(&new, &place)?;
        Ok(Self { listener, directory, owner })
    }

    /// Connects to the socket of the server that uses this data directory.
    pub async fn connect(data_dir: &Path) -> io::Result<UnixStream> {
        UnixStream::connect(Directory::open(data_dir)?.join(NAME)).await
    }

    /// Serves operators until `stop` resolves, lets the requests in flight finish, and removes the socket.
    pub async fn serve<E>(self, endpoint: Arc<E>, stop: impl Future<Output = ()>)
    where
        E: Endpoint<Output = Response> + 'static,
    {
        let drain = GracefulShutdown::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let stream = tokio::select! {
                () = &mut stop => break,
                stream = self.accept() => stream,
            };
            let endpoint = endpoint.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let peer = RemoteAddr(Addr::custom("unix", "operator"));
                let mut request: Request = (request, LocalAddr::default(), peer, Scheme::HTTP).into();
                request.set_data(OverOperatorSocket);
                let endpoint = endpoint.clone();
                async move { Ok::<_, Infallible>(hyper::Response::from(endpoint.get_response(request).await)) }
            });
            let mut builder = Builder::new();
            builder.timer(TokioTimer::new());
            let connection = drain.watcher().watch(builder.serve_connection(TokioIo::new(stream), service));
            // How a connection ends is the client's affair.
            tokio::spawn(async move { drop(connection.await) });
        }
        let _ = fs::remove_file(self.directory.join(NAME));
        if tokio::time::timeout(DRAIN_TIMEOUT, drain.shutdown()).await.is_err() {
            tracing::warn!("some requests of operators did not finish in time; their connections are closed");
        }
    }

    /// The next connection of someone who may operate.
    async fn accept(&self) -> UnixStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) if self.is_operator(&stream) => return stream,
                Ok(_) => tracing::warn!("a connection to the operator socket by another user was closed"),
                Err(error) => {
                    tracing::error!(%error, "can't accept connections to the operator socket; trying again shortly");
                    tokio::time::sleep(ACCEPT_BACK_OFF).await;
                }
            }
        }
    }

    /// Whether the process that connected runs as the same user, or as root.
    fn is_operator(&self, stream: &UnixStream) -> bool {
        stream.peer_cred().is_ok_and(|peer| peer.uid() == self.owner || peer.uid() == 0)
    }
}

/// A directory by a path that leaves space for the name of a socket.
struct Directory {
    path: PathBuf,
    /// What the path leads to, where it is one of a descriptor.
    _descriptor: Option<File>,
}

impl Directory {
    fn open(path: &Path) -> io::Result<Self> {
        if path.join(NEW_NAME).as_os_str().len() <= MAX_PATH {
            return Ok(Self { path: path.to_owned(), _descriptor: None });
        }
        let descriptor = File::open(path)?;
        let path = format!("/proc/self/fd/{}", descriptor.as_raw_fd()).into();
        Ok(Self { path, _descriptor: Some(descriptor) })
    }

    fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
