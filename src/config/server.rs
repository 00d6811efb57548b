//! The HTTP server's settings.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use hyper::Uri;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};

use super::Origin;
use super::acme::{self, AcmeChallenge, Domain};
use super::check::{self, Checked};
use super::listen::Listen;
use super::public_url::PublicUrl;
use super::secret;

/// The HTTP server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// What to listen on. Default `127.0.0.1:8000`.
    pub listen: Listen,
    /// Where clients reach the server, through what is in front of it: paths in answers, cookies, the OpenAPI document and links
    /// in e-mails begin with it. Default none: as the request says, or a trusted proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<PublicUrl>,
    /// What to listen on for operators alone, with connections of its own: probes, metrics and their operations. Default
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_listen: Option<Listen>,
    /// The names, besides IP addresses and `localhost`, that requests of operators there may be for. Default none.
    #[serde(deserialize_with = "hosts")]
    pub operator_hosts: Vec<String>,
    /// A PEM file with the certificate of this server and those between it and its root: then it speaks TLS, HTTP/1.1 and
    /// HTTP/2. Read again when it changes. Default none: it speaks HTTP/1.1 alone, for a proxy that speaks TLS.
    pub tls_certificate: Option<PathBuf>,
    /// A PEM file with the key of that certificate. Read again when it changes.
    pub tls_key: Option<PathBuf>,
    /// The domains that lead to this server: then it speaks TLS with a certificate for them, which an authority gives over
    /// ACME (RFC 8555) and which is renewed by itself. Unless something says otherwise, it is production, listens on ports 443
    /// and 80, and the first is its `public_url`. Default none.
    #[serde(deserialize_with = "domains")]
    pub acme_domains: Vec<Domain>,
    /// Whether the terms of the authority are accepted. Default false: then they are asked about on a terminal.
    pub acme_accept_terms: bool,
    /// The address that the authority may write to. Default none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acme_email: Option<String>,
    /// The directory of the authority. Default that of Let's Encrypt.
    pub acme_directory: String,
    /// A PEM file with the certificates that vouch for the authority. Default those of Mozilla.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acme_root: Option<PathBuf>,
    /// How it is proved that the domains lead here. Default none: by turns, in the ways that what is listened on allows.
    #[serde(deserialize_with = "check::some_by_name", skip_serializing_if = "Option::is_none")]
    pub acme_challenge: Option<AcmeChallenge>,
    /// Where the authority's challenges are answered over plain HTTP, and all else is sent on to HTTPS; port 80 of
    /// the domains must lead here. Default none; with domains and without `listen`, `[::]:80`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acme_http_listen: Option<Listen>,
    /// Connections served at a time, as far as the limit on open files allows; more wait to be accepted. Default 8192.
    pub max_connections: usize,
    /// Bytes that requests and answers may hold, all together. Default 256 MiB.
    pub memory_bytes: usize,
    /// Seconds for a request's head to arrive: the first from when the connection is accepted, a later one from its
    /// first byte. Default 10.
    pub header_timeout_seconds: u64,
    /// Seconds for a request's body to arrive. Default 30.
    pub body_timeout_seconds: u64,
    /// Seconds that a connection may rest between requests, or not take what it is sent. Default 75.
    pub idle_timeout_seconds: u64,
    /// Bytes a second that a client must send of a body and take of an answer, after a grace; 0 for as slowly as it
    /// likes, within the other limits. Default 1 KiB.
    pub least_bytes_per_second: u64,
    /// Seconds that requests get to finish once the server is asked to stop. Default 10.
    pub drain_timeout_seconds: u64,
    /// The largest request body, in bytes. Default 1 MiB.
    pub max_body_bytes: usize,
    /// The networks of the proxies in front of the server, whose `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix` and
    /// `Forwarded` are believed. Default none.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The networks whose clients may read the metrics without the token and the health of each part, outside
    /// development. Default the machine itself.
    #[serde(deserialize_with = "networks")]
    pub internal_networks: Vec<IpNet>,
    /// The web pages, besides our own, that may call the API with their visitors' cookies. There is no `*`: with
    /// cookies, browsers refuse it, and rightly. Default none; in development, `http://localhost:3000`.
    #[serde(deserialize_with = "origins")]
    pub cors_origins: Vec<Origin>,
    /// Whether `/docs`, `/redoc` and the OpenAPI documents are served. Default true.
    pub docs: bool,
    /// Whether the console is served, below `/console`. Default true.
    pub console: bool,
    /// The largest import, in bytes. Default 10 MiB.
    pub max_import_bytes: usize,
    /// Whether changing or deleting an artifact needs an `If-Match`. Default false.
    pub require_if_match: bool,
    /// Whether writes are refused and only reads are served. Default false.
    pub read_only: bool,
    /// What the operator must send as bearer token for a backup. Default none: then there is nobody who may have one.
    #[serde(serialize_with = "secret::masked")]
    pub operator_token: Option<SecretString>,
}

/// Where the certificate of a server comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateSource {
    /// It has none, and speaks plain HTTP.
    Nothing,
    /// Files that somebody else renews.
    Files,
    /// An authority, over ACME.
    Authority,
}

/// The most names in one certificate; Let's Encrypt gives no more.
const MAX_DOMAINS: usize = 100;

/// The addresses of the machine itself, 127.0.0.0/8 and ::1.
fn loopback() -> Vec<IpNet> {
    [(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), (Ipv6Addr::LOCALHOST.into(), 128)]
        .into_iter()
        .filter_map(|(address, length)| IpNet::new(address, length).ok())
        .map(|network| network.trunc())
        .collect()
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: Listen::Address((Ipv4Addr::LOCALHOST, 8000).into()),
            public_url: None,
            operator_listen: None,
            operator_hosts: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            acme_domains: Vec::new(),
            acme_accept_terms: false,
            acme_email: None,
            acme_directory: acme::DIRECTORY.to_owned(),
            acme_root: None,
            acme_challenge: None,
            acme_http_listen: None,
            max_connections: 8192,
            memory_bytes: 256 << 20,
            header_timeout_seconds: 10,
            body_timeout_seconds: 30,
            idle_timeout_seconds: 75,
            least_bytes_per_second: 1 << 10,
            drain_timeout_seconds: 10,
            max_body_bytes: 1 << 20,
            trusted_proxies: Vec::new(),
            internal_networks: loopback(),
            cors_origins: Vec::new(),
            docs: true,
            console: true,
            max_import_bytes: 10 << 20,
            require_if_match: false,
            read_only: false,
            operator_token: None,
        }
    }
}

impl Server {
    /// Where it is reached from the same machine; none when it has no address, or one that is chosen when it starts.
    pub fn local_url(&self) -> Option<String> {
        self.listen.local_address().map(|address| format!("{}://{address}", self.scheme()))
    }

    /// What URLs of it begin with.
    pub fn scheme(&self) -> &'static str {
        if self.certificate_source() == CertificateSource::Nothing { "http" } else { "https" }
    }

    /// Where its certificate comes from.
    pub fn certificate_source(&self) -> CertificateSource {
        match (&self.tls_certificate, self.acme_domains.as_slice()) {
            (Some(_), _) => CertificateSource::Files,
            (None, [_, ..]) => CertificateSource::Authority,
            (None, []) => CertificateSource::Nothing,
        }
    }

    /// The least that `memory_bytes` may be: the largest body must fit.
    pub(crate) fn least_memory_bytes(&self) -> usize {
        self.max_body_bytes.max(self.max_import_bytes).max(16 << 20)
    }

    pub(super) fn check(&self) -> Checked {
        self.check_certificate()?;
        check::within("server.max_connections", self.max_connections, 1..=1_000_000)?;
        check::within("server.memory_bytes", self.memory_bytes, self.least_memory_bytes()..=1 << 40)?;
        check::seconds("server.header_timeout_seconds", self.header_timeout_seconds)?;
        check::seconds("server.body_timeout_seconds", self.body_timeout_seconds)?;
        check::seconds("server.idle_timeout_seconds", self.idle_timeout_seconds)?;
        check::within("server.least_bytes_per_second", self.least_bytes_per_second, 0..=1 << 30)?;
        check::seconds("server.drain_timeout_seconds", self.drain_timeout_seconds)?;
        check::within("server.max_body_bytes", self.max_body_bytes, 1..=1 << 30)?;
        check::within("server.max_import_bytes", self.max_import_bytes, 1..=1 << 30)?;
        check::token("server.operator_token", self.operator_token.as_ref())
    }

    fn check_certificate(&self) -> Checked {
        let is_whole = self.tls_certificate.is_some() == self.tls_key.is_some();
        check::ensure("server.tls_key", is_whole, "expected together with server.tls_certificate: both or neither")?;
        let is_one_source = self.tls_certificate.is_none() || self.acme_domains.is_empty();
        let either = "expected without server.tls_certificate: a certificate comes from files or from an authority";
        check::ensure("server.acme_domains", is_one_source, either)?;
        let fit_in_one = self.acme_domains.len() <= MAX_DOMAINS;
        check::ensure(
            "server.acme_domains",
            fit_in_one,
            format!("expected {MAX_DOMAINS} at most: they share a certificate"),
        )?;
        check::ensure(
            "server.acme_directory",
            is_https(&self.acme_directory),
            "expected a URL that begins with https://",
        )?;
        let is_address =
            self.acme_email.as_ref().is_none_or(|email| email.contains('@') && !email.contains(char::is_whitespace));
        check::ensure("server.acme_email", is_address, "expected an e-mail address")?;
        let is_answered = self.acme_challenge != Some(AcmeChallenge::Http01) || self.acme_http_listen.is_some();
        check::ensure(
            "server.acme_challenge",
            is_answered,
            "http-01 needs server.acme_http_listen, to which port 80 leads",
        )
    }
}

fn is_https(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|url| url.scheme_str() == Some("https"))
}

fn domains<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Domain>, D::Error> {
    check::list(deserializer, "domains, such as example.com, without a port or *")
}

fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    check::list(deserializer, "names of hosts, such as ghostworks.internal")
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    check::list(deserializer, "networks, such as 10.0.0.0/8 or 192.0.2.1/32")
}

fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Origin>, D::Error> {
    check::list(
        deserializer,
        "origins as browsers send them, such as https://console.example.com, without a slash or *",
    )
}
