//! Nothing that is exported or logged is personal or secret, whatever one does.

use crate::support::mail::MailServer;
use crate::support::otlp::Collector;
use crate::support::tour::{Secrets, setup, tour};

#[test]
fn no_signal_has_a_secret() {
    let (collector, mail) = (Collector::start(), MailServer::start());
    let server = setup()
        .traces_to(&collector.endpoint())
        .env("GHOSTWORKS__MAIL__SMTP_URL", mail.url())
        .env("OTEL_METRICS_EXPORTER", "prometheus,otlp")
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("GHOSTWORKS__LOG__LEVEL", "trace")
        .start();
    let Secrets(secrets) = tour(&server);
    let scraped = server.client().get("/metrics").expect(200).body;
    let health = server.client().get("/health/detailed").expect(200).body;
    let mut server = server;
    server.terminate();
    assert!(server.wait().success(), "{}", server.stderr());

    let (spans, metrics, logs) = (collector.spans(), collector.metrics(), collector.logs());
    assert!(spans.len() > 100 && metrics.len() > 30 && logs.len() > 30, "they were exported");
    for (what, text) in [
        ("a span", format!("{spans:?}")),
        ("a metric", format!("{metrics:?}")),
        ("an exported log line", format!("{logs:?}")),
        ("the log", server.stderr()),
        ("a scrape", scraped),
        ("the health", health),
    ] {
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret} is in {what}");
        }
    }
}
