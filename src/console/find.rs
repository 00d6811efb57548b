//! Finding whatever there is: workspaces, artifacts, pages and what can be done. A page of its own, which the script shows in
//! a dialog.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::layout::Shell;
use super::links;
use super::outcome::Outcome;
use super::visitor::Visitor;
use super::words::parameter;
use crate::domain::{
    Action, ArtifactFilter, FacetFields, ListArtifacts, Page, SearchArtifacts, SearchText, Sort, WorkspaceView,
};
use crate::http::pages::PageRequest;
use crate::service::Error;

/// The most workspaces in which artifacts are searched.
const SEARCHED: usize = 5;
/// How many of each are shown.
const OF_EACH: usize = 5;
/// How many pages are shown.
const PAGES: usize = 12;

/// Something that was found.
struct Found {
    name: String,
    /// What it is, or where.
    what: String,
    link: String,
}

impl Found {
    fn new(name: impl Into<String>, what: impl Into<String>, link: impl Into<String>) -> Self {
        Self { name: name.into(), what: what.into(), link: link.into() }
    }

    /// Whether every word is in it.
    fn has(&self, words: &[String]) -> bool {
        let text = format!("{} {}", self.name, self.what).to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    }
}

/// Shows what fits.
pub(super) async fn page(request: PageRequest) -> Result<Response, Outcome> {
    let visitor = Visitor::of(&request).await?;
    let wanted = parameter(&request, "q").unwrap_or_default().trim().to_owned();
    let words: Vec<String> = wanted.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut places = places(&visitor);
    places.retain(|place| place.has(&words));
    places.truncate(PAGES);
    let artifacts = artifacts(&request, &visitor, &wanted).await?;
    let content = html! {
        h1 { "Find" }
        search {
            form action=(links::FIND) class="inline finder" {
                input type="search" name="q" value=(wanted) autofocus aria-label="What to find"
                    placeholder="A workspace, an artifact, a page" maxlength="200";
                button { "Find" }
            }
        }
        div id="found" {
            @if places.is_empty() && artifacts.is_empty() { p class="empty" { "Nothing is called so." } }
            (list("Artifacts", &artifacts))
            (list("Pages", &places))
        }
    };
    Ok(Shell::new("Find").of(&visitor).page(StatusCode::OK, &content))
}

fn list(title: &str, found: &[Found]) -> Markup {
    html! {
        @if !found.is_empty() {
            h2 { (title) }
            ul class="list found" { @for one in found {
                li { a class="title" href=(one.link) dir="auto" { (one.name) } " " span class="muted small" dir="auto" { (one.what) } }
            } }
        }
    }
}

/// Every page that somebody can go to.
fn places(visitor: &Visitor) -> Vec<Found> {
    let mut places: Vec<Found> = visitor
        .workspaces
        .iter()
        .map(|view| Found::new(view.workspace.name.as_str(), "workspace", links::catalog(view.workspace.id)))
        .collect();
    places.push(Found::new("Workspaces", "yours, and a new one", links::WORKSPACES));
    places.push(Found::new("Your account", "sessions, password", links::ACCOUNT));
    if visitor.user.is_operator {
        places.extend(operators());
    }
    if visitor.has_docs {
        places.push(Found::new("API reference", "for programs", "/docs"));
    }
    places.extend(visitor.workspaces.iter().flat_map(of_workspace));
    places
}

fn operators() -> [Found; 7] {
    [
        Found::new("Overview", "of the server", links::OPERATE),
        Found::new("Requests", "to the server", links::OPERATE_TRACES),
        Found::new("Accounts", "of the server", links::OPERATE_ACCOUNTS),
        Found::new("Workspaces", "of the server", links::OPERATE_WORKSPACES),
        Found::new("Storage", "of the server", links::OPERATE_STORAGE),
        Found::new("Configuration", "of the server", links::OPERATE_CONFIGURATION),
        Found::new("Log", "of the server", links::OPERATE_LOG),
    ]
}

/// The parts of a workspace, and what can be done there.
fn of_workspace(view: &WorkspaceView) -> Vec<Found> {
    let id = view.workspace.id;
    let all = [
        ("New artifact", links::new_artifact(id), Action::WriteArtifacts),
        ("Home", links::home(id), Action::ReadArtifacts),
        ("Settings", links::settings(id), Action::UpdateWorkspace),
        ("Trash", links::trash(id), Action::ReadArtifacts),
        ("Members", links::members(id), Action::ReadMembers),
        ("API keys", links::api_keys(id), Action::ManageApiKeys),
        ("Audit", links::audit(id), Action::ReadAudit),
        ("Requests", links::traces(id), Action::ReadTraces),
    ];
    let allowed = all.into_iter().filter(|(.., needs)| view.role.may(*needs));
    allowed.map(|(name, link, _)| Found::new(name, format!("in {}", view.workspace.name.as_str()), link)).collect()
}

/// The artifacts that fit, of one's first workspaces.
async fn artifacts(request: &PageRequest, visitor: &Visitor, wanted: &str) -> Result<Vec<Found>, Outcome> {
    let Ok(Some(text)) = SearchText::parse(wanted) else { return Ok(Vec::new()) };
    let mut artifacts = Vec::new();
    for view in visitor.workspaces.iter().take(SEARCHED) {
        let id = view.workspace.id;
        let list =
            ListArtifacts { filter: ArtifactFilter::default(), sort: Sort::RELEVANCE, page: Page::at(OF_EACH, 0) };
        let search = SearchArtifacts {
            text: Some(text.clone()),
            list,
            facets: FacetFields::default(),
            highlights: false,
            ranking: None,
        };
        let found = match request.service().search_artifacts(&visitor.caller, id, search).await {
            // The pages are found all the same.
            Err(Error::SearchRebuilding) => return Ok(Vec::new()),
            found => found?,
        };
        artifacts.extend(found.items.into_iter().map(|found| {
            let artifact = found.artifact;
            let what = format!("{} in {}", artifact.artifact_type.as_str(), view.workspace.name.as_str());
            Found::new(artifact.name.as_str(), what, links::artifact(id, artifact.id))
        }));
    }
    Ok(artifacts)
}
