//! What the server listens on, as it is configured.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::{env, io};

use super::Error;
use crate::config::{CertificateSource, Config, Listen};
use crate::http::server::{Inherited, Listener};

/// What is listened on.
pub(super) struct Listeners {
    /// For everybody.
    pub main: Listener,
    /// For those who scrape the metrics, if they have an address of their own.
    pub metrics: Option<Listener>,
    /// For operators, if they have one of their own.
    pub operators: Option<Listener>,
    /// For those who come over plain HTTP to what is over HTTPS.
    pub plain: Option<Listener>,
}

impl Listeners {
    /// Begins to listen. Nothing is accepted yet.
    pub(super) async fn open(config: &Config) -> Result<Self, Error> {
        let mut inherited = Inherited::of_process();
        let main = listen(&config.server.listen, &mut inherited, "--listen").await?;
        let operators = match &config.server.operator_listen {
            Some(wanted) => Some(listen(wanted, &mut inherited, "server.operator_listen").await?),
            None => None,
        };
        let metrics = match config.telemetry.metrics_listen {
            Some(address) => Some(listen(&Listen::Address(address), &mut inherited, "telemetry.metrics_listen").await?),
            None => None,
        };
        let is_by_authority = config.server.certificate_source() == CertificateSource::Authority;
        let plain = match config.server.acme_http_listen.as_ref().filter(|_| is_by_authority) {
            Some(wanted) => Some(listen(wanted, &mut inherited, "server.acme_http_listen").await?),
            None => None,
        };
        Ok(Self { main, metrics, operators, plain })
    }
}

async fn listen(wanted: &Listen, inherited: &mut Inherited, setting: &'static str) -> Result<Listener, Error> {
    let listener: io::Result<Listener> = match wanted {
        Listen::Address(address) => bind(*address).await,
        Listen::Unix(path) => Listener::bind_unix(path),
        Listen::Systemd(number) => inherited.take(*number),
    };
    listener.map_err(|error| refusal(wanted.clone(), setting, error))
}

/// Listens on an address; where there is no IPv6, on every address of IPv4 instead of every address.
async fn bind(address: SocketAddr) -> io::Result<Listener> {
    match Listener::bind(address).await {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && is_without_ipv6(&error) => {
            Listener::bind((Ipv4Addr::UNSPECIFIED, address.port()).into()).await
        }
        bound => bound,
    }
}

fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

fn refusal(address: Listen, setting: &'static str, error: io::Error) -> Error {
    let is_port_privileged = matches!(address, Listen::Address(address) if address.port() < 1024);
    if error.kind() == io::ErrorKind::PermissionDenied && is_port_privileged {
        let program = env::current_exe().unwrap_or_else(|_| "/usr/bin/ghostworks".into()).display().to_string();
        return Error::PrivilegedPort { address, setting, program };
    }
    Error::Listen { address, setting, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_takes_a_right_is_refused_with_the_command_that_gives_it() {
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let refused = refusal("[::]:443".parse().expect("an address"), "--listen", denied()).to_string();
        assert!(refused.contains("can't listen on [::]:443"), "{refused}");
        for way in
            ["setcap cap_net_bind_service=+ep /", "AmbientCapabilities=", "ip_unprivileged_port_start", "--listen"]
        {
            assert!(refused.contains(way), "{refused}");
        }
        let other = refusal("unix:/nowhere".parse().expect("a path"), "--listen", denied()).to_string();
        assert!(!other.contains("setcap"), "{other}");
    }
}
