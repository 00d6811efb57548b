//! Many artifacts at once: those that were selected in a list get a tag, lose one, go to the trash, or are taken along.

use maud::{Markup, html};
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};

use crate::console::form::Form;
use crate::console::layout::{Shell, Tab, form_fields, sentence};
use crate::console::outcome::{Outcome, see};
use crate::console::visitor::Visitor;
use crate::console::words::counted;
use crate::console::{links, submission};
use crate::domain::{Artifact, ArtifactId, Field, RawArtifactPatch, RawArtifactWrite, TenantId, Violations};
use crate::http::pages::{PageRequest, artifact_line};
use crate::service::Error;

/// The form that the boxes of a list belong to.
pub(super) const FORM: &str = "selection";
/// The most artifacts that are selected at once: as many as a page has, and some.
const MOST: usize = 100;

/// What is done with them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Tag,
    Untag,
    Delete,
    Export,
}

impl Deed {
    fn named(name: &str) -> Option<Self> {
        let all = [("tag", Self::Tag), ("untag", Self::Untag), ("delete", Self::Delete), ("export", Self::Export)];
        all.into_iter().find(|(known, _)| *known == name).map(|(_, deed)| deed)
    }
}

/// What was selected: each artifact, with the version of it that was seen.
type Selected = Vec<(ArtifactId, u64)>;

/// Does it.
pub(in crate::console) async fn act(mut request: PageRequest) -> Result<Response, Outcome> {
    let tenant: TenantId = request.id_in_path("workspace_id")?.into();
    let (visitor, form) = submission::of_visitor(&mut request).await?;
    let back = Some(form.text("back")).filter(|back| links::is_own(back)).unwrap_or_else(|| links::catalog(tenant));
    let (deed, selected) = (Deed::named(&form.text("do")), selected(&form));
    let Some(deed) = deed.filter(|_| !selected.is_empty()) else {
        let told =
            html! { p class="error" role="alert" { "Nothing was selected: tick the boxes of what it is about." } };
        return Ok(report(&visitor, tenant, &back, StatusCode::UNPROCESSABLE_ENTITY, &told)?);
    };
    let artifacts = seen(&request, &visitor, tenant, &selected).await?;
    if deed == Deed::Export {
        return Ok(taken_along(artifacts.into_iter().filter_map(|(_, _, found)| found.ok()).collect()));
    }
    let tag = form.text("tag").trim().to_owned();
    if matches!(deed, Deed::Tag | Deed::Untag) && tag.is_empty() {
        let told = html! { p class="error" role="alert" { "Which tag? Write it beside the button." } };
        return Ok(report(&visitor, tenant, &back, StatusCode::UNPROCESSABLE_ENTITY, &told)?);
    }
    let failed = carry_out(&request, &visitor, (tenant, deed, &tag), artifacts).await?;
    if failed.is_empty() {
        return Ok(see(&back));
    }
    let done = selected.len() - failed.len();
    let told = html! {
        div class="error" role="alert" {
            p { (counted(done as u64, "artifact is", "artifacts are")) " as you wanted. These are not:" }
            ul { @for (name, why) in &failed { li { bdi { (name) } ": " (why) } } }
        }
    };
    Ok(report(&visitor, tenant, &back, StatusCode::CONFLICT, &told)?)
}

/// Writes what is to be different, and returns what was not written, with why.
async fn carry_out(
    request: &PageRequest,
    visitor: &Visitor,
    (tenant, deed, tag): (TenantId, Deed, &str),
    artifacts: Vec<(ArtifactId, u64, Result<Artifact, Error>)>,
) -> Result<Vec<(String, String)>, Outcome> {
    let (mut names, mut writes, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (id, version, found) in artifacts {
        match found {
            Ok(artifact) => {
                if let Some(write) = write(deed, tag, &artifact, version) {
                    names.push(artifact.name.as_str().to_owned());
                    writes.push(write);
                }
            }
            // It is where it should be.
            Err(Error::ArtifactNotFound) if deed == Deed::Delete => {}
            Err(error) => failed.push((id.to_string(), sentence(&error))),
        }
    }
    if writes.is_empty() {
        return Ok(failed);
    }
    let outcomes = request.service().write_artifacts(&visitor.caller, tenant, writes, false).await?;
    let refused = names.into_iter().zip(outcomes).filter_map(|(name, outcome)| match outcome {
        Ok(_) => None,
        Err(Error::ArtifactNotFound) if deed == Deed::Delete => None,
        Err(error) => Some((name, why(&error))),
    });
    failed.extend(refused);
    Ok(failed)
}

/// What is written to one, if anything is to be different.
fn write(deed: Deed, tag: &str, artifact: &Artifact, seen: u64) -> Option<RawArtifactWrite> {
    let (id, has) = (artifact.id, artifact.tags.iter().any(|known| known == tag));
    let tags = artifact.tags.iter().map(str::to_owned);
    let tags: Vec<String> = match deed {
        Deed::Delete => return Some(RawArtifactWrite::Delete { id, version: Some(seen) }),
        Deed::Tag if !has => tags.chain([tag.to_owned()]).collect(),
        Deed::Untag if has => tags.filter(|known| known != tag).collect(),
        _ => return None,
    };
    let patch = RawArtifactPatch { tags: Field::Set(tags), ..RawArtifactPatch::default() };
    Some(RawArtifactWrite::Update { id, version: Some(artifact.version), patch })
}

fn why(error: &Error) -> String {
    match error {
        Error::VersionMismatch { .. } => "Somebody changed it meanwhile. Look at it, and try again.".to_owned(),
        Error::Invalid(violations) => details(violations),
        other => sentence(other),
    }
}

fn details(violations: &Violations) -> String {
    violations.iter().map(|violation| violation.detail.as_str()).collect::<Vec<_>>().join("; ")
}

/// What was selected, as the artifacts are now.
async fn seen(
    request: &PageRequest,
    visitor: &Visitor,
    tenant: TenantId,
    selected: &Selected,
) -> Result<Vec<(ArtifactId, u64, Result<Artifact, Error>)>, Outcome> {
    let mut seen = Vec::with_capacity(selected.len());
    for (id, version) in selected {
        match request.service().artifact(&visitor.caller, tenant, *id).await {
            found @ (Ok(_) | Err(Error::ArtifactNotFound)) => seen.push((*id, *version, found)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(seen)
}

fn selected(form: &Form) -> Selected {
    let boxes = form.0.iter().filter(|(name, _)| name == "selected").map(|(_, value)| value.as_str());
    let parse = |value: &str| {
        let (id, version) = value.split_once('.')?;
        Some((uuid::Uuid::parse_str(id).ok()?.into(), version.parse().ok()?))
    };
    let mut selected: Selected = boxes.filter_map(parse).collect();
    selected.dedup_by_key(|(id, _)| *id);
    selected.truncate(MOST);
    selected
}

/// The artifacts as a file that can be imported.
fn taken_along(artifacts: Vec<Artifact>) -> Response {
    const NAME: HeaderValue = HeaderValue::from_static("attachment; filename=\"artifacts.ndjson\"");
    let lines: String = artifacts.into_iter().map(artifact_line).collect();
    Response::builder()
        .content_type("application/x-ndjson")
        .header(header::CONTENT_DISPOSITION, NAME)
        .header(header::CACHE_CONTROL, "no-store")
        .body(lines)
}

fn report(
    visitor: &Visitor,
    tenant: TenantId,
    back: &str,
    status: StatusCode,
    told: &Markup,
) -> Result<Response, Error> {
    let content = html! {
        h1 { "Selected artifacts" }
        (told)
        p { a class="button" href=(back) { "Back to the list" } }
    };
    Ok(Shell::new("Selected artifacts")
        .of(visitor)
        .within(visitor.workspace(tenant)?, Tab::Catalog)
        .page(status, &content))
}

/// The box of an artifact in a list.
pub(super) fn tick(artifact: &Artifact) -> Markup {
    html! {
        input type="checkbox" name="selected" form=(FORM) value={ (artifact.id) "." (artifact.version) }
            aria-label={ "Select " (artifact.name.as_str()) };
    }
}

/// What can be done with what is selected.
pub(super) fn bar(request: &PageRequest, visitor: &Visitor, tenant: TenantId, back: &str) -> Markup {
    html! {
        details class="panel selection" {
            summary { "With what is selected" }
            form id=(FORM) method="post" action=(links::selection(tenant)) class="actions" {
                (form_fields(request, visitor))
                input type="hidden" name="back" value=(back);
                label class="hidden" for="selection-tag" { "Tag" }
                input id="selection-tag" name="tag" placeholder="Tag" maxlength="50" autocomplete="off" dir="auto" data-tags=(links::tags(tenant));
                button name="do" value="tag" { "Add tag" }
                button name="do" value="untag" { "Remove tag" }
                button name="do" value="export" { "Export" }
                button name="do" value="delete" class="danger" { "Move to the trash" }
            }
        }
    }
}
