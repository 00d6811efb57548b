// Walks through the API with the Go client that oapi-codegen made of its document.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"walk/api"
)

const (
	email    = "oapi-codegen@example.com"
	password = "Uncommon-Passphrase-1"
)

// is ends the walk unless what is said holds.
func is(holds bool, what string, answer any) {
	if !holds {
		panic(fmt.Sprintf("%s: %+v", what, answer))
	}
}

// must gives what a call returns, which must not be an error.
func must[T any](value T, err error) T {
	is(err == nil, "it fails", err)
	return value
}

// the gives what the answer holds, which must be there.
func the[T any](value *T, body []byte) T {
	is(value != nil, "another answer", string(body))
	return *value
}

func metadata() map[string]api.MetadataValue {
	var owner, replicas, public api.MetadataValue
	is(owner.FromMetadataValue2("team") == nil, "text", owner)
	is(replicas.FromMetadataValue1(3) == nil, "number", replicas)
	is(public.FromMetadataValue0(false) == nil, "boolean", public)
	return map[string]api.MetadataValue{"owner": owner, "replicas": replicas, "public": public}
}

func createAndFind(ctx context.Context, client *api.ClientWithResponses, workspace uuid.UUID) uuid.UUID {
	values := metadata()
	request := api.CreateArtifactRequest{Name: "first report", Tags: &[]string{"Made"}, ArtifactMetadata: &values}
	created := must(client.CreateArtifactWithResponse(ctx, workspace, nil, request))
	artifact := the(created.JSON201, created.Body)
	replicas := artifact.ArtifactMetadata["replicas"]
	is(must(replicas.AsMetadataValue1()) == 3 && len(artifact.ArtifactMetadata) == 3, "metadata", artifact)

	words, tags, limit := "first", []string{"made", "other"}, int64(5)
	listed := must(client.ListArtifactsWithResponse(ctx, workspace, &api.ListArtifactsParams{Q: &words, Tags: &tags, Limit: &limit}))
	page := the(listed.JSON200, listed.Body)
	is(page.Total == 1 && page.Items[0].Id == artifact.Id && page.NextCursor == nil, "list", page)
	words, facets := "reports", "tags"
	searched := must(client.SearchArtifactsWithResponse(ctx, workspace, &api.SearchArtifactsParams{Q: &words, Facets: &facets}))
	found := the(searched.JSON200, searched.Body)
	is(*found.Items[0].Highlights.Name == "first <mark>report</mark>", "highlights", found)
	is(slices.Equal(*found.Facets.Tags, []api.FacetCount{{Value: "made", Count: 1}}), "facets", found)
	return artifact.Id
}

// changeMany creates, updates and deletes in one request; the last is refused, because the update made another version.
func changeMany(ctx context.Context, client *api.ClientWithResponses, workspace, artifact uuid.UUID) {
	version, name := int64(1), "renamed"
	operations := make([]api.BulkOperation, 3)
	create := api.BulkCreate{Name: "new", Tags: &[]string{"bulk"}, Op: api.BulkCreateOpCreate}
	is(operations[0].FromBulkCreate(create) == nil, "create", operations)
	update := api.BulkUpdate{Id: artifact, Version: &version, Name: &name, Op: api.BulkUpdateOpUpdate}
	is(operations[1].FromBulkUpdate(update) == nil, "update", operations)
	remove := api.BulkDelete{Id: artifact, Version: &version, Op: api.BulkDeleteOpDelete}
	is(operations[2].FromBulkDelete(remove) == nil, "delete", operations)
	answer := must(client.BulkWriteArtifactsWithResponse(ctx, workspace, nil, api.BulkRequest{Operations: operations}))
	bulk := the(answer.JSON200, answer.Body)
	is(bulk.Succeeded == 2 && bulk.Failed == 1, "bulk", bulk)
	created, updated, deleted := bulk.Results[0], bulk.Results[1], bulk.Results[2]
	is(created.Status == 201 && slices.Equal(created.Artifact.Tags, []string{"bulk"}), "created", created)
	is(updated.Status == 200 && updated.Artifact.Name == "renamed", "updated", updated)
	is(deleted.Status == 412 && deleted.Error.Code == api.ProblemCodeVersionMismatch && deleted.Artifact == nil, "deleted", deleted)
}

func moveAll(ctx context.Context, client *api.ClientWithResponses, workspace uuid.UUID) {
	exported := must(client.ExportArtifactsWithResponse(ctx, workspace, nil))
	lines := string(exported.Body)
	is(exported.StatusCode() == 200 && strings.Count(lines, "\n") == 2, "export", lines)
	body := strings.NewReader(lines)
	answer := must(client.ImportArtifactsWithBodyWithResponse(ctx, workspace, nil, "application/x-ndjson", body))
	is(the(answer.JSON200, answer.Body).Imported == 2, "import", answer)
}

func main() {
	ctx, token := context.Background(), ""
	client := must(api.NewClientWithResponses(os.Args[1], api.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		return nil
	})))
	firstName := "Ada"
	account := api.RegisterRequest{Email: email, Password: password, FirstName: &firstName}
	answer := must(client.RegisterWithResponse(ctx, account))
	registered := the(answer.JSON201, answer.Body)
	is(registered.Email == email, "registered", registered)
	login := must(client.LoginWithResponse(ctx, api.LoginRequest{Email: email, Password: password}))
	token = the(login.JSON200, login.Body).AccessToken
	me := must(client.MeWithResponse(ctx))
	profile := the(me.JSON200, me.Body)
	is(profile.Id == registered.UserId && *profile.FirstName == "Ada" && profile.LastName == nil, "profile", profile)

	created := must(client.CreateWorkspaceWithResponse(ctx, nil, api.CreateWorkspaceRequest{Name: "Go"}))
	workspace := the(created.JSON201, created.Body)
	is(workspace.UserRole == api.RoleOwner && workspace.Description == nil, "workspace", workspace)
	listed := must(client.ListWorkspacesWithResponse(ctx, nil))
	known := the(listed.JSON200, listed.Body)
	is(len(known) == 1 && known[0].Id == workspace.Id, "workspaces", known)

	artifact := createAndFind(ctx, client, workspace.Id)
	changeMany(ctx, client, workspace.Id, artifact)
	moveAll(ctx, client, workspace.Id)

	missing := must(client.GetArtifactWithResponse(ctx, workspace.Id, workspace.Id, nil))
	problem := the(missing.ApplicationproblemJSON404, missing.Body)
	is(problem.Status == 404 && problem.Code == api.ProblemCodeArtifactNotFound, "missing", problem)
	must(client.LogoutWithResponse(ctx, api.RefreshRequest{}))
	me = must(client.MeWithResponse(ctx))
	is(the(me.ApplicationproblemJSON401, me.Body).Code == api.ProblemCodeNotAuthenticated, "signed out", string(me.Body))
}
