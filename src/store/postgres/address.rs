//! Where a database is, as people write it for libpq and for SQLAlchemy.

use std::fmt;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use tokio_postgres::config::{Config, Host, SslNegotiation, TargetSessionAttrs};
use tokio_postgres::{Client, Error};

use super::address_error::AddressError;
use super::causes::with_causes;
use super::tls::Trust;

/// How long connecting may take, unless the address says something else.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a connection may be silent until it is asked whether it is there still, and how long what was sent may wait.
const SILENCE: Duration = Duration::from_secs(10);

/// Such an address. Shown, it has no password.
pub struct Address {
    /// The same for each of the hosts that it names.
    pub(super) hosts: Vec<Config>,
    pub(super) trust: Trust,
}

impl Address {
    /// Reads an address. A password that it has is stronger than the other one. The database knows the program by `name`.
    pub fn parse(url: &str, password: Option<&SecretString>, name: &str) -> Result<Self, AddressError> {
        let wrong = |what: String| AddressError::Address(what);
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(|| wrong("it has no ://".to_owned()))?;
        // As SQLAlchemy names the program that is to speak with it.
        let kind = scheme.split_once('+').map_or(scheme, |(kind, _)| kind);
        if !matches!(kind, "postgres" | "postgresql") {
            return Err(wrong(format!("it begins with {kind}:// instead of postgres://")));
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (tls, others): (Vec<&str>, Vec<&str>) =
            query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| pair.starts_with("ssl"));
        let (mut trust, mut hosts) = (Trust::default(), Vec::new());
        for place in one_by_one(place) {
            let plain = format!("postgresql://{place}?{}", others.join("&"));
            let mut config = Config::from_str(&plain).map_err(|error| wrong(with_causes(&error)))?;
            for pair in &tls {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                set(&mut config, &mut trust, key, value).map_err(wrong)?;
            }
            config.ssl_mode(trust.ssl_mode());
            if let Some(password) = password
                && config.get_password().is_none()
            {
                config.password(password.expose_secret());
            }
            if config.get_connect_timeout().is_none() {
                config.connect_timeout(PATIENCE);
            }
            // Which one takes writes is asked once there is a connection: one that takes none for now can be read.
            config.target_session_attrs(TargetSessionAttrs::Any);
            config.application_name(name).keepalives_idle(SILENCE).tcp_user_timeout(SILENCE);
            hosts.push(config);
        }
        Ok(Self { hosts, trust })
    }

    /// The same, with the certificate and the key of a directory where it names none, if they are there.
    #[must_use]
    pub fn with_defaults(mut self, directory: Option<&Path>) -> Self {
        directory.inspect(|directory| self.trust.set_defaults(directory));
        self
    }

    /// Connects. The connection has to be driven for the client to be answered.
    pub async fn connect(
        &self,
    ) -> Result<(Client, impl Future<Output = Result<(), Error>> + Send + use<>), ConnectError> {
        let mut failure = ConnectError::Silent;
        for host in &self.hosts {
            match timeout(patience(host), host.connect(self.trust.connector()?)).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => failure = error.into(),
                Err(_) => failure = ConnectError::Silent,
            }
        }
        Err(failure)
    }
}

/// How long connecting to a host may take, with everything that is said before it can be asked.
pub(super) fn patience(host: &Config) -> Duration {
    host.get_connect_timeout().copied().unwrap_or(PATIENCE)
}

/// Places with one host each.
fn one_by_one(place: &str) -> Vec<String> {
    let (who, rest) = place.rsplit_once('@').map_or(("", place), |(who, rest)| (who, rest));
    let (hosts, name) = rest.split_once('/').map_or((rest, ""), |(hosts, name)| (hosts, name));
    let at = if who.is_empty() { "" } else { "@" };
    let slash = if rest.contains('/') { "/" } else { "" };
    hosts.split(',').map(|host| format!("{who}{at}{host}{slash}{name}")).collect()
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is of no use.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The database refused, or nothing is there.
    #[error("{}", with_causes(.0))]
    Database(#[from] Error),
    /// Something is there, and says nothing.
    #[error("it did not answer in time")]
    Silent,
}

/// Takes in what an address says of TLS.
fn set(config: &mut Config, trust: &mut Trust, key: &str, value: String) -> Result<(), String> {
    match key {
        // As asyncpg calls it.
        "sslmode" | "ssl" => trust.set_mode(&value),
        "sslrootcert" => {
            trust.root_certificate = Some(value).filter(|path| path != "system");
            Ok(())
        }
        "sslcert" => {
            trust.certificate = Some(value.into());
            Ok(())
        }
        "sslkey" => {
            trust.key = Some(value.into());
            Ok(())
        }
        "sslnegotiation" if value == "postgres" => Ok(()),
        "sslnegotiation" if value == "direct" => {
            config.ssl_negotiation(SslNegotiation::Direct);
            Ok(())
        }
        _ => Err(format!("{key}={value} is not known here")),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = |config: &Config| {
            let host = match config.get_hosts().first() {
                Some(Host::Tcp(name)) => name.clone(),
                Some(Host::Unix(path)) => path.display().to_string(),
                None => "localhost".to_owned(),
            };
            format!("{host}:{}", config.get_ports().first().copied().unwrap_or(5432))
        };
        let places: Vec<String> = self.hosts.iter().map(place).collect();
        let name = self.hosts.first().and_then(Config::get_dbname).unwrap_or("(default)");
        write!(f, "the database {name} at {}", places.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::*;

    fn parse(url: &str) -> Result<Address, String> {
        Address::parse(url, Some(&"from-elsewhere".into()), "test").map_err(|error| error.to_string())
    }

    #[test]
    fn an_address_is_what_people_have() {
        for (url, mode) in [
            ("postgres://ann:secret@db.example:5433/older", SslMode::Prefer),
            ("postgresql+asyncpg://ann:secret@db.example:5433/older?ssl=require", SslMode::Require),
            ("postgresql://ann:secret@db.example:5433/older?sslmode=verify-full&connect_timeout=3", SslMode::Require),
            ("postgresql+psycopg2://ann:secret@db.example:5433/older?sslmode=disable", SslMode::Disable),
        ] {
            let address = parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            assert_eq!(address.hosts[0].get_ssl_mode(), mode, "{url}");
            assert_eq!(address.hosts[0].get_password(), Some(&b"secret"[..]));
            assert_eq!(address.to_string(), "the database older at db.example:5433");
        }
        assert_eq!(
            parse("postgres://ann@db.example/older").map(|it| it.hosts[0].get_password().map(<[u8]>::to_vec)),
            Ok(Some(b"from-elsewhere".to_vec()))
        );
    }

    #[test]
    fn each_of_several_hosts_has_all_that_is_said() {
        let address = parse("postgres://ann:se%40cret@one:5433,two/older?sslmode=require&connect_timeout=3").unwrap();
        assert_eq!(address.to_string(), "the database older at one:5433 or two:5432");
        for host in &address.hosts {
            assert_eq!((host.get_dbname(), host.get_password()), (Some("older"), Some(&b"se@cret"[..])));
            assert_eq!((patience(host), host.get_hosts().len()), (Duration::from_secs(3), 1));
        }
    }

    #[test]
    fn what_makes_no_sense_is_said_without_the_password() {
        for (url, said) in [
            ("mysql://ann:secret@db/older", "it begins with mysql:// instead"),
            ("db.example/older", "it has no ://"),
            ("postgres://ann:secret@db/older?sslmode=maybe", "sslmode=maybe is not known"),
            ("postgres://ann:secret@db/older?sslcrl=x", "sslcrl=x is not known"),
            ("postgres://ann:secret@db:port/older", "makes no sense"),
        ] {
            let error = parse(url).err().unwrap_or_default();
            assert!(error.contains(said) && !error.contains("secret"), "{error}");
        }
    }
}
