//! All workspaces, for the command line.

use hyper::Method;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Error;
use super::operator_api::OperatorApi;
use crate::config::Config;
use crate::domain::{Slug, Timestamp};

/// Where they are, on a server.
const WORKSPACES: &str = "/api/v1/operator/workspaces";
/// How many workspaces are read at once.
const PAGE: usize = 100;

/// A workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Workspace {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its short name.
    pub slug: String,
    /// Whether it is in use, as its admins say.
    pub is_active: bool,
    /// Whether its members are kept from it.
    pub is_suspended: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// How many members it has.
    pub members: u64,
    /// How many API keys it has.
    pub api_keys: u64,
    /// How many artifacts it has, those in the trash included.
    pub artifacts: u64,
    /// How many of these are in the trash.
    pub in_trash: u64,
    /// The size of its artifacts and their histories, in bytes.
    pub bytes: u64,
    /// The quotas that are its own.
    pub quotas: WorkspaceQuotas,
}

/// Quotas of one workspace; `None` is as for all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct WorkspaceQuotas {
    /// Artifacts, those in the trash included.
    pub artifacts: Option<u64>,
    /// Bytes of artifacts, with the trash and all histories.
    pub bytes: Option<u64>,
    /// Members.
    pub members: Option<u64>,
    /// API keys.
    pub api_keys: Option<u64>,
}

/// A workspace, and who owns it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkspaceDetails {
    /// The workspace.
    pub workspace: Workspace,
    /// Who owns it.
    pub owners: Vec<WorkspaceOwner>,
}

/// An account that owns a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkspaceOwner {
    /// Its id.
    pub id: Uuid,
    /// Its address.
    pub email: String,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Workspace>,
    next_cursor: Option<String>,
}

/// Workspaces, wherever they are.
pub struct Workspaces<'a>(OperatorApi<'a>);

impl<'a> Workspaces<'a> {
    /// Those in the data directory, whether a server uses it or not.
    pub async fn open(config: &'a Config) -> Result<Self, Error> {
        OperatorApi::open(config).await.map(Self)
    }

    /// All of them, the largest first.
    pub async fn all(&self) -> Result<Vec<Workspace>, Error> {
        let (mut workspaces, mut next) = (Vec::new(), Some(String::new()));
        while let Some(cursor) = next {
            let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
            let page: Page = self.0.ask(Method::GET, &format!("{WORKSPACES}?limit={PAGE}{cursor}"), None).await?;
            workspaces.extend(page.items);
            next = page.next_cursor;
        }
        Ok(workspaces)
    }

    /// The one with a slug or an id, and who owns it.
    pub async fn find(&self, name: &str) -> Result<WorkspaceDetails, Error> {
        self.0.ask(Method::GET, &self.path(name, "").await?, None).await
    }

    /// Keeps members and API keys from one, or no longer.
    pub async fn suspend(&self, name: &str, is_suspended: bool) -> Result<WorkspaceDetails, Error> {
        let what = if is_suspended { "/suspend" } else { "/resume" };
        self.0.ask(Method::POST, &self.path(name, what).await?, None).await
    }

    /// Sets the quotas that are its own.
    pub async fn set_quotas(&self, name: &str, quotas: WorkspaceQuotas) -> Result<WorkspaceDetails, Error> {
        let body = serde_json::to_value(quotas).unwrap_or_default();
        self.0.ask(Method::PUT, &self.path(name, "/quotas").await?, Some(body)).await
    }

    /// Deletes one. Returns what it was.
    pub async fn delete(&self, name: &str) -> Result<WorkspaceDetails, Error> {
        self.0.ask(Method::DELETE, &self.path(name, "").await?, None).await
    }

    /// Who answers.
    pub(super) fn api(&self) -> &OperatorApi<'a> {
        &self.0
    }

    /// Ends what was begun.
    pub async fn close(self) -> Result<(), Error> {
        self.0.close().await
    }

    /// Where something of the workspace with a slug or an id is.
    pub(super) async fn path(&self, name: &str, what: &str) -> Result<String, Error> {
        let id = match Uuid::parse_str(name) {
            Ok(id) => id,
            Err(_) => self.id_of(name).await?,
        };
        Ok(format!("{WORKSPACES}/{id}{what}"))
    }

    async fn id_of(&self, slug: &str) -> Result<Uuid, Error> {
        let unknown = || Error::NoSuchWorkspace { name: slug.to_owned() };
        Slug::parse(slug).map_err(|_| unknown())?;
        let page: Page = self.0.ask(Method::GET, &format!("{WORKSPACES}?slug={slug}"), None).await?;
        page.items.first().map(|found| found.id).ok_or_else(unknown)
    }
}
