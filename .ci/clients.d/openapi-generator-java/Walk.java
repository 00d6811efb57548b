// Walks through the API with the Java client that openapi-generator made of its document.

import ghostworks.client.ApiClient;
import ghostworks.client.ApiException;
import ghostworks.client.api.ArtifactsApi;
import ghostworks.client.api.AuthApi;
import ghostworks.client.api.WorkspacesApi;
import ghostworks.client.model.*;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

class Walk {
  private static final String EMAIL = "openapi-generator-java@example.com";
  private static final String PASSWORD = "Uncommon-Passphrase-1";

  /** A call that the server may refuse. */
  private interface Call {
    Object answer() throws ApiException;
  }

  /** Ends the walk unless the two are equal. */
  private static void same(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) {
      throw new AssertionError("expected " + expected + ", but it is " + actual);
    }
  }

  /** The call must be refused, in a problem document with that status and code. */
  private static void refused(ApiClient client, int status, ProblemCode code, Call call) throws Exception {
    try {
      throw new AssertionError("expected " + status + ", but the answer is " + call.answer());
    } catch (ApiException refusal) {
      var problem = client.getObjectMapper().readValue(refusal.getResponseBody(), Problem.class);
      same(List.of(refusal.getCode(), problem.getStatus(), problem.getCode()), List.of(status, status, code));
    }
  }

  private static UUID createAndFind(ArtifactsApi artifacts, UUID workspace) throws ApiException {
    Map<String, MetadataValue> metadata = new HashMap<>();
    metadata.put("owner", new MetadataValue("team"));
    metadata.put("replicas", new MetadataValue(new BigDecimal("3")));
    metadata.put("public", new MetadataValue(false));
    metadata.put("note", null);
    var request = new CreateArtifactRequest().name("first report").tags(List.of("Made")).artifactMetadata(metadata);
    var artifact = artifacts.createArtifact(workspace, request, null);
    same(artifact.getArtifactMetadata(), metadata);
    var page =
        artifacts.listArtifacts(
            workspace, "first", List.of("made", "other"), null, null, null, null, null, null, null, null, 5L, null, null,
            null);
    same(page.getTotal(), 1L);
    same(page.getItems().get(0).getId(), artifact.getId());
    var found =
        artifacts.searchArtifacts(
            workspace, "reports", null, null, null, null, null, null, null, null, null, null, null, null, "tags");
    same(found.getItems().get(0).getHighlights().getName(), "first <mark>report</mark>");
    same(found.getFacets().getTags(), List.of(new FacetCount().value("made").count(1L)));
    return artifact.getId();
  }

  /** Creates, updates and deletes in one request; the last is refused, because the update made another version. */
  private static void changeMany(ArtifactsApi artifacts, UUID workspace, UUID artifact) throws ApiException {
    var create = new BulkCreate().op(BulkCreate.OpEnum.CREATE).name("new").tags(List.of("bulk"));
    var update = new BulkUpdate().op(BulkUpdate.OpEnum.UPDATE).id(artifact).version(1L).name("renamed");
    var delete = new BulkDelete().op(BulkDelete.OpEnum.DELETE).id(artifact).version(1L);
    var operations = List.of(new BulkOperation(create), new BulkOperation(update), new BulkOperation(delete));
    var bulk = artifacts.bulkWriteArtifacts(workspace, new BulkRequest().operations(operations), null);
    same(List.of(bulk.getSucceeded(), bulk.getFailed()), List.of(2L, 1L));
    same(bulk.getResults().stream().map(BulkResult::getStatus).toList(), List.of(201, 200, 412));
    same(bulk.getResults().get(0).getArtifact().getTags(), List.of("bulk"));
    same(bulk.getResults().get(1).getArtifact().getName(), "renamed");
    same(bulk.getResults().get(2).getError().getCode(), ProblemCode.VERSION_MISMATCH);
    same(bulk.getResults().get(2).getArtifact(), null);
  }

  /** Import is left out: this client sends the name of a file as JSON where bytes of another type are asked for. */
  private static void exportAll(ArtifactsApi artifacts, UUID workspace) throws Exception {
    var lines = artifacts.exportArtifacts(workspace, null).toPath();
    same(Files.readAllLines(lines).size(), 2);
    Files.delete(lines);
  }

  public static void main(String[] arguments) throws Exception {
    var client = new ApiClient();
    client.updateBaseUri(arguments[0]);
    var auth = new AuthApi(client);
    var registered = auth.register(new RegisterRequest().email(EMAIL).password(PASSWORD).firstName("Ada"));
    same(registered.getEmail(), EMAIL);
    var token = auth.login(new LoginRequest().email(EMAIL).password(PASSWORD)).getAccessToken();
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    var signedIn = new AuthApi(client);
    var profile = signedIn.me();
    same(profile.getId(), registered.getUserId());
    same(profile.getFirstName(), "Ada");
    same(profile.getLastName(), null);

    var workspaces = new WorkspacesApi(client);
    var workspace = workspaces.createWorkspace(new CreateWorkspaceRequest().name("Java"), null);
    same(workspace.getUserRole(), Role.OWNER);
    same(workspaces.listWorkspaces(null, null, null).stream().map(Workspace::getId).toList(), List.of(workspace.getId()));

    var artifacts = new ArtifactsApi(client);
    var artifact = createAndFind(artifacts, workspace.getId());
    changeMany(artifacts, workspace.getId(), artifact);
    exportAll(artifacts, workspace.getId());
    refused(
        client, 404, ProblemCode.ARTIFACT_NOT_FOUND,
        () -> artifacts.getArtifact(workspace.getId(), workspace.getId(), null));
    signedIn.logout(null);
    refused(client, 401, ProblemCode.NOT_AUTHENTICATED, signedIn::me);
  }
}
