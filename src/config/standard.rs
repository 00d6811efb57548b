//! The variables with standard names: of OpenTelemetry, of S3, and `ENVIRONMENT`.
//!
//! The OpenTelemetry specification wants a value that can't be interpreted to be warned of and passed over, so nothing here
//! keeps the server from starting.

use std::collections::BTreeMap;

use self::Reading::{AnyCase, Environment, Exact, First, List, Switch};
use super::layer::{Layer, Strength};

/// The standard names, and the settings they stand for.
const STANDARD: [(&str, &str, Reading); 27] = [
    ("ENVIRONMENT", "environment", Environment),
    ("OTEL_SDK_DISABLED", "telemetry.disabled", Switch),
    ("OTEL_SERVICE_NAME", "telemetry.service_name", Exact),
    ("OTEL_RESOURCE_ATTRIBUTES", "telemetry.resource_attributes", Exact),
    ("OTEL_TRACES_EXPORTER", "telemetry.traces_exporter", First(&["otlp", "console", "none"])),
    ("OTEL_METRICS_EXPORTER", "telemetry.metrics_exporter", List(&["prometheus", "otlp", "console", "none"])),
    ("OTEL_LOGS_EXPORTER", "telemetry.logs_exporter", First(&["otlp", "console", "none"])),
    ("OTEL_TRACES_SAMPLER", "telemetry.sampler", AnyCase),
    ("OTEL_TRACES_SAMPLER_ARG", "telemetry.sampler_arg", Exact),
    ("OTEL_PROPAGATORS", "telemetry.propagators", List(&["tracecontext", "baggage", "b3", "b3multi", "none"])),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", "telemetry.span_attribute_limit", Exact),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "telemetry.span_attribute_limit", Exact),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "telemetry.span_queue", Exact),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "telemetry.span_batch", Exact),
    ("OTEL_BSP_SCHEDULE_DELAY", "telemetry.span_delay_ms", Exact),
    ("OTEL_BSP_EXPORT_TIMEOUT", "telemetry.span_timeout_ms", Exact),
    ("OTEL_METRIC_EXPORT_INTERVAL", "telemetry.metric_interval_ms", Exact),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "telemetry.metric_temporality", AnyCase),
    ("OTEL_METRIC_EXPORT_TIMEOUT", "telemetry.metric_timeout_ms", Exact),
    ("OTEL_BLRP_MAX_QUEUE_SIZE", "telemetry.log_queue", Exact),
    ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "telemetry.log_batch", Exact),
    ("OTEL_BLRP_SCHEDULE_DELAY", "telemetry.log_delay_ms", Exact),
    ("OTEL_BLRP_EXPORT_TIMEOUT", "telemetry.log_timeout_ms", Exact),
    ("AWS_ENDPOINT_URL", "backups.s3_endpoint", Exact),
    ("AWS_REGION", "backups.s3_region", Exact),
    ("AWS_ACCESS_KEY_ID", "backups.s3_access_key_id", Exact),
    ("AWS_SECRET_ACCESS_KEY", "backups.s3_secret_access_key", Exact),
];

/// The sections about collectors, with what stands for each in the names of [`OTLP`].
const OTLP_SECTIONS: [(&str, &str); 4] =
    [("", "otlp"), ("TRACES_", "otlp_traces"), ("METRICS_", "otlp_metrics"), ("LOGS_", "otlp_logs")];

/// The ends of the standard names about collectors, and the settings they stand for.
const OTLP: [(&str, &str, Reading); 8] = [
    ("ENDPOINT", "endpoint", Exact),
    ("PROTOCOL", "protocol", AnyCase),
    ("HEADERS", "headers", Exact),
    ("TIMEOUT", "timeout_ms", Exact),
    ("COMPRESSION", "compression", AnyCase),
    ("CERTIFICATE", "certificate", Exact),
    ("CLIENT_CERTIFICATE", "client_certificate", Exact),
    ("CLIENT_KEY", "client_key", Exact),
];

/// All standard names, each with the setting it stands for.
fn standard() -> impl Iterator<Item = (String, String, Reading)> {
    let otlp = OTLP_SECTIONS.into_iter().flat_map(|(signal, section)| {
        OTLP.into_iter().map(move |(end, key, reading)| {
            (format!("OTEL_EXPORTER_OTLP_{signal}{end}"), format!("telemetry.{section}.{key}"), reading)
        })
    });
    STANDARD.into_iter().map(|(name, key, reading)| (name.to_owned(), key.to_owned(), reading)).chain(otlp)
}

/// How the value of a variable is read.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    /// As it is.
    Exact,
    /// One of a few names, in any case.
    AnyCase,
    /// True by `true` alone.
    Switch,
    /// Some of these names, in any case, with commas between them.
    List(&'static [&'static str]),
    /// The first of a list that is one of these.
    First(&'static [&'static str]),
    /// What is not known to be anything less counts as production.
    Environment,
}

/// The variables about where metrics are scraped, which together are one setting.
const PROMETHEUS_HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PROMETHEUS_PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";

/// Variables of the specification that have no effect here (`TELEMETRY.md` says why).
const WITHOUT_EFFECT: [&str; 20] = [
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_CONFIG_FILE",
    "OTEL_ENTITIES",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_EXPERIMENTAL_CONFIG_FILE",
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
    "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_LOG_LEVEL",
    "OTEL_METRICS_EXEMPLAR_FILTER",
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_TRACES_EXPORTER_ARG",
];

/// Variables that the SDK reads by itself.
const OF_THE_SDK: [&str; 2] = ["OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT"];

/// What the beginning of a variable's name says to be for other languages.
const OTHER_LANGUAGES: [&str; 9] = ["CPP", "DOTNET", "ERLANG", "GO", "JAVA", "JAVAAGENT", "NODE", "PHP", "PYTHON"];

/// Whether this is one of the variables that are read here.
pub(super) fn is_standard(variable: &str) -> bool {
    variable == PROMETHEUS_HOST || variable == PROMETHEUS_PORT || standard().any(|(name, ..)| name == variable)
}

/// Whether a bad value of this variable is warned of, and passed over.
pub(super) fn is_lenient(variable: &str) -> bool {
    variable.starts_with("OTEL_")
}

/// The settings in `variables`.
pub(super) fn layers(variables: &BTreeMap<String, String>) -> Vec<Layer> {
    let known = standard().filter_map(|(name, key, reading)| {
        let (value, _) = reading.read(variables.get(&name)?);
        Some(Layer::one(Strength::StandardVariable, &name, &key, value?))
    });
    known.chain(metrics_listen(variables)).collect()
}

/// Where metrics are scraped, if one of the two variables is set.
fn metrics_listen(variables: &BTreeMap<String, String>) -> Option<Layer> {
    let (host, port) = (variables.get(PROMETHEUS_HOST), variables.get(PROMETHEUS_PORT));
    let name = match (host, port) {
        (_, Some(_)) => PROMETHEUS_PORT,
        (Some(_), None) => PROMETHEUS_HOST,
        (None, None) => return None,
    };
    let host = match host.map_or("localhost", |host| host.trim()) {
        "localhost" => "127.0.0.1".to_owned(),
        host if host.contains(':') && !host.starts_with('[') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let address = format!("{host}:{}", port.map_or("9464", |port| port.trim()));
    Some(Layer::one(Strength::StandardVariable, name, "telemetry.metrics_listen", address))
}

/// What is strange about `variables`, in a sentence each.
pub(super) fn warnings<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    variables.filter_map(|(name, value)| warning(name, value)).collect()
}

fn warning(name: &str, value: &str) -> Option<String> {
    if let Some((_, _, reading)) = standard().find(|(known, ..)| known == name) {
        let (_, problem) = reading.read(value);
        return problem.map(|problem| format!("{name}: {problem}"));
    }
    let own = name.strip_prefix("OTEL_")?;
    let language = own.split('_').next().unwrap_or_default();
    if is_standard(name) || OF_THE_SDK.contains(&name) || OTHER_LANGUAGES.contains(&language) {
        return None;
    }
    Some(if WITHOUT_EFFECT.contains(&name) {
        format!("{name} has no effect here")
    } else {
        format!("{name} is no variable of OpenTelemetry; is it misspelt?")
    })
}

impl Reading {
    /// The value of the setting, if there is one, and what is wrong with the variable's.
    fn read(self, value: &str) -> (Option<String>, Option<String>) {
        let lower = value.trim().to_ascii_lowercase();
        match self {
            Exact => (Some(value.to_owned()), None),
            AnyCase => (Some(lower), None),
            Switch => {
                let problem = "only `true` disables, so this does not".to_owned();
                let is_clear = matches!(lower.as_str(), "true" | "false");
                (Some((lower == "true").to_string()), (!is_clear).then_some(problem))
            }
            List(names) => {
                let (known, problem) = known(&lower, names);
                let several: Vec<&str> = known.iter().copied().filter(|name| *name != "none").collect();
                let chosen = if several.is_empty() { &known } else { &several };
                ((!chosen.is_empty()).then(|| chosen.join(",")), problem)
            }
            First(names) => {
                let (known, problem) = known(&lower, names);
                let more = (known.len() > 1).then(|| "only the first of several is used".to_owned());
                (known.first().map(|name| (*name).to_owned()), problem.or(more))
            }
            Environment => match lower.as_str() {
                "development" | "staging" | "production" => (Some(lower), None),
                "prod" => (Some("production".to_owned()), None),
                _ => {
                    let problem = "expected development, staging or production; anything else counts as production";
                    (Some("production".to_owned()), Some(problem.to_owned()))
                }
            },
        }
    }
}

/// The names in a list that are known, and a sentence about the others.
fn known<'a>(list: &'a str, names: &[&str]) -> (Vec<&'a str>, Option<String>) {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let (known, unknown): (Vec<&str>, Vec<&str>) = entries.partition(|entry| names.contains(entry));
    let problem = (!unknown.is_empty()).then(|| format!("expected {}; the rest is passed over", names.join(", ")));
    (known, problem)
}

#[cfg(test)]
mod tests {
    use crate::config::tests::load;
    use crate::config::{Config, Environment, Exporter, MetricTemporality, MetricsExporters, Propagators};

    /// What results from one variable, and what is warned of.
    fn with(variable: &str, value: &str) -> (Config, String) {
        let config = load("", &[(variable, value)]).expect("a variable of OpenTelemetry never keeps it from starting");
        let warnings = config.warnings.join("\n");
        (config, warnings)
    }

    #[test]
    fn what_is_no_environment_counts_as_production() {
        for value in ["prod", "PROD", "Production", "live", "dev", "test"] {
            assert_eq!(with("ENVIRONMENT", value).0.environment, Environment::Production, "{value}");
        }
        assert_eq!(with("ENVIRONMENT", " Staging ").0.environment, Environment::Staging);
        assert_eq!(with("ENVIRONMENT", "prod").1, "");
        assert!(with("ENVIRONMENT", "live").1.starts_with("ENVIRONMENT: "));
    }

    #[test]
    fn only_true_disables() {
        assert!(with("OTEL_SDK_DISABLED", "TRUE").0.telemetry.disabled);
        for value in ["1", "yes", "on", "truee"] {
            let (config, warnings) = with("OTEL_SDK_DISABLED", value);
            assert!(!config.telemetry.disabled && warnings.starts_with("OTEL_SDK_DISABLED: "), "{value}: {warnings}");
        }
        assert_eq!(with("OTEL_SDK_DISABLED", "False").1, "");
    }

    #[test]
    fn unknown_entries_of_lists_are_passed_over() {
        let (config, warnings) = with("OTEL_PROPAGATORS", "xray, B3,tracecontext");
        let expected = Propagators { tracecontext: true, baggage: false, b3: true, b3multi: false };
        assert_eq!(config.telemetry.propagators, expected);
        assert!(warnings.starts_with("OTEL_PROPAGATORS: "), "{warnings}");
        assert_eq!(with("OTEL_PROPAGATORS", "xray").0.telemetry.propagators, Propagators::default());
        let (config, warnings) = with("OTEL_METRICS_EXPORTER", "statsd,otlp");
        assert_eq!(
            config.telemetry.metrics_exporter,
            MetricsExporters { prometheus: false, otlp: true, console: false }
        );
        assert!(warnings.starts_with("OTEL_METRICS_EXPORTER: "), "{warnings}");
        assert_eq!(with("OTEL_TRACES_EXPORTER", "zipkin,console").0.telemetry.traces_exporter, Exporter::Console);
        assert_eq!(with("OTEL_LOGS_EXPORTER", "file").0.telemetry.logs_exporter, Exporter::None);
    }

    #[test]
    fn what_cannot_be_read_is_as_if_it_were_not_there() {
        let default = toml::to_string(&Config::default()).unwrap();
        for (variable, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "thrift"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "no pair"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "otelcol"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zip"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_TRACES_SAMPLER", "xray"),
            ("OTEL_TRACES_SAMPLER_ARG", "half"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_TRACES_SAMPLER_ARG", "endpoint=http://a/"),
            ("OTEL_BSP_SCHEDULE_DELAY", "-1"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
            ("OTEL_RESOURCE_ATTRIBUTES", "team"),
            ("OTEL_EXPORTER_PROMETHEUS_PORT", "many"),
            ("OTEL_EXPORTER_PROMETHEUS_HOST", "a host"),
        ] {
            let (config, warnings) = with(variable, value);
            assert_eq!(toml::to_string(&config).unwrap(), default, "{variable}={value}");
            assert!(warnings.starts_with(&format!("{variable} is passed over: ")), "{warnings}");
            assert!(!warnings.contains('\n'), "{warnings}");
        }
    }

    #[test]
    fn limits_and_preferences_are_read() {
        assert_eq!(with("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7").0.telemetry.span_attribute_limit, 7);
        let (config, _) = with("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "DELTA");
        assert_eq!(config.telemetry.metric_temporality, MetricTemporality::Delta);
        assert_eq!(with("OTEL_BSP_MAX_QUEUE_SIZE", "100").0.telemetry.span_queue, 100, "below the default batch");
        let (config, warnings) = with("OTEL_EXPORTER_PROMETHEUS_PORT", "9999");
        assert_eq!(config.telemetry.metrics_listen, Some(([127, 0, 0, 1], 9999).into()));
        assert_eq!(warnings, "");
        let (config, _) = with("OTEL_EXPORTER_PROMETHEUS_HOST", "0.0.0.0");
        assert_eq!(config.telemetry.metrics_listen, Some(([0, 0, 0, 0], 9464).into()));
    }

    #[test]
    fn a_name_among_the_attributes_of_the_resource_wins_over_the_default_alone() {
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "team=a,service.name=my%20name");
        assert_eq!(with(attributes.0, attributes.1).0.telemetry.service_name, "my name");
        let named = load("", &[attributes, ("OTEL_SERVICE_NAME", "other")]).unwrap();
        assert_eq!(named.telemetry.service_name, "other");
    }

    #[test]
    fn misspelt_names_are_warned_of() {
        assert!(with("OTEL_TRACE_SAMPLER", "always_on").1.contains("is it misspelt?"));
        assert!(with("OTEL_EXPORTER_OTLP_ENDPOIMT", "http://a").1.contains("is it misspelt?"));
        assert_eq!(with("OTEL_LOG_LEVEL", "debug").1, "OTEL_LOG_LEVEL has no effect here");
        for fine in ["OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_PYTHON_LOG_LEVEL", "OTELLO", "PATH"] {
            assert_eq!(with(fine, "1").1, "", "{fine}");
        }
    }
}
