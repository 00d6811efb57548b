//! The history of an artifact: every version, what was different, and the way back to one.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::difference::of_versions;
use super::{People, named};
use crate::console::layout::{Shell, Tab, form_fields};
use crate::console::links;
use crate::console::outcome::{Outcome, see};
use crate::console::submission;
use crate::console::visitor::Visitor;
use crate::console::words::{ago, counted, parameter};
use crate::domain::{
    Action, Artifact, ArtifactChange, ArtifactHistory, ArtifactVersion, Field, Precondition, RawArtifactPatch,
};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// How many versions a page shows. One more is read, to say what is different in the last.
const ON_PAGE: usize = 20;

/// What the page is told when a version was to be restored, and is not.
const NOT_RESTORED: &str = "not-restored";

/// Shows it.
pub(in crate::console) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let visitor = Visitor::of(&request).await?;
    let before = parameter(&request, "before").and_then(|text| text.parse().ok());
    let people = People::of(&request, &visitor, tenant).await?;
    let newest = request.service().artifact_history(&visitor.caller, tenant, id, None, 1).await?;
    let history = request.service().artifact_history(&visitor.caller, tenant, id, before, ON_PAGE + 1).await?;
    let current = &newest.versions.first().ok_or(Error::ArtifactNotFound)?.artifact;
    let timeline = Timeline { request: &request, visitor: &visitor, people: &people, current };
    let content = html! {
        p { a href=(links::artifact(tenant, id)) { "← " bdi { (current.name.as_str()) } } }
        h1 { "History" }
        @if visitor.workspace(tenant)?.role.may(Action::ReadAudit) {
            p { a href=(links::with_query(&links::audit(tenant), &[("artifact", &id.to_string())])) { "Who changed it, from where, by which request" } }
        }
        @if parameter(&request, "note").as_deref() == Some(NOT_RESTORED) {
            p class="note" role="status" {
                "Somebody changed this artifact after the page was made on which you chose a version, so nothing was restored. This is \
                 its history now."
            }
        }
        (timeline.list(&history))
    };
    let shell = Shell::new("History").of(&visitor).within(visitor.workspace(tenant)?, Tab::Catalog);
    Ok(shell.page(StatusCode::OK, &content))
}

/// Makes an artifact what it was in a version.
pub(in crate::console) async fn bring_back(mut request: PageRequest) -> Result<Response, Outcome> {
    let (tenant, id) = named(&request)?;
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let (caller, service) = (&visitor.caller, request.service());
    let wanted = form.number("version").ok_or(Error::ArtifactNotFound)?;
    let history = service.artifact_history(caller, tenant, id, wanted.checked_add(1), 1).await?;
    let version = history.versions.into_iter().next().map(|version| version.artifact);
    let version = version.filter(|artifact| artifact.version == wanted).ok_or(Error::ArtifactNotFound)?;
    let seen = Precondition::Versions(form.number("current").into_iter().collect());
    match service.update_artifact(caller, tenant, id, seen, all_of(&version)).await {
        // It was changed since the page was made: the page of now shows how, and has the same button.
        Err(Error::VersionMismatch { .. }) => {
            Ok(see(&links::with_query(&links::of_artifact(tenant, id, "history"), &[("note", NOT_RESTORED)])))
        }
        changed => {
            changed?;
            Ok(see(&links::artifact(tenant, id)))
        }
    }
}

/// A change that makes all fields what they were.
fn all_of(artifact: &Artifact) -> RawArtifactPatch {
    let metadata = serde_json::to_value(artifact.metadata.as_map()).unwrap_or_default();
    RawArtifactPatch {
        name: Field::Set(artifact.name.as_str().to_owned()),
        description: artifact.description.as_ref().map_or(Field::Clear, |text| Field::Set(text.as_str().to_owned())),
        tags: Field::Set(artifact.tags.iter().map(str::to_owned).collect()),
        metadata: Field::Set(serde_json::from_value(metadata).unwrap_or_default()),
        artifact_type: Field::Set(artifact.artifact_type.as_str().to_owned()),
    }
}

struct Timeline<'a> {
    request: &'a PageRequest,
    visitor: &'a Visitor,
    people: &'a People,
    current: &'a Artifact,
}

impl Timeline<'_> {
    fn list(&self, history: &ArtifactHistory) -> Markup {
        let shown = &history.versions[..history.versions.len().min(ON_PAGE)];
        let last = shown.last().filter(|_| history.versions.len() > ON_PAGE || history.has_more);
        let (tenant, id) = (self.current.tenant, self.current.id);
        html! {
            ol class="timeline" {
                @for (index, version) in shown.iter().enumerate() { (self.entry(version, history.versions.get(index + 1))) }
            }
            @if history.damaged > 0 {
                p class="error" { (counted(history.damaged, "version is", "versions are")) " damaged in the database, and not shown." }
            }
            @if let Some(last) = last {
                @let older = last.artifact.version.to_string();
                a class="button" href=(links::with_query(&links::of_artifact(tenant, id, "history"), &[("before", &older)])) {
                    "Older versions"
                }
            }
        }
    }

    fn entry(&self, version: &ArtifactVersion, before: Option<&ArtifactVersion>) -> Markup {
        let (artifact, now) = (&version.artifact, self.request.service().now());
        let is_current = artifact.version == self.current.version;
        html! {
            li {
                div class="head" {
                    p {
                        strong { "Version " (artifact.version) } " · " (what(version.change)) " by "
                        bdi { (self.people.name(self.visitor, artifact.updated_by)) } " "
                        span class="muted" { (ago(now, artifact.updated_at)) }
                    }
                    @if is_current { span class="kind" { "current" } }
                    @if !is_current && self.current.deleted_at.is_none() { (self.back_to(artifact)) }
                }
                @if let Some(before) = before { (of_versions(&before.artifact, artifact, now)) }
            }
        }
    }

    fn back_to(&self, artifact: &Artifact) -> Markup {
        html! {
            form method="post" action=(links::of_artifact(artifact.tenant, artifact.id, "history")) {
                (form_fields(self.request, self.visitor))
                input type="hidden" name="version" value=(artifact.version);
                input type="hidden" name="current" value=(self.current.version);
                button { "Restore version " (artifact.version) }
            }
        }
    }
}

fn what(change: ArtifactChange) -> &'static str {
    match change {
        ArtifactChange::Created => "created",
        ArtifactChange::Updated => "changed",
        ArtifactChange::Deleted => "moved to the trash",
        ArtifactChange::Restored => "taken out of the trash",
    }
}
