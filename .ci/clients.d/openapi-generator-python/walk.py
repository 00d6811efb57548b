"""Walks through the API with the Python client that openapi-generator made of its document."""

import sys
import uuid

import ghostworks_client as api

CREDENTIALS = {"email": "openapi-generator-python@example.com", "password": "Uncommon-Passphrase-1"}
METADATA = {"owner": "team", "replicas": 3, "public": False, "note": None}


def main(url):
    configuration = api.Configuration(host=url)
    client = api.ApiClient(configuration)
    auth, artifacts = api.AuthApi(client), api.ArtifactsApi(client)

    registered = auth.register(api.RegisterRequest(**CREDENTIALS, first_name="Ada"))
    assert registered.email == CREDENTIALS["email"], registered
    configuration.access_token = auth.login(api.LoginRequest(**CREDENTIALS)).access_token
    workspace = make_a_workspace(api.WorkspacesApi(client))
    profile = auth.me()
    assert profile.id == registered.user_id and profile.first_name == "Ada" and profile.last_name is None, profile

    artifact = create_and_find(artifacts, workspace)
    change_one_by_one(artifacts, workspace, artifact)
    change_many(artifacts, workspace)
    move_all(artifacts, workspace)

    auth.logout()
    refused(401, "not_authenticated", auth.me)


def make_a_workspace(workspaces):
    workspace = workspaces.create_workspace(api.CreateWorkspaceRequest(name="Python"))
    assert workspace.user_role == "owner" and workspace.description is None, workspace
    assert [known.id for known in workspaces.list_workspaces()] == [workspace.id]
    return workspace.id


def create_and_find(artifacts, workspace):
    new = api.CreateArtifactRequest.from_dict({"name": "first report", "tags": ["Made"], "artifact_metadata": METADATA})
    artifact = artifacts.create_artifact(workspace, new)
    assert artifact.to_dict()["artifact_metadata"] == METADATA, artifact
    page = artifacts.list_artifacts(workspace, q="first", tags=["made", "other"], limit=5)
    assert page.total == 1 and page.items[0].id == artifact.id, page
    found = artifacts.search_artifacts(workspace, q="reports", facets="tags")
    assert found.items[0].highlights.name == "first <mark>report</mark>", found
    assert [(facet.value, facet.count) for facet in found.facets.tags] == [("made", 1)], found
    return artifact.id


def change_one_by_one(artifacts, workspace, artifact):
    answer = artifacts.get_artifact_with_http_info(workspace, artifact)
    etag = answer.headers["etag"]
    assert answer.data.id == artifact, answer.data
    renamed = api.UpdateArtifactRequest(name="second")
    updated = artifacts.update_artifact(workspace, artifact, renamed, if_match=etag)
    assert updated.name == "second" and updated.tags == ["made"], updated
    refused(412, "version_mismatch", lambda: artifacts.update_artifact(workspace, artifact, renamed, if_match=etag))
    artifacts.delete_artifact(workspace, artifact)
    refused(404, "artifact_not_found", lambda: artifacts.get_artifact(workspace, artifact))


def change_many(artifacts, workspace):
    """Creates, updates and deletes in one request; the last is refused, because the update made another version."""
    known = artifacts.create_artifact(workspace, api.CreateArtifactRequest(name="known")).id
    operations = [
        api.BulkCreate(op="create", name="new", tags=["bulk"]),
        api.BulkUpdate(op="update", id=known, version=1, name="renamed"),
        api.BulkDelete(op="delete", id=known, version=1),
    ]
    answer = artifacts.bulk_write_artifacts(
        workspace, api.BulkRequest(operations=[api.BulkOperation(operation) for operation in operations])
    )
    created, updated, deleted = answer.results
    assert (answer.succeeded, answer.failed) == (2, 1), answer
    assert (created.status, created.artifact.tags) == (201, ["bulk"]), created
    assert (updated.status, updated.artifact.name) == (200, "renamed"), updated
    assert (deleted.status, deleted.error.code) == (412, "version_mismatch") and deleted.artifact is None, deleted
    unknown = api.BulkOperation(api.BulkDelete(op="delete", id=uuid.uuid4()))
    all_or_none = api.BulkRequest(operations=[unknown], atomic=True)
    refused(409, "bulk_failed", lambda: artifacts.bulk_write_artifacts(workspace, all_or_none))


def move_all(artifacts, workspace):
    lines = artifacts.export_artifacts(workspace)
    assert lines.count(b"\n") == 2, lines
    imported = artifacts.import_artifacts(workspace, bytes(lines))
    assert imported.imported == 2, imported


def refused(status, code, call):
    """The call must be refused, in a problem document with that status and code."""
    try:
        answer = call()
    except api.ApiException as problem:
        document = api.Problem.from_json(problem.body)
        assert (problem.status, document.status, document.code) == (status, status, code), problem
    else:
        raise AssertionError(f"expected {status}, but the answer is {answer}")


if __name__ == "__main__":
    main(sys.argv[1])
