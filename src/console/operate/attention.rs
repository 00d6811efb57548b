//! What needs attention: each with what to do about it.

use std::borrow::Cow;
use std::time::Duration;

use crate::console::links;
use crate::console::words::{bytes, counted};
use crate::domain::Timestamp;
use crate::http::CertificateHealth;
use crate::service::{BackupHealth, BackupPlan, Health, SearchHealth, TaskHealth};
use crate::telemetry::ExportHealth;
use crate::telemetry::history::Point;

/// Less time than this until the disk is full is worth a word.
const SOON_FULL: Duration = Duration::from_secs(7 * 86_400);
/// An index that is behind for longer is worth a word.
const LAGGING: Duration = Duration::from_secs(10);

/// How much attention something needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// Requests fail.
    Bad,
    /// Requests are served.
    Odd,
}

/// One thing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// How bad it is.
    pub weight: Weight,
    /// What it is.
    pub what: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// What to do.
    pub remedy: Cow<'static, str>,
    /// Where more about it is.
    pub link: Option<(&'static str, String)>,
}

impl Item {
    fn odd(what: impl Into<String>, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self { weight: Weight::Odd, what: what.into(), since: None, remedy: remedy.into(), link: None }
    }

    fn bad(what: impl Into<String>, remedy: &'static str) -> Self {
        Self { weight: Weight::Bad, ..Self::odd(what, remedy) }
    }

    fn since(self, at: Option<Timestamp>) -> Self {
        Self { since: at, ..self }
    }

    fn log(self, text: &str) -> Self {
        let link = links::with_query(links::OPERATE_LOG, &[("level", "warn"), ("q", text)]);
        Self { link: Some(("log", link)), ..self }
    }
}

/// How everything is.
pub(super) struct State<'a> {
    /// The database.
    pub health: &'a Health,
    /// The search index.
    pub search: &'a SearchHealth,
    /// The way to the collector.
    pub exports: &'a ExportHealth,
    /// The background tasks.
    pub tasks: &'a [TaskHealth],
    /// The certificate, if there is TLS.
    pub certificate: Option<CertificateHealth>,
    /// The scheduled backups, if there are any.
    pub backups: Option<(BackupHealth, BackupPlan)>,
    /// Whether there should be some.
    pub needs_backups: bool,
    /// The last minutes.
    pub lately: Option<Point>,
    /// How long the disk has room, where that can be foreseen.
    pub until_full: Option<Duration>,
}

/// All of it, the worst first.
pub(super) fn items(state: &State<'_>) -> Vec<Item> {
    let mut items: Vec<Item> = database(state.health)
        .into_iter()
        .chain(disk(state))
        .chain(requests(state))
        .chain(state.certificate.as_ref().and_then(certificate))
        .chain(search(state.search))
        .chain(exports(state.exports))
        .chain(tasks(state.tasks))
        .chain(backups(state))
        .collect();
    items.sort_by_key(|item| item.weight);
    items
}

fn database(health: &Health) -> Vec<Item> {
    let mut items = Vec::new();
    if let Some(trouble) = health.trouble() {
        let remedy = "Look at the disk of the data directory: whether it has room, and whether it works. Once it does, the server \
                      goes on by itself.";
        items.push(Item::bad(format!("The database: {trouble}."), remedy).log("storage"));
    }
    if health.is_read_only {
        let remedy = "`ghostworks read-only off` has them taken again.";
        items.push(Item::odd("This server is read-only: writes are refused.", remedy));
    }
    let damaged = health.store.damaged.len() as u64;
    if damaged > 0 {
        let what = format!("{} of the database can’t be read.", counted(damaged, "row", "rows"));
        let remedy =
            "Everything else works. `ghostworks check` names all of them; `ghostworks restore` brings back a backup.";
        items.push(Item::odd(what, remedy).log("row"));
    }
    items
}

fn disk(state: &State<'_>) -> Option<Item> {
    let left = state.until_full.filter(|left| *left < SOON_FULL)?;
    let free = state.lately.and_then(|point| point.figures.free_bytes).map(bytes).unwrap_or_default();
    let hours = left.as_secs() / 3_600;
    let when = if hours < 48 { format!("{hours} hours") } else { format!("{} days", hours / 24) };
    let what = format!("The disk is full in about {when}, at the pace of the last hour: {free} are free.");
    Some(Item::odd(
        what,
        "Make room, or give the data directory a larger disk. What is full refuses writes, and loses nothing.",
    ))
}

fn requests(state: &State<'_>) -> Vec<Item> {
    let Some(lately) = &state.lately else { return Vec::new() };
    let mut items = Vec::new();
    let failures = lately.requests.failures;
    if failures > 0 {
        let what = format!("{} failed in the last five minutes.", counted(failures, "request", "requests"));
        let link = links::with_query(links::OPERATE_TRACES, &[("show", "failures")]);
        let item = Item::odd(what, "Look at where they failed.");
        items.push(Item { link: Some(("failures", link)), ..item });
    }
    let figures = &lately.figures;
    if figures.queue_capacity > 0 && figures.queued_writes * 4 >= figures.queue_capacity {
        let what = format!("{} wait for the writer.", counted(figures.queued_writes, "write", "writes"));
        let remedy = "More is written than the disk takes: one more than storage.write_queue is refused. Is the disk slow, or is \
                      something importing?";
        items.push(Item::odd(what, remedy));
    }
    if lately.lost > 0 {
        let what =
            format!("{} of telemetry were lost in the last five minutes.", counted(lately.lost, "item", "items"));
        items.push(
            Item::odd(what, "Is the collector overloaded, or away? Larger queues wait longer for it.").log("collector"),
        );
    }
    items
}

fn certificate(certificate: &CertificateHealth) -> Option<Item> {
    let what = format!("{}.", sentence(certificate.trouble?));
    let remedy = format!("{}.", sentence(certificate.remedy.as_deref()?));
    Some(Item::odd(what, remedy).log("certificate"))
}

/// A text with a capital at its beginning.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn search(search: &SearchHealth) -> Option<Item> {
    if !search.is_complete {
        let (done, all) = search.rebuilt;
        let what = format!("The search index is being rebuilt: {done} of {all} artifacts.");
        return Some(Item::odd(
            what,
            "Nothing is to be done: searches are answered again when it is ready, all else works.",
        ));
    }
    (search.lag > LAGGING).then(|| {
        let what = format!("The search index has been behind for {} s.", search.lag.as_secs());
        Item::odd(what, "Searches wait for it. If it stays so, the log says why.").log("search")
    })
}

fn exports(exports: &ExportHealth) -> Vec<Item> {
    let remedy =
        "Is the collector running, and is telemetry.otlp right? Without one, OTEL_TRACES_EXPORTER=none says so.";
    let signals = [("traces", &exports.traces), ("metrics", &exports.metrics), ("log lines", &exports.logs)];
    let failing = signals.into_iter().filter(|(_, signal)| signal.is_failing).map(|(name, signal)| {
        let last = signal.last_success.and_then(|at| Timestamp::try_from(at).ok());
        Item::odd(format!("The collector does not take {name}."), remedy).since(last).log("collector")
    });
    let unwell = (exports.collector_is_well == Some(false))
        .then(|| Item::odd("The collector says that it is not well, or says nothing.", remedy).log("collector"));
    failing.chain(unwell).collect()
}

fn tasks(tasks: &[TaskHealth]) -> Vec<Item> {
    let failing = tasks.iter().filter(|task| task.is_failing);
    let item = |task: &TaskHealth| {
        let failed = task.last_failure.map_or("it failed", |failure| failure.what);
        let what = format!("The background task {}: {failed}.", task.name);
        let remedy = "It is tried again by itself. The log says what is in its way.";
        Item::odd(what, remedy).since(task.last_success).log(task.name)
    };
    failing.map(item).collect()
}

fn backups(state: &State<'_>) -> Vec<Item> {
    let Some((health, plan)) = &state.backups else {
        let remedy = "Name a place with backups.to: a directory on another disk, or a bucket.";
        return state.needs_backups.then(|| Item::odd("No backups are made.", remedy)).into_iter().collect();
    };
    if health.is_elsewhere {
        return Vec::new();
    }
    let mut items = Vec::new();
    if health.is_foreign {
        let remedy =
            "If it is this server’s place, `ghostworks backups adopt` takes it over; otherwise give it one of its own.";
        items.push(Item::odd("The place of the backups is not known to belong to this installation.", remedy));
    }
    let age = health.last.map(|last| state.health.at.duration_since(last).unsigned_abs());
    if age.is_some_and(|age| age > 2 * plan.every) {
        let remedy = "It is tried again by itself. The log says what is in the way.";
        items.push(Item::odd("The newest backup is too old.", remedy).since(health.last).log("backup"));
    }
    items
}
