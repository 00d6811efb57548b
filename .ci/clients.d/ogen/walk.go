// Walks through the API with the Go client that ogen made of its document.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/google/uuid"
	"github.com/ogen-go/ogen/ogenerrors"

	"walk/api"
)

const (
	email    = "ogen@example.com"
	password = "Uncommon-Passphrase-1"
)

// session signs requests with an access token, once there is one.
type session struct{ token string }

func (s *session) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	if s.token == "" {
		return api.Bearer{}, ogenerrors.ErrSkipClientSecurity
	}
	return api.Bearer{Token: s.token}, nil
}

func (s *session) APIKey(context.Context, api.OperationName) (api.APIKey, error) {
	return api.APIKey{}, ogenerrors.ErrSkipClientSecurity
}

func (s *session) Cookie(context.Context, api.OperationName) (api.Cookie, error) {
	return api.Cookie{}, ogenerrors.ErrSkipClientSecurity
}

func (s *session) Operator(context.Context, api.OperationName) (api.Operator, error) {
	return api.Operator{}, ogenerrors.ErrSkipClientSecurity
}

// is ends the walk unless what is said holds.
func is(holds bool, what string, answer any) {
	if !holds {
		panic(fmt.Sprintf("%s: %+v", what, answer))
	}
}

// a gives a function that takes what a call answers, which must be a T.
func a[T any](answer any, err error) T {
	is(err == nil, "the call fails", err)
	value, ok := answer.(T)
	is(ok, fmt.Sprintf("not a %T", *new(T)), answer)
	return value
}

func createAndFind(ctx context.Context, client *api.Client, workspace uuid.UUID) uuid.UUID {
	metadata := api.CreateArtifactRequestArtifactMetadata{
		"owner":    api.NewStringMetadataValue("team"),
		"replicas": api.NewFloat64MetadataValue(3),
		"public":   api.NewBoolMetadataValue(false),
		"note":     api.NewNullMetadataValue(struct{}{}),
	}
	created := a[*api.ArtifactHeaders](client.CreateArtifact(ctx, &api.CreateArtifactRequest{
		Name:             "first report",
		Tags:             api.NewOptNilStringArray([]string{"Made"}),
		ArtifactMetadata: api.NewOptNilCreateArtifactRequestArtifactMetadata(metadata),
	}, api.CreateArtifactParams{WorkspaceID: workspace}))
	artifact := created.Response
	is(created.ETag != "" && artifact.Version == 1, "created", created)
	is(artifact.ArtifactMetadata["replicas"].Float64 == 3 && artifact.ArtifactMetadata["note"].IsNull(), "metadata", artifact)

	page := a[*api.ArtifactPage](client.ListArtifacts(ctx, api.ListArtifactsParams{
		WorkspaceID: workspace, Q: api.NewOptString("first"), Tags: []string{"made", "other"}, Limit: api.NewOptInt64(5),
	}))
	is(page.Total == 1 && page.Items[0].ID == artifact.ID && page.NextCursor.Null, "list", page)
	found := a[*api.ArtifactPage](client.SearchArtifacts(ctx, api.SearchArtifactsParams{
		WorkspaceID: workspace, Q: api.NewOptString("reports"), Facets: api.NewOptString("tags"),
	}))
	is(found.Items[0].Highlights.Value.Name.Value == "first <mark>report</mark>", "highlights", found)
	is(slices.Equal(found.Facets.Value.Tags, []api.FacetCount{{Value: "made", Count: 1}}), "facets", found)
	return artifact.ID
}

// changeMany creates, updates and deletes in one request; the last is refused, because the update made another version.
func changeMany(ctx context.Context, client *api.Client, workspace, artifact uuid.UUID) {
	version, name, tags := api.NewOptNilInt64(1), api.NewOptNilString("renamed"), api.NewOptNilStringArray([]string{"bulk"})
	bulk := a[*api.BulkAnswer](client.BulkWriteArtifacts(ctx, &api.BulkRequest{Operations: []api.BulkOperation{
		api.NewBulkCreateBulkOperation(api.BulkCreate{Op: api.BulkCreateOpCreate, Name: "new", Tags: tags}),
		api.NewBulkUpdateBulkOperation(api.BulkUpdate{Op: api.BulkUpdateOpUpdate, ID: artifact, Version: version, Name: name}),
		api.NewBulkDeleteBulkOperation(api.BulkDelete{Op: api.BulkDeleteOpDelete, ID: artifact, Version: version}),
	}}, api.BulkWriteArtifactsParams{WorkspaceID: workspace}))
	is(bulk.Succeeded == 2 && bulk.Failed == 1, "bulk", bulk)
	created, updated, deleted := bulk.Results[0], bulk.Results[1], bulk.Results[2]
	is(created.Status == 201 && slices.Equal(created.Artifact.Value.Tags, []string{"bulk"}), "create", created)
	is(updated.Status == 200 && updated.Artifact.Value.Name == "renamed", "update", updated)
	code := deleted.Error.Value.Code
	is(deleted.Status == 412 && code == api.ProblemCodeVersionMismatch && !deleted.Artifact.Set, "delete", deleted)
}

func moveAll(ctx context.Context, client *api.Client, workspace uuid.UUID) {
	export := api.ExportArtifactsParams{WorkspaceID: workspace}
	exported := a[*api.ExportArtifactsOKHeaders](client.ExportArtifacts(ctx, export))
	lines, err := io.ReadAll(exported.Response)
	is(err == nil && exported.XTotalCount == 2 && bytes.Count(lines, []byte("\n")) == 2, "export", string(lines))
	request := api.ImportArtifactsReq{Data: bytes.NewReader(lines)}
	imported := a[*api.Imported](client.ImportArtifacts(ctx, request, api.ImportArtifactsParams{WorkspaceID: workspace}))
	is(imported.Imported == 2, "import", imported)
}

func main() {
	ctx, signedIn := context.Background(), &session{}
	client, err := api.NewClient(os.Args[1], signedIn)
	is(err == nil, "no client", err)

	registered := a[*api.Registered](client.Register(ctx, &api.RegisterRequest{
		Email: email, Password: password, FirstName: api.NewOptNilString("Ada"),
	}))
	is(registered.Email == email, "registered", registered)
	signedIn.token = a[*api.Tokens](client.Login(ctx, &api.LoginRequest{Email: email, Password: password})).AccessToken
	profile := a[*api.Profile](client.Me(ctx))
	is(profile.ID == registered.UserID && profile.FirstName.Value == "Ada" && profile.LastName.Null, "profile", profile)

	created := a[*api.WorkspaceHeaders](client.CreateWorkspace(ctx, &api.CreateWorkspaceRequest{Name: "Go"}, api.CreateWorkspaceParams{}))
	workspace := created.Response
	is(workspace.UserRole == api.RoleOwner && workspace.Description.Null, "workspace", workspace)
	known := a[*api.ListWorkspacesOKHeaders](client.ListWorkspaces(ctx, api.ListWorkspacesParams{}))
	is(len(known.Response) == 1 && known.Response[0].ID == workspace.ID, "workspaces", known)

	artifact := createAndFind(ctx, client, workspace.ID)
	changeMany(ctx, client, workspace.ID, artifact)
	moveAll(ctx, client, workspace.ID)

	unknown := api.GetArtifactParams{WorkspaceID: workspace.ID, ArtifactID: workspace.ID}
	missing := a[*api.GetArtifactNotFound](client.GetArtifact(ctx, unknown))
	is(missing.Status == 404 && missing.Code == api.ProblemCodeArtifactNotFound, "missing", missing)
	a[*api.Message](client.Logout(ctx, api.OptRefreshRequest{}))
	refused := a[*api.MeUnauthorized](client.Me(ctx))
	is(refused.Code == api.ProblemCodeNotAuthenticated, "signed out", refused)
}
