//! Walks through the API with the Rust client that progenitor makes of its document.

use api::types::{self, ProblemCode};
use api::{ByteStream, Client, ResponseValue};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

mod api {
    progenitor::generate_api!(spec = "openapi.json", interface = Builder);
}

const EMAIL: &str = "progenitor@example.com";
const PASSWORD: &str = "Uncommon-Passphrase-1";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// A body of the client's own type.
fn body<T: DeserializeOwned>(value: Value) -> Outcome<T> {
    Ok(serde_json::from_value(value)?)
}

async fn all(stream: ByteStream) -> Outcome<Bytes> {
    let read = stream.into_inner().try_fold(BytesMut::new(), async |mut all, piece| {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    Ok(read.await?.freeze())
}

/// The call must be refused, in a problem document with that status and code.
async fn refused<T>(
    status: u16,
    code: ProblemCode,
    outcome: Result<ResponseValue<T>, api::Error<ByteStream>>,
) -> Outcome<()> {
    let Err(api::Error::ErrorResponse(answer)) = outcome else {
        return Err(format!("expected {status}").into());
    };
    assert_eq!(answer.status().as_u16(), status);
    let problem: types::Problem = serde_json::from_slice(&all(answer.into_inner()).await?)?;
    assert_eq!((i64::from(problem.status), problem.code), (i64::from(status), code));
    Ok(())
}

async fn create_and_find(client: &Client, workspace: Uuid) -> Outcome<Uuid> {
    let metadata = json!({"owner": "team", "replicas": 3.0, "public": false, "note": null});
    let new = json!({"name": "first report", "tags": ["Made"], "artifact_metadata": metadata});
    let new = body::<types::CreateArtifactRequest>(new)?;
    let artifact = client.create_artifact().workspace_id(workspace).body(new).send().await?.into_inner();
    assert_eq!(serde_json::to_value(&artifact.artifact_metadata)?, metadata);
    let tags = ["made", "other"].map(str::to_owned).to_vec();
    let list = client.list_artifacts().workspace_id(workspace).q("first").tags(tags).limit(5);
    let page = list.send().await?.into_inner();
    assert_eq!((page.total, page.items[0].id), (1, artifact.id));
    let search = client.search_artifacts().workspace_id(workspace).q("reports").facets("tags");
    let found = search.send().await?.into_inner();
    let highlights = found.items[0].highlights.as_ref().ok_or("no highlights")?;
    assert_eq!(highlights.name.as_deref(), Some("first <mark>report</mark>"));
    assert_eq!(serde_json::to_value(&found.facets)?["tags"], json!([{"value": "made", "count": 1}]));
    Ok(artifact.id)
}

/// Creates, updates and deletes in one request; the last is refused, because the update made another version.
async fn change_many(client: &Client, workspace: Uuid, artifact: Uuid) -> Outcome<()> {
    let operations = body::<types::BulkRequest>(json!({"operations": [
        {"op": "create", "name": "new", "tags": ["bulk"]},
        {"op": "update", "id": artifact, "version": 1, "name": "renamed"},
        {"op": "delete", "id": artifact, "version": 1},
    ]}))?;
    let bulk = client.bulk_write_artifacts().workspace_id(workspace).body(operations).send().await?.into_inner();
    assert_eq!((bulk.succeeded, bulk.failed), (2, 1));
    let [created, updated, deleted] = &bulk.results[..] else { return Err("not three results".into()) };
    assert_eq!([created, updated, deleted].map(|result| i64::from(result.status)), [201, 200, 412]);
    let artifact = created.artifact.as_ref().ok_or("no artifact")?;
    assert_eq!(artifact.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>(), ["bulk"]);
    assert_eq!(updated.artifact.as_ref().map(|artifact| artifact.name.as_str()), Some("renamed"));
    assert_eq!(deleted.error.as_ref().map(|error| error.code), Some(ProblemCode::VersionMismatch));
    assert!(deleted.artifact.is_none());
    Ok(())
}

async fn move_all(client: &Client, workspace: Uuid) -> Outcome<()> {
    let lines = all(client.export_artifacts().workspace_id(workspace).send().await?.into_inner()).await?;
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 2);
    let imported = client.import_artifacts().workspace_id(workspace).body(lines).send().await?.into_inner();
    assert_eq!(imported.imported, 2);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let url = std::env::args().nth(1).ok_or("usage: walk URL")?;
    let anybody = Client::new(&url);
    let account = body::<types::RegisterRequest>(json!({"email": EMAIL, "password": PASSWORD, "first_name": "Ada"}))?;
    let registered = anybody.register().body(account).send().await?.into_inner();
    assert_eq!(registered.email.as_str(), EMAIL);
    let credentials = body::<types::LoginRequest>(json!({"email": EMAIL, "password": PASSWORD}))?;
    let tokens = anybody.login().body(credentials).send().await?.into_inner();
    let bearer = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {}", tokens.access_token.as_str()).parse()?)]);
    let client = Client::new_with_client(&url, reqwest::Client::builder().default_headers(bearer).build()?);
    let profile = client.me().send().await?.into_inner();
    let first_name = profile.first_name.as_ref().map(|name| name.as_str());
    assert_eq!((profile.id, first_name), (registered.user_id, Some("Ada")));
    assert!(profile.last_name.is_none());

    let new = body::<types::CreateWorkspaceRequest>(json!({"name": "Rust"}))?;
    let workspace = client.create_workspace().body(new).send().await?.into_inner();
    assert_eq!(workspace.user_role, types::Role::Owner);
    let known = client.list_workspaces().send().await?.into_inner();
    assert_eq!(known.iter().map(|known| known.id).collect::<Vec<_>>(), [workspace.id]);

    let artifact = create_and_find(&client, workspace.id).await?;
    change_many(&client, workspace.id, artifact).await?;
    move_all(&client, workspace.id).await?;
    let unknown = client.get_artifact().workspace_id(workspace.id).artifact_id(workspace.id);
    refused(404, ProblemCode::ArtifactNotFound, unknown.send().await).await?;
    client.logout().body(body::<types::RefreshRequest>(json!({}))?).send().await?;
    refused(401, ProblemCode::NotAuthenticated, client.me().send().await).await
}
