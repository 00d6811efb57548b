//! A great many tenants: what is scraped stays bounded, and the busy have their labels.

use std::collections::BTreeSet;

use ghostworks::config::{self, Environment, Exporter};
use ghostworks::domain::{TenantId, UserId};
use ghostworks::telemetry::{Operation, Pipeline, Subject, Telemetry};
use uuid::Uuid;

const TENANTS: u32 = 20_000;
const LIMIT: usize = 1000;

fn tenant(number: u32) -> TenantId {
    let mut bytes = [7; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    TenantId::from_bytes(bytes)
}

fn start() -> (Pipeline, Telemetry) {
    let config = config::Telemetry { traces_exporter: Exporter::None, ..Default::default() };
    assert_eq!(config.tenant_label_limit, LIMIT);
    Pipeline::start(&config, Environment::Development, Uuid::nil()).expect("a pipeline")
}

async fn work(telemetry: &Telemetry, number: u32) {
    let subject = Subject::new(tenant(number), UserId::from_bytes([1; 16]));
    for operation in [Operation::ArtifactCreate, Operation::ArtifactList, Operation::ArtifactSearch] {
        let done = telemetry.observe(operation, subject, async { Ok::<_, std::fmt::Error>(()) }).await;
        done.expect("it is done");
    }
    telemetry.metrics().artifact_created(tenant(number), "document");
}

/// The tenants that have a label.
fn labelled(page: &str) -> BTreeSet<&str> {
    page.split("tenant_id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_tenants_are_not_too_many() {
    let (pipeline, telemetry) = start();
    for number in 0..TENANTS {
        work(&telemetry, number).await;
    }
    let page = pipeline.render_metrics().expect("a page");
    let (lines, labels) = (page.lines().count(), labelled(&page).len());
    assert!(labels <= LIMIT + 1, "{labels} labels");
    let folded = page.lines().find_map(|line| line.strip_prefix("ghostworks_tenant_labels_folded "));
    assert_eq!(folded.and_then(|it| it.parse::<usize>().ok()), Some(TENANTS as usize - (labels - 1)));

    // More of the same adds nothing.
    for number in 0..TENANTS {
        work(&telemetry, number).await;
    }
    let page = pipeline.render_metrics().expect("a page");
    let per_tenant = lines / labels + 1;
    assert!(labelled(&page).len() <= LIMIT + 1);
    assert!(page.lines().count() <= (LIMIT + 1) * per_tenant + 1000, "{} lines", page.lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_busy_has_a_label_however_many_came_before() {
    let (pipeline, telemetry) = start();
    for number in 0..TENANTS {
        telemetry.metrics().artifact_created(tenant(number), "document");
    }
    let busy = TENANTS + 1;
    for _ in 0..LIMIT {
        telemetry.metrics().artifact_created(tenant(busy), "document");
    }
    let page = pipeline.render_metrics().expect("a page");
    assert!(labelled(&page).contains(tenant(busy).to_string().as_str()));
}
