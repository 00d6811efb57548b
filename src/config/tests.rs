//! Loading a configuration, from each source and from all of them.

use std::{fs, path::PathBuf};

use figment::value::{Dict, Value};

use super::*;

const TEMPLATE: &str = include_str!("../../config/ghostworks.toml");

/// Loads `file` in an environment of `variables` alone.
pub(super) fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.toml");
    fs::write(&path, file).unwrap();
    let sources = Sources { file: Some(path.clone()), ..Sources::default() };
    let environment = variables.iter().map(|(name, value)| (name.into(), value.into()));
    let loaded = Effective::load_in(&sources, environment).map(Effective::into_config);
    loaded.map_err(|error| error.to_string().replace(&path.display().to_string(), "test.toml"))
}

pub(super) fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    let refusal = load(file, variables).unwrap_err();
    assert!(!refusal.contains('\n'), "{refusal}");
    refusal
}

#[test]
fn the_template_is_the_default() {
    let config = load(TEMPLATE, &[]).unwrap();
    assert_eq!(toml::to_string(&config).unwrap(), toml::to_string(&Config::default()).unwrap());
}

/// Checks that a section of the template shows these keys, and its sections theirs.
fn shows(section: &str, keys: &Dict) {
    let (_, text) = TEMPLATE.split_once(&format!("\n[{section}]\n")).unwrap();
    let text = text.split("\n[").next().unwrap();
    for (key, value) in keys {
        let shown = text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = ")));
        match value.as_dict() {
            Some(keys) => shows(&format!("{section}.{key}"), keys),
            None => assert!(shown, "{section}.{key}"),
        }
    }
}

#[test]
fn the_template_shows_every_key() {
    let sections = Value::serialize(Config::default()).unwrap().into_dict().unwrap();
    for (section, keys) in sections {
        let Some(keys) = keys.into_dict() else { continue };
        shows(&section, &keys);
    }
}

#[test]
fn the_environment_is_stronger_than_the_file() {
    let file = "[server]\nmax_connections = 5\nidle_timeout_seconds = 6\n";
    let config = load(file, &[("GHOSTWORKS__SERVER__MAX_CONNECTIONS", "7")]).unwrap();
    assert_eq!((config.server.max_connections, config.server.idle_timeout_seconds), (7, 6));
}

#[test]
fn our_own_names_are_stronger_than_the_standard_ones() {
    let standard = ("OTEL_SERVICE_NAME", "standard");
    assert_eq!(load("", &[standard]).unwrap().telemetry.service_name, "standard");
    let both = [("GHOSTWORKS__TELEMETRY__SERVICE_NAME", "own"), standard];
    assert_eq!(load("", &both).unwrap().telemetry.service_name, "own");
}

#[test]
fn flags_are_the_strongest() {
    let sources = Sources {
        listen: "127.0.0.1:9".parse().ok(),
        data_dir: Some("flag".into()),
        backups: Some("place".into()),
        ..Sources::default()
    };
    let environment =
        ["GHOSTWORKS__SERVER__LISTEN", "GHOSTWORKS__STORAGE__DATA_DIR"].map(|name| (name.into(), "[".into()));
    let config = Effective::load_in(&sources, environment).unwrap().into_config();
    assert_eq!(
        (config.server.listen.to_string(), config.storage.data_dir),
        ("127.0.0.1:9".to_owned(), PathBuf::from("flag"))
    );
    assert_eq!(config.backups.to.as_deref(), Some("place"));
}

#[test]
fn every_standard_name_is_read() {
    let config = load(
        "",
        &[
            ("ENVIRONMENT", "staging"),
            ("OTEL_SDK_DISABLED", "TRUE"),
            ("OTEL_SERVICE_NAME", "1234"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team=ghosts,rack=[7]"),
            ("OTEL_TRACES_EXPORTER", "Console"),
            ("OTEL_METRICS_EXPORTER", "prometheus,otlp"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[::1]:4317/spans"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/protobuf"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=ghosts%20and%20co,authorization=Bearer x"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000"),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "/ca.pem"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "1000"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100"),
            ("OTEL_BSP_SCHEDULE_DELAY", "10"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "1500"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "1000"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.1"),
            ("OTEL_PROPAGATORS", "tracecontext"),
        ],
    )
    .unwrap();
    assert_eq!(config.environment, Environment::Staging);
    let telemetry = config.telemetry;
    assert!(telemetry.disabled);
    assert_eq!(telemetry.service_name, "1234");
    assert_eq!(telemetry.resource_attributes, "team=ghosts,rack=[7]");
    assert_eq!(telemetry.traces_exporter, Exporter::Console);
    assert_eq!(telemetry.metrics_exporter, MetricsExporters { prometheus: true, otlp: true, console: false });
    assert_eq!(telemetry.logs_exporter, Exporter::Otlp);
    assert_eq!((telemetry.span_queue, telemetry.span_batch, telemetry.span_delay_ms), (1000, 100, 10));
    assert_eq!(telemetry.metric_interval_ms, 1000);
    let traces = telemetry.otlp(Signal::Traces);
    assert_eq!(traces.endpoint.as_deref(), Some("http://[::1]:4317/spans"), "as it is");
    assert_eq!((traces.protocol, traces.timeout_ms), (OtlpProtocol::HttpProtobuf, 2000));
    assert_eq!(telemetry.export_timeout_ms(Signal::Traces), 1500);
    let headers = traces.header_pairs();
    assert_eq!(headers[0].1, "ghosts and co");
    assert_eq!(headers[1].0, "authorization");
    let metrics = telemetry.otlp(Signal::Metrics);
    assert_eq!(metrics.endpoint.as_deref(), Some("http://127.0.0.1:4317/v1/metrics"));
    assert_eq!(metrics.timeout_ms, 2000);
    assert_eq!((metrics.compression, metrics.certificate), (Compression::Gzip, Some(PathBuf::from("/ca.pem"))));
    assert_eq!(telemetry.otlp(Signal::Logs).protocol, OtlpProtocol::HttpJson);
    assert_eq!(telemetry.sampler, Sampler::ParentBasedTraceIdRatio);
    assert_eq!(telemetry.sampler_arg, Some(SamplerArg::Ratio(0.1)));
    assert_eq!(telemetry.propagators, Propagators { baggage: false, ..Propagators::default() });
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let config =
        load("", &[("ENVIRONMENT", ""), ("GHOSTWORKS__SERVER__LISTEN", ""), ("GHOSTWORKS_CONFIG", "")]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.warnings, ["GHOSTWORKS__SERVER__LISTEN is empty, which is as if it were not set"]);
}

#[test]
fn variables_that_are_not_ours_are_left_alone() {
    // As Kubernetes sets them for a service named `ghostworks`.
    load("", &[("GHOSTWORKS_PORT", "tcp://10.0.0.1:80"), ("OTEL_BSP_SCHEDULE_DELAY", "1")]).unwrap();
}

#[test]
fn a_refused_file_tells_what_was_expected_and_where() {
    for (file, expected) in [
        (
            "[server]\nlisten = 'here'",
            "server.listen (test.toml): expected an IP address and a port, such as 127.0.0.1",
        ),
        ("[server]\nmax_connections = 'many'", "server.max_connections (test.toml): expected a whole number"),
        ("[server]\nmax_connections = -1", "server.max_connections (test.toml): expected a whole number"),
        ("[server]\nmax_conections = 1", "server.max_conections (test.toml): unknown key; expected one of listen, "),
        ("[sever]", "sever (test.toml): unknown key; expected one of environment, server, "),
        ("server = 1", "server (test.toml): expected a section with keys"),
        ("[log]\nlevel = 2", "log.level (test.toml): expected a string"),
        (
            "[telemetry]\nsampler = 'some'",
            "telemetry.sampler (test.toml): expected one of always_on, always_off, traceidratio",
        ),
        ("\n[log]\nlevel = = 2", "test.toml, line 3: "),
    ] {
        let refusal = refusal(file, &[]);
        assert!(refusal.starts_with(expected), "{refusal:?} is not {expected:?}");
    }
}

#[test]
fn a_refused_variable_tells_what_was_expected_and_its_name() {
    for (variable, value, expected) in [
        ("GHOSTWORKS__LOG__LEVL", "x", "log.levl (GHOSTWORKS__LOG__LEVL): unknown key; expected one of format, level"),
        (
            "GHOSTWORKS__SERVER__MAX_CONNECTIONS",
            "0",
            "server.max_connections (GHOSTWORKS__SERVER__MAX_CONNECTIONS): expected 1 to 1000000",
        ),
        (
            "GHOSTWORKS__ENVIRONMENT",
            "prod",
            "environment (GHOSTWORKS__ENVIRONMENT): expected one of development, staging, production",
        ),
        (
            "GHOSTWORKS__TELEMETRY__OTLP__PROTOCOL",
            "thrift",
            "telemetry.otlp.protocol (GHOSTWORKS__TELEMETRY__OTLP__PROTOCOL): expected one of grpc, http/protobuf, http/json",
        ),
        (
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            "/client.pem",
            "telemetry.otlp.client_key (default): expected client_certificate and client_key together",
        ),
    ] {
        let refusal = refusal("[server]\nmax_connections = 1", &[(variable, value)]);
        assert!(refusal.starts_with(expected), "{refusal:?} is not {expected:?}");
    }
}

#[test]
fn values_out_of_range_are_refused() {
    for (section, setting) in [
        ("server", "header_timeout_seconds = 0"),
        ("server", "drain_timeout_seconds = 9223372036854775807"),
        ("server", "max_body_bytes = 0"),
        ("storage", "data_dir = ''"),
        ("storage", "cache_bytes = 1048575"),
        ("storage", "write_queue = 0"),
        ("storage", "group_max = 0"),
        ("auth", "issuer = ''"),
        ("auth", "access_token_seconds = 0"),
        ("auth", "refresh_idle_seconds = 2592001"),
        ("auth", "hash_queue = 0"),
        ("auth", "hash_parallelism = 0"),
        ("auth", "hash_memory_kib = 7"),
        ("limits", "rate_limits = 'maybe'"),
        ("limits", "login_per_minute = 0"),
        ("limits", "idempotency_seconds = 0"),
        ("telemetry", "metrics_token = 'too short'"),
        ("telemetry", "metrics_listen = ':9464'"),
        ("telemetry", "resource_attributes = 'team'"),
        ("telemetry.otlp", "endpoint = 'otelcol:4317'"),
        ("telemetry.otlp_traces", "endpoint = 'ftp://otelcol'"),
        ("telemetry.otlp_metrics", "timeout_ms = 0"),
        ("telemetry", "span_batch = 4096"),
        ("telemetry", "collector_health_url = 'otelcol'"),
        ("telemetry", "tenant_label_limit = 0"),
        ("storage", "history_seconds = 0"),
        ("storage", "changes_seconds = 0"),
        ("backups", "changes_every_seconds = 86401"),
        ("quotas", "artifacts = 0"),
        ("quotas", "bytes = 0"),
        ("quotas", "members = 0"),
        ("quotas", "api_keys = 0"),
        ("remote", "url = 'example.com'"),
        ("remote", "url = 'ftp://example.com'"),
        ("remote", "url = 'https://ann:secret@example.com'"),
        ("remote", "url = 'https://example.com/?a=b'"),
        ("remote", "token = 'a key'"),
    ] {
        let key = setting.split(' ').next().unwrap();
        let refusal = refusal(&format!("[{section}]\n{setting}"), &[]);
        assert!(refusal.starts_with(&format!("{section}.{key} (test.toml): expected ")), "{refusal}");
    }
}

#[test]
fn cheap_hashes_are_for_development() {
    let cheap = "[auth]\nhash_memory_kib = 8\nhash_iterations = 1\n";
    assert_eq!(load(cheap, &[]).unwrap().auth.hash_memory_kib, 8);
    for environment in ["staging", "production"] {
        let refusal = load(cheap, &[("ENVIRONMENT", environment)]).unwrap_err();
        assert!(refusal.contains("auth.hash_memory_kib (test.toml): expected 19456 to "), "{refusal}");
        assert!(refusal.contains("auth.hash_iterations (test.toml): expected 2 to "), "{refusal}");
    }
}

#[test]
fn weak_signing_keys_are_for_development() {
    for weak in [
        "too-short",
        "secretsecretsecretsecretsecretsecret",
        "Q7f_k2Xz9-Q7f_k2Xz9-Q7f_k2Xz9-Q7f_k2Xz9-Q7f",
        "your-secret-key-change-in-production",
    ] {
        let key = ("GHOSTWORKS__AUTH__SIGNING_KEY", weak);
        load("", &[key]).unwrap();
        let refusal = refusal("", &[key, ("ENVIRONMENT", "production")]);
        assert!(refusal.starts_with("auth.signing_key (GHOSTWORKS__AUTH__SIGNING_KEY): expected "), "{refusal}");
        assert!(!refusal.contains(weak), "{refusal}");
    }
    let good = ("GHOSTWORKS__AUTH__SIGNING_KEY", "q3Jm0c5zXo8w1HkTn7VbYg4Rf2LsPd9AeUi6");
    load("", &[good, ("ENVIRONMENT", "production")]).unwrap();
}

#[test]
fn the_mask_of_a_secret_is_no_secret() {
    assert!(refusal("[auth]\nsigning_key = '***'", &[]).starts_with("auth.signing_key (test.toml): expected a key"));
}

#[test]
fn a_list_is_an_array_in_a_file_and_has_commas_in_the_environment() {
    let networks = |config: Config| config.server.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>();
    let file = "[server]\ntrusted_proxies = ['10.0.0.0/8', '2001:db8::/32']";
    assert_eq!(networks(load(file, &[]).unwrap()), ["10.0.0.0/8", "2001:db8::/32"]);
    let variable = ("GHOSTWORKS__SERVER__TRUSTED_PROXIES", "192.0.2.0/24, 198.51.100.7/32");
    assert_eq!(networks(load(file, &[variable]).unwrap()), ["192.0.2.0/24", "198.51.100.7/32"]);
    let refusal = refusal("[server]\ntrusted_proxies = ['proxy']", &[]);
    assert!(refusal.starts_with("server.trusted_proxies (test.toml): expected networks, such as "), "{refusal}");
}

#[test]
fn origins_are_spelt_as_browsers_send_them() {
    for origin in ["https://console.example.com", "http://localhost:3000", "http://[::1]:8080"] {
        load(&format!("[server]\ncors_origins = ['{origin}']"), &[]).unwrap();
    }
    for origin in [
        "*",
        "null",
        "https://*.example.com",
        "https://example.com/",
        "https://Example.com",
        "https://example.com:443",
        "https://ann@example.com",
        "ftp://example.com",
        "example.com",
    ] {
        let refusal = refusal(&format!("[server]\ncors_origins = ['{origin}']"), &[]);
        assert!(refusal.starts_with("server.cors_origins (test.toml): expected origins"), "{origin}: {refusal}");
    }
}
