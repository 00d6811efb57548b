//! The backups that are kept, on a line from the oldest to now.

use maud::{Markup, html};

use crate::console::words::{ago, counted};
use crate::domain::Timestamp;
use crate::service::BackupPlan;

/// How long the line is.
const WIDTH: f64 = 720.0;

/// The line, and what it says in words.
pub(super) fn drawn(plan: &BackupPlan, now: Timestamp) -> Markup {
    let (Some(oldest), Some(newest)) = (plan.kept.first(), plan.kept.last()) else {
        return html! { h2 { "Backups" } p class="muted" { "None yet." } };
    };
    let whole = now.duration_since(*oldest).as_secs_f64().max(1.0);
    let place = |at: &Timestamp| at.duration_since(*oldest).as_secs_f64() / whole * (WIDTH - 8.0) + 4.0;
    let told = counted(plan.kept.len() as u64, "backup is kept", "backups are kept");
    html! {
        h2 { "Backups" }
        svg class="backups" viewBox={ "0 0 " (WIDTH) " 16" } role="img" aria-label=(told) {
            line x1="0" x2=(WIDTH) y1="8" y2="8" {}
            @for at in &plan.kept { circle cx=(format!("{:.0}", place(at))) cy="8" r="4" {} }
        }
        p class="muted small" {
            (told) ", of " (plan.keep) " at most. The newest was made " (ago(now, *newest)) ", the oldest " (ago(now, *oldest)) "."
        }
    }
}
