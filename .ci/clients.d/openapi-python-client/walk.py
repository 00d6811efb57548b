"""Walks through the API with the client that openapi-python-client made of its document."""

import io
import sys

from ghostworks_client import AuthenticatedClient, Client, models
from ghostworks_client.api.artifacts import (
    bulk_write_artifacts,
    create_artifact,
    export_artifacts,
    get_artifact,
    import_artifacts,
    list_artifacts,
    search_artifacts,
)
from ghostworks_client.api.auth import login, logout, me, register
from ghostworks_client.api.workspaces import create_workspace, list_workspaces
from ghostworks_client.types import UNSET, File

CREDENTIALS = {"email": "openapi-python-client@example.com", "password": "Uncommon-Passphrase-1"}
METADATA = {"owner": "team", "replicas": 3, "public": False, "note": None}


def main(url):
    anybody = Client(base_url=url)
    account = models.RegisterRequest(**CREDENTIALS, first_name="Ada")
    registered = answer(201, register.sync_detailed(client=anybody, body=account))
    assert registered.email == CREDENTIALS["email"], registered
    tokens = answer(200, login.sync_detailed(client=anybody, body=models.LoginRequest(**CREDENTIALS)))
    client = AuthenticatedClient(base_url=url, token=tokens.access_token)
    profile = answer(200, me.sync_detailed(client=client))
    assert profile.id == registered.user_id and profile.current_workspace is None, profile

    new = models.CreateWorkspaceRequest(name="Python")
    workspace = answer(201, create_workspace.sync_detailed(client=client, body=new))
    assert workspace.user_role == "owner" and workspace.description is None, workspace
    known = answer(200, list_workspaces.sync_detailed(client=client))
    assert [one.id for one in known] == [workspace.id], known

    artifact = create_and_find(client, workspace.id)
    change_many(client, workspace.id, artifact)
    move_all(client, workspace.id)
    refused(404, "artifact_not_found", get_artifact.sync_detailed(workspace.id, workspace.id, client=client))
    answer(200, logout.sync_detailed(client=client))
    refused(401, "not_authenticated", me.sync_detailed(client=client))


def create_and_find(client, workspace):
    new = models.CreateArtifactRequest.from_dict(
        {"name": "first report", "tags": ["Made"], "artifact_metadata": METADATA}
    )
    artifact = answer(201, create_artifact.sync_detailed(workspace, client=client, body=new))
    assert artifact.artifact_metadata.to_dict() == METADATA and artifact.version == 1, artifact
    page = answer(
        200, list_artifacts.sync_detailed(workspace, client=client, q="first", tags=["made", "other"], limit=5)
    )
    assert page.total == 1 and page.items[0].id == artifact.id and page.next_cursor is None, page
    found = answer(200, search_artifacts.sync_detailed(workspace, client=client, q="reports", facets="tags"))
    assert found.items[0].highlights.name == "first <mark>report</mark>", found
    assert [(facet.value, facet.count) for facet in found.facets.tags] == [("made", 1)], found
    return artifact.id


def change_many(client, workspace, artifact):
    """Creates, updates and deletes in one request; the last is refused, because the update made another version."""
    operations = [
        models.BulkCreate(op=models.BulkCreateOp.CREATE, name="new", tags=["bulk"]),
        models.BulkUpdate(op=models.BulkUpdateOp.UPDATE, id=artifact, version=1, name="renamed"),
        models.BulkDelete(op=models.BulkDeleteOp.DELETE, id=artifact, version=1),
    ]
    request = models.BulkRequest(operations=operations)
    bulk = answer(200, bulk_write_artifacts.sync_detailed(workspace, client=client, body=request))
    created, updated, deleted = bulk.results
    assert (bulk.succeeded, bulk.failed) == (2, 1), bulk
    assert (created.status, created.artifact.tags) == (201, ["bulk"]), created
    assert (updated.status, updated.artifact.name) == (200, "renamed"), updated
    assert (deleted.status, deleted.error.code) == (412, "version_mismatch") and deleted.artifact is UNSET, deleted


def move_all(client, workspace):
    lines = answer(200, export_artifacts.sync_detailed(workspace, client=client)).payload.read()
    assert lines.count(b"\n") == 2, lines
    body = File(payload=io.BytesIO(lines))
    imported = answer(200, import_artifacts.sync_detailed(workspace, client=client, body=body))
    assert imported.imported == 2, imported


def answer(status, response):
    """What a call that must succeed answers."""
    assert response.status_code == status, response
    return response.parsed


def refused(status, code, response):
    """The call must be refused, in a problem document with that status and code."""
    assert response.status_code == status, response
    assert isinstance(response.parsed, models.Problem), response
    assert (response.parsed.status, response.parsed.code) == (status, code), response


if __name__ == "__main__":
    main(sys.argv[1])
