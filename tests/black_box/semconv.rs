//! The registry of our own telemetry (`config/semconv/`), in the format of Weaver's: well-formed, what is exported, and what
//! TELEMETRY.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;

use crate::support::otlp::{Collector, LogLine, Metric, Protocol, Span};
use crate::support::tour::{setup, tour};

const REFERENCE: &str = include_str!("../../TELEMETRY.md");
/// Where the version of the semantic conventions is that the spans name.
const CONVENTIONS: &str = opentelemetry_semantic_conventions::SCHEMA_URL;
/// What the scrape alone has: figures of the process, and the resource.
const SCRAPED_ALONE: [&str; 2] = ["process_", "target_info"];

/// All groups of the registry, and the metrics of the conventions that it imports.
struct Registry {
    groups: BTreeMap<String, Value>,
    imports: BTreeSet<String>,
}

fn files(directory: &Path) -> Vec<Value> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false if path.ends_with("manifest.yaml") => Vec::new(),
            false => vec![serde_yaml::from_slice(&fs::read(&path).expect("a file")).expect("YAML")],
        })
        .collect()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().map(|it| it.as_str().expect("text"))
}

impl Registry {
    fn directory() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("config/semconv")
    }

    fn read() -> Self {
        let (mut groups, mut imports) = (BTreeMap::new(), BTreeSet::new());
        for file in files(&Self::directory()) {
            imports.extend(texts(&file["imports"]["metrics"]).map(str::to_owned));
            for group in file["groups"].as_array().expect("groups") {
                let id = group["id"].as_str().expect("an id").to_owned();
                assert!(groups.insert(id.clone(), group.clone()).is_none(), "{id} is there twice");
            }
        }
        Self { groups, imports }
    }

    fn of_type<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let groups = self.groups.iter().map(|(id, group)| (id.as_str(), group));
        groups.filter(move |(_, group)| group["type"] == kind)
    }

    /// What is defined here, by id.
    fn defined(&self) -> BTreeMap<&str, &Value> {
        let attributes = self.groups.values().filter_map(|group| group["attributes"].as_array()).flatten();
        attributes.filter_map(|it| Some((it["id"].as_str()?, it))).collect()
    }

    /// The attributes that a group refers to, with those of the groups that it extends, and whether they are required.
    fn attributes(&self, id: &str) -> BTreeMap<&str, bool> {
        let group = self.groups.get(id).unwrap_or_else(|| panic!("no group {id}"));
        let mut all = group["extends"].as_str().map(|base| self.attributes(base)).unwrap_or_default();
        let own = group["attributes"].as_array().into_iter().flatten();
        all.extend(own.filter_map(|it| Some((it["ref"].as_str()?, it["requirement_level"] == "required"))));
        all
    }

    /// That something has the attributes of its group: all that are required, and no others.
    #[track_caller]
    fn fits(&self, id: &str, seen: &BTreeMap<String, Value>) {
        let (told, defined) = (self.attributes(id), self.defined());
        for (name, value) in seen {
            assert!(told.contains_key(name.as_str()), "{id} has no {name}");
            let Some(attribute) = defined.get(name.as_str()) else { continue };
            let kind = match value {
                Value::String(_) => "string",
                Value::Bool(_) => "boolean",
                Value::Number(number) if number.is_f64() => "double",
                _ => "int",
            };
            assert_eq!(attribute["type"], kind, "the type of {name}");
        }
        let missing: Vec<_> = told.iter().filter(|(name, required)| **required && !seen.contains_key(**name)).collect();
        assert!(missing.is_empty(), "{id}: {missing:?} are missing in {seen:?}");
    }
}

/// The rows of a table of TELEMETRY.md: what the first cell names, and the other cells.
fn table(section: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let (_, text) = REFERENCE.split_once(&format!("\n## {section}\n")).expect("the section is there");
    let rows = text.split("\n## ").next().unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        (cells[0].trim_matches('`'), cells)
    })
    .collect()
}

/// The id of the group that a span is of, by its name in TELEMETRY.md.
fn group_of(name: &str) -> String {
    match name {
        "{method} {route}" => "span.ghostworks.http.server".to_owned(),
        "{method}" => "span.ghostworks.http.client".to_owned(),
        "background {task}" => "span.ghostworks.background".to_owned(),
        "{operation} {table}" => "span.ghostworks.database".to_owned(),
        business => format!("span.{business}"),
    }
}

#[test]
fn the_registry_is_well_formed() {
    let manifest = fs::read(Registry::directory().join("manifest.yaml")).expect("a manifest");
    let manifest: Value = serde_yaml::from_slice(&manifest).expect("YAML");
    let own = manifest["schema_url"].as_str().expect("a URL");
    assert!(own.ends_with(&format!("/{}", env!("CARGO_PKG_VERSION"))), "{own}: it has the version of the program");
    let dependency = &manifest["dependencies"][0];
    assert_eq!(dependency["schema_url"], CONVENTIONS, "the conventions that the spans name");
    let (_, version) = CONVENTIONS.rsplit_once('/').expect("a version");
    assert!(dependency["registry_path"].as_str().is_some_and(|path| path.contains(&format!("/v{version}.zip[model]"))));

    let registry = Registry::read();
    let defined = registry.defined();
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c))
    };
    for (id, group) in &registry.groups {
        let has = |key: &str| group[key].as_str().is_some_and(|text| !text.is_empty());
        assert!(is_name(id) && has("brief"), "{id}");
        let is_whole = match group["type"].as_str().expect("a type") {
            "attribute_group" => true,
            "span" => has("span_kind") && has("stability"),
            "event" => has("name") && has("stability"),
            "metric" => {
                let instruments = ["counter", "updowncounter", "gauge", "histogram"];
                let (name, unit) = (group["metric_name"].as_str(), group["unit"].as_str().unwrap_or_default());
                let is_unit = ["s", "By"].contains(&unit) || unit.starts_with('{') && unit.ends_with('}');
                name.is_some_and(|name| is_name(name) && *id == format!("metric.{name}"))
                    && instruments.iter().any(|known| group["instrument"] == *known)
                    && is_unit
                    && has("stability")
            }
            other => panic!("{id} is a {other}"),
        };
        assert!(is_whole, "{id}: {group}");
        for (name, _) in registry.attributes(id) {
            assert!(defined.contains_key(name) || name.contains('.'), "{id} refers to {name}, which nobody defines");
        }
    }
    for (id, attribute) in &defined {
        let kind = attribute["type"].as_str().unwrap_or_default();
        assert!(is_name(id) && ["string", "int", "double", "boolean"].contains(&kind), "{id}: {attribute}");
        let is_told = attribute["brief"].as_str().is_some_and(|brief| !brief.is_empty());
        assert!(is_told && attribute["stability"] == "stable", "{id}");
        assert!(kind != "string" || attribute["examples"].as_array().is_some_and(|it| !it.is_empty()), "{id}");
    }
}

#[test]
fn the_registry_says_what_the_reference_says() {
    let registry = Registry::read();
    let spans: BTreeMap<_, _> = table("Spans").into_iter().map(|(name, cells)| (group_of(name), cells)).collect();
    assert_eq!(registry.of_type("span").map(|(id, _)| id).collect::<Vec<_>>(), spans.keys().collect::<Vec<_>>());
    for (id, cells) in &spans {
        let group = &registry.groups[id];
        let told = (group["span_kind"].as_str().unwrap_or_default().to_ascii_uppercase(), group["brief"].as_str());
        assert_eq!(told, (cells[1].to_owned(), Some(cells[2])), "{id}");
    }
    let used: BTreeSet<&str> =
        registry.of_type("span").flat_map(|(id, _)| registry.attributes(id).into_keys()).collect();
    assert_eq!(used, table("Attributes").iter().map(|(name, _)| *name).collect(), "attributes of spans");

    let mut told = BTreeMap::new();
    for (id, group) in registry.of_type("metric") {
        let (name, unit) = (group["metric_name"].as_str().expect("a name"), group["unit"].as_str());
        let unit = match unit {
            Some("s") => "_seconds",
            Some("By") => "_bytes",
            _ => "",
        };
        let total = if group["instrument"] == "counter" { "_total" } else { "" };
        let labels: BTreeSet<&str> = registry.attributes(id).into_keys().collect();
        told.insert(format!("{name}{unit}{total}"), (labels, group["brief"].as_str().expect("a brief")));
    }
    let imported: Vec<String> = registry.imports.iter().map(|name| name.replace('.', "_")).collect();
    let scraped: BTreeMap<_, _> = table("Metrics")
        .into_iter()
        .filter(|(name, _)| !SCRAPED_ALONE.iter().any(|alone| name.starts_with(alone)))
        .filter(|(name, _)| !imported.iter().any(|known| name.starts_with(known.as_str())))
        .map(|(name, cells)| (name.to_owned(), (cells[2].split('`').skip(1).step_by(2).collect(), cells[3])))
        .collect();
    assert_eq!(told, scraped, "metrics");
}

#[test]
fn the_registry_says_what_is_exported() {
    let collector = Collector::speaking(Protocol::Http);
    let setup = setup();
    let backups = setup.scratch().join("backups").display().to_string();
    let server = setup
        .env("GHOSTWORKS__BACKUPS__TO", backups)
        .traces_to(&collector.endpoint())
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        .env("OTEL_METRICS_EXPORTER", "otlp")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "500")
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("GHOSTWORKS__TELEMETRY__AUDIT_LOGS", "true")
        .env("GHOSTWORKS__TELEMETRY__COLLECTOR_HEALTH_URL", format!("{}/nowhere", collector.endpoint()))
        .start();
    tour(&server);
    server.client().with("User-Agent", "tests").call("BREW", "/nowhere").expect(404);
    server.client().get("/health/detailed").expect(200);
    collector.wait_for("a call", |spans| spans.iter().find(|span| span.kind == SpanKind::Client).map(drop));
    // Once the database is closed, nobody knows.
    collector.metric("search_index_lag_changes", |_| true);
    server.stop();
    let registry = Registry::read();
    collector.spans().iter().for_each(|span| span_fits(&registry, span));
    let names: BTreeSet<String> = collector.metrics().into_iter().map(|metric| metric.name).collect();
    collector.metrics().iter().for_each(|metric| metric_fits(&registry, metric));
    collector.logs().iter().for_each(|line| line_fits(&registry, line));
    let events: BTreeSet<String> = collector.logs().into_iter().map(|line| line.event).collect();
    let told: BTreeSet<String> =
        registry.of_type("event").map(|(_, event)| event["name"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(events, told, "events");
    let told: BTreeSet<&str> = registry.of_type("metric").map(|(id, _)| id.trim_start_matches("metric.")).collect();
    // Only a server with a certificate has the one.
    let missing: Vec<_> = told.iter().filter(|name| !names.contains(**name)).collect();
    assert_eq!(missing, [&"tls_certificate_not_after_timestamp"], "metrics that are told and not exported");
}

fn span_fits(registry: &Registry, span: &Span) {
    let name = match span.kind {
        SpanKind::Server => "{method} {route}",
        SpanKind::Client => "{method}",
        _ if span.name.starts_with("background ") => "background {task}",
        _ if span.attributes.contains_key("db.system.name") => "{operation} {table}",
        _ => span.name.as_str(),
    };
    registry.fits(&group_of(name), &span.attributes);
}

fn metric_fits(registry: &Registry, metric: &Metric) {
    if registry.imports.contains(&metric.name) {
        return;
    }
    let id = format!("metric.{}", metric.name);
    let group = registry.groups.get(&id).unwrap_or_else(|| panic!("no {id}"));
    let told = (group["instrument"].as_str(), group["unit"].as_str());
    assert_eq!((Some(metric.kind), Some(metric.unit.as_str())), told, "{}", metric.name);
    metric.points.iter().for_each(|point| registry.fits(&id, point));
}

fn line_fits(registry: &Registry, line: &LogLine) {
    registry.fits(&format!("event.{}", line.event), &line.attributes);
}
