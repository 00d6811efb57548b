//! `ghostworks traces`: the last requests of a server that runs.

use std::borrow::Cow;

use clap::builder::styling::{AnsiColor, Style};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    Failure, moment, print,
    remote::{RemoteArgs, runtime},
    table::table,
};
use crate::{
    app,
    config::{Config, Sources},
    domain::Timestamp,
};

/// The most that the server returns at a time.
const AT_A_TIME: usize = 100;

#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub(super) struct Args {
    /// On this route, written as the list does: /api/v1/workspaces/{workspace_id}
    #[arg(long)]
    route: Option<String>,
    /// Asking for this operation, such as artifact.create
    #[arg(long)]
    operation: Option<String>,
    /// Answered with this status, such as 404, or one like it: 5xx
    #[arg(long)]
    status: Option<String>,
    /// Taking at least this many milliseconds
    #[arg(long, value_name = "MILLISECONDS")]
    min_ms: Option<u32>,
    /// About the workspace with this id
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,
    /// With this request id, which problem documents and the header X-Request-ID have
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// With this attribute on one of its spans, as key:value, such as db.operation.name:insert; repeated, with each of them
    #[arg(long, value_name = "KEY:VALUE")]
    attribute: Vec<String>,
    /// Coming at this moment or later: 2026-11-26T01:30:00Z, 18:00, "2h ago"
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    since: Option<Timestamp>,
    /// Coming at this moment or earlier
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    until: Option<Timestamp>,
    /// The number of traces to show, the newest first
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// How the commands find a server, for both.
pub(super) const HELP: &str = "\
The server that uses the data directory is asked over operator.sock there, by the user that it runs
as or by root, else with server.operator_token. With --server another one is asked; --token-file
names the file that has its server.operator_token.";

/// Lists them.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let config = args.remote.load(sources)?;
    let page = runtime().map_err(Failure::Runtime)?.block_on(requests(&config, args))?;
    if args.json {
        return print(&format!("{page:#}"));
    }
    print(&listed(&page))
}

/// As many as are wanted, as one page.
async fn requests(config: &Config, args: &Args) -> Result<Value, app::Error> {
    let (mut items, mut cursor, mut recorder) = (Vec::new(), None, Value::Null);
    loop {
        let limit = (args.limit - items.len()).min(AT_A_TIME);
        let mut page = app::ask_operator(config, &path(args, limit, cursor.as_deref())).await?;
        items.extend(page["items"].as_array_mut().map(std::mem::take).unwrap_or_default());
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        recorder = if recorder.is_null() { page["recorder"].take() } else { recorder };
        if cursor.is_none() || items.len() >= args.limit {
            return Ok(json!({"items": items, "recorder": recorder}));
        }
    }
}

fn path(args: &Args, limit: usize, cursor: Option<&str>) -> String {
    let filters = [
        ("route", args.route.as_deref().map(Cow::from)),
        ("operation", args.operation.as_deref().map(Cow::from)),
        ("status", args.status.as_deref().map(Cow::from)),
        ("min_duration_ms", args.min_ms.map(|it| it.to_string().into())),
        ("workspace_id", args.workspace.as_deref().map(Cow::from)),
        ("request_id", args.request.as_deref().map(Cow::from)),
        ("since", args.since.map(|it| it.to_string().into())),
        ("until", args.until.map(|it| it.to_string().into())),
        ("cursor", cursor.map(Cow::from)),
    ];
    let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let filters = filters.chain(args.attribute.iter().map(|pair| ("attribute", Cow::from(pair))));
    filters.fold(format!("/api/v1/system/traces?limit={}", limit.max(1)), |path, (name, value)| {
        format!("{path}&{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC))
    })
}

fn listed(page: &Value) -> String {
    let recorder = &page["recorder"];
    if recorder.is_null() {
        return "This server records nothing: see telemetry.recorder_bytes.".to_owned();
    }
    let headings = ["trace", "came at", ">ms", "status", "request", "error", ">queued", ">commit", ">group", ">index"];
    let rows: Vec<Vec<String>> = page["items"].as_array().into_iter().flatten().map(row).collect();
    let text =
        if rows.is_empty() { "No request is as wanted.\n".to_owned() } else { coloured(&table(&headings, &rows)) };
    let dropped = ["failures", "refusals", "slowest", "others"].map(|worth| recorder[worth]["dropped"].as_u64());
    let dropped: u64 = dropped.into_iter().flatten().sum();
    let since = |what: &Value| what.as_str().unwrap_or_default().to_owned();
    format!(
        "{text}\nRecorded since {}; {dropped} requests are no longer there. All failures since {} are.",
        since(&recorder["since"]),
        since(&recorder["failures"]["complete_since"]),
    )
}

fn row(item: &Value) -> Vec<String> {
    let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| item[key].as_f64().map(|it| format!("{it:.1}")).unwrap_or_default();
    vec![
        text("trace_id"),
        text("started_at"),
        number("duration_ms"),
        item["status"].to_string(),
        format!("{} {}", text("method"), text("route")),
        text("error_type"),
        number("queue_ms"),
        number("commit_ms"),
        item["group_size"].as_u64().map(|it| it.to_string()).unwrap_or_default(),
        number("index_wait_ms"),
    ]
}

/// A table whose headings are bold; on a terminal, for nothing else takes styles.
fn coloured(table: &str) -> String {
    const HEADING: Style = AnsiColor::Cyan.on_default().bold();
    let (headings, rows) = table.split_once('\n').unwrap_or((table, ""));
    format!("{HEADING}{headings}{HEADING:#}\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_told_below_the_table() {
        let item = json!({
            "trace_id": "0a", "started_at": "2030-01-31T12:00:00Z", "duration_ms": 1.25, "status": 201, "method": "POST",
            "route": "/things", "error_type": null, "queue_ms": 0.5, "commit_ms": 0.25, "group_size": 3, "index_wait_ms": null,
        });
        let kept = json!({"kept": 1, "dropped": 2, "complete_since": "2030-01-30T00:00:00Z"});
        let recorder = json!({
            "since": "2030-01-01T00:00:00Z", "failures": kept, "refusals": kept, "slowest": kept, "others": kept,
        });
        let text = listed(&json!({"items": [item], "recorder": recorder}));
        assert!(text.contains("0a     2030-01-31T12:00:00Z  1.2  201     POST /things"), "{text}");
        assert!(text.contains("8 requests") && text.contains("since 2030-01-30T00:00:00Z"), "{text}");
        assert!(listed(&json!({"items": [], "recorder": null})).contains("recorder_bytes"));
    }
}
