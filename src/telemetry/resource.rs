//! What this process is: the resource that every span and metric belongs to.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_semantic_conventions::attribute;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::config;

/// The resource of this process; `instance` tells it from others of the same service.
pub(super) fn resource(config: &config::Telemetry, environment: &str, instance: Uuid) -> Resource {
    let mut attributes = vec![
        KeyValue::new(attribute::SERVICE_VERSION, env!("CARGO_PKG_VERSION")),
        KeyValue::new(attribute::SERVICE_NAMESPACE, "ghostworks"),
        KeyValue::new(attribute::SERVICE_INSTANCE_ID, instance.to_string()),
        KeyValue::new(attribute::DEPLOYMENT_ENVIRONMENT_NAME, environment.to_owned()),
        // The name before the conventions were stable, which older dashboards select by.
        KeyValue::new("deployment.environment", environment.to_owned()),
        KeyValue::new(attribute::HOST_NAME, gethostname::gethostname().to_string_lossy().into_owned()),
        KeyValue::new(attribute::PROCESS_PID, i64::from(std::process::id())),
        KeyValue::new(attribute::PROCESS_EXECUTABLE_NAME, env!("CARGO_PKG_NAME")),
        KeyValue::new(attribute::PROCESS_RUNTIME_NAME, "rust"),
    ];
    attributes.extend(parse_attributes(&config.resource_attributes));
    // The service's name comes last: `OTEL_SERVICE_NAME` wins over `OTEL_RESOURCE_ATTRIBUTES`.
    attributes.push(KeyValue::new(attribute::SERVICE_NAME, config.service_name.clone()));
    Resource::builder_empty().with_detector(Box::new(TelemetryResourceDetector)).with_attributes(attributes).build()
}

/// `key=value,key=value` with percent-encoded values, as the specification has `OTEL_RESOURCE_ATTRIBUTES`.
fn parse_attributes(text: &str) -> impl Iterator<Item = KeyValue> + '_ {
    text.split(',').filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
        Some(KeyValue::new(key.trim().to_owned(), value.into_owned()))
    })
}
