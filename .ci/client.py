"""Walks through the API with the Python client that openapi-generator made of its document."""

import sys

import ghostworks_client as api

CREDENTIALS = {"email": "python@example.com", "password": "Uncommon-Passphrase-1"}
METADATA = {"owner": "team", "replicas": 3, "public": False, "note": None}


def main(url):
    configuration = api.Configuration(host=url)
    client = api.ApiClient(configuration)
    auth, workspaces, artifacts = api.AuthApi(client), api.WorkspacesApi(client), api.ArtifactsApi(client)

    registered = auth.register(api.RegisterRequest(**CREDENTIALS, first_name="Ada"))
    assert registered.email == CREDENTIALS["email"], registered
    configuration.access_token = auth.login(api.LoginRequest(**CREDENTIALS)).access_token

    workspace = workspaces.create_workspace(api.CreateWorkspaceRequest(name="Python"))
    assert workspace.user_role == "owner" and workspace.description is None, workspace
    assert [known.id for known in workspaces.list_workspaces()] == [workspace.id]
    profile = auth.me()
    assert profile.id == registered.user_id and profile.first_name == "Ada" and profile.last_name is None, profile

    new = api.CreateArtifactRequest.from_dict({"name": "first", "tags": ["Made"], "artifact_metadata": METADATA})
    artifact = artifacts.create_artifact(workspace.id, new)
    assert artifact.to_dict()["artifact_metadata"] == METADATA, artifact
    page = artifacts.list_artifacts(workspace.id, q="first", tags=["made", "other"], limit=5)
    assert page.total == 1 and page.items[0].id == artifact.id, page

    answer = artifacts.get_artifact_with_http_info(workspace.id, artifact.id)
    etag = answer.headers["etag"]
    assert answer.data == artifact, answer.data
    renamed = api.UpdateArtifactRequest(name="second")
    updated = artifacts.update_artifact(workspace.id, artifact.id, renamed, if_match=etag)
    assert updated.name == "second" and updated.tags == ["made"], updated
    refused(412, lambda: artifacts.update_artifact(workspace.id, artifact.id, renamed, if_match=etag))
    artifacts.delete_artifact(workspace.id, artifact.id)
    refused(404, lambda: artifacts.get_artifact(workspace.id, artifact.id))

    auth.logout()
    refused(401, auth.me)


def refused(status, call):
    """The call must be refused with that status, in a problem document."""
    try:
        answer = call()
    except api.ApiException as problem:
        assert problem.status == status and api.Problem.from_json(problem.body).status == status, problem
    else:
        raise AssertionError(f"expected {status}, but the answer is {answer}")


if __name__ == "__main__":
    main(sys.argv[1])
