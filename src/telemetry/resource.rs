//! What this process is: the resource that every span and metric belongs to.

use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_semantic_conventions::{SCHEMA_URL, attribute};
use uuid::Uuid;

use crate::config;

/// The resource of this process; `instance` distinguishes it from others of the same service.
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
    attributes.extend(config.resource_pairs().map(|(key, value)| KeyValue::new(key.to_owned(), value)));
    // Last, for `OTEL_SERVICE_NAME` wins over `OTEL_RESOURCE_ATTRIBUTES`, which wins over the default.
    attributes.push(KeyValue::new(attribute::SERVICE_NAME, config.service_name.clone()));
    Resource::builder_empty().with_detector(Box::new(TelemetryResourceDetector)).with_attributes(attributes).build()
}

/// What every span, instrument and log record of ours says of where it comes from.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("ghostworks")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(SCHEMA_URL)
        .build()
}
