//! `ghostworks healthcheck`: asks a running server whether it is ready, as a container's health check does.

use std::{fmt, io, path::PathBuf, str::FromStr, sync::Arc, time::Duration};

use hyper::Uri;
use rustls::{ClientConfig, crypto::ring, pki_types::ServerName};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    runtime::Builder,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::Failure;
use crate::{
    app,
    config::{Config, Server, Sources},
    lenient_tls::Lenient,
};

/// The most of an answer that is read: more than any status line.
const STATUS_LINE_BYTES: u64 = 1024;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The URL to ask; anything but 200 means not ready [default: /readyz of the server that uses the data directory, over its
    /// socket, or else on the configured port of this machine]
    #[arg(long)]
    url: Option<Url>,
    /// How long the answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Asks, and fails unless the answer is 200 and in time.
pub(super) fn run(args: Args, sources: &Sources) -> Result<(), Failure> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let asked = runtime.block_on(Asked::choose(args.url, sources))?;
    let status = runtime.block_on(async { timeout(Duration::from_secs(args.timeout), asked.status()).await });
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    match status {
        Ok(Ok(200)) => Ok(()),
        Ok(Ok(status)) => Err(Failure::NotReady(format!("{asked} answered {status}: not ready"))),
        Ok(Err(error)) => Err(Failure::NotReady(format!("{asked} did not answer ({error}); is the server running?"))),
        Err(_) => Err(Failure::NotReady(format!("{asked} did not answer within {} s", args.timeout))),
    }
}

/// Who is asked.
enum Asked {
    Url(Url),
    /// The server that uses this data directory.
    Server(PathBuf),
}

impl Asked {
    /// The URL that was given; or the server that is there, which may listen elsewhere than is configured here; or the
    /// configured address.
    async fn choose(url: Option<Url>, sources: &Sources) -> Result<Self, Failure> {
        if let Some(url) = url {
            return Ok(Self::Url(url));
        }
        let config = Config::load(sources)?;
        let data_dir = config.storage.data_dir;
        if sources.listen.is_none() && app::is_there(&data_dir).await {
            return Ok(Self::Server(data_dir));
        }
        Url::of_server(&config.server).map(Self::Url)
    }

    async fn status(&self) -> io::Result<u16> {
        match self {
            Self::Url(url) => status_of(url).await,
            Self::Server(data_dir) => app::readiness(data_dir).await.map(|status| status.as_u16()),
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Server(data_dir) => write!(f, "the server in {}", data_dir.display()),
        }
    }
}

/// The status that a plain GET of `url` is answered with.
async fn status_of(url: &Url) -> io::Result<u16> {
    let host = url.host.trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, url.port)).await?;
    if !url.is_tls {
        return ask(stream, url).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    ask(TlsConnector::from(Arc::new(tls()?)).connect(name, stream).await?, url).await
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, url: &Url) -> io::Result<u16> {
    let Url { host, port, path, .. } = url;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(STATUS_LINE_BYTES)).read_line(&mut line).await?;
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.trim().parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "that is not HTTP"))
}

/// TLS without verification of the certificate: only whether it is ready is asked, and by an address that no
/// certificate names.
fn tls() -> io::Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Lenient { chain: None, provider: provider.clone() });
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(io::Error::other)?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(config.with_no_client_auth())
}

/// An `http://` or `https://` URL.
#[derive(Clone, Debug)]
struct Url {
    is_tls: bool,
    /// A name or an address, an IPv6 one in brackets.
    host: String,
    port: u16,
    /// The path and the query.
    path: String,
}

impl Url {
    /// Where a server with these settings says whether it is ready.
    fn of_server(server: &Server) -> Result<Self, Failure> {
        let url = server.local_url().and_then(|url| format!("{url}/readyz").parse().ok());
        let unknown = "the server's address is not known before it starts; give it by --url";
        url.ok_or_else(|| Failure::NotReady(unknown.into()))
    }
}

impl FromStr for Url {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected an http:// or https:// URL, such as http://127.0.0.1:8000/readyz";
        let uri: Uri = text.parse().map_err(|_| EXPECTED)?;
        match (uri.scheme_str(), uri.host(), uri.path_and_query()) {
            (Some(scheme @ ("http" | "https")), Some(host), Some(path)) => {
                let is_tls = scheme == "https";
                let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
                Ok(Self { is_tls, host: host.to_owned(), port, path: path.to_string() })
            }
            _ => Err(EXPECTED),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}{}", self.host, self.port, self.path)
    }
}
