//! `ghostworks export` and `import`: the artifacts of a workspace from one server to another, whole and once.

#![expect(clippy::unwrap_used, reason = "a helper that can't do its part fails its test")]

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::account::{Account, text};
use crate::support::otlp::Authority;
use crate::support::server::{Server, Setup};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A workspace of someone's, and the command line that works with it.
pub(super) struct Workspace {
    pub owner: Account,
    pub id: String,
    pub url: String,
    /// Runs commands with an API key of the workspace in the environment.
    pub cli: Setup,
}

impl Workspace {
    pub fn new(server: &Server) -> Self {
        let owner = Account::new(server);
        let id = owner.workspace();
        let body = json!({"name": "CI", "scopes": ["artifacts:read", "artifacts:write"]});
        let key = owner.client.post(&format!("/api/v1/workspaces/{id}/api-keys"), &body).expect(201).json();
        let cli = Setup::new().env("GHOSTWORKS__REMOTE__TOKEN", text(&key["key"]));
        Self { owner, id, url: server.url(), cli }
    }

    fn path(&self) -> String {
        format!("/api/v1/workspaces/{}/artifacts", self.id)
    }

    /// Creates an artifact for each line.
    fn fill(&self, lines: &str) {
        let import = format!("{}/import", self.path());
        self.owner.client.send("POST", &import, "application/x-ndjson", lines).expect(200);
    }

    /// What everyone would call the same of each artifact, oldest first.
    fn artifacts(&self) -> Vec<Value> {
        let export = self.owner.client.get(&format!("{}/export", self.path())).expect(200);
        let artifacts = export.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let fields = ["name", "description", "tags", "artifact_metadata", "artifact_type"];
        artifacts.map(|artifact| fields.map(|field| artifact[field].clone()).into()).collect()
    }

    pub fn total(&self) -> usize {
        self.artifacts().len()
    }

    fn export(&self, file: &Path, more: &[&str]) -> Result<String, String> {
        self.run("export", file, &self.url, more)
    }

    pub fn import(&self, file: &Path, more: &[&str]) -> Result<String, String> {
        self.run("import", file, &self.url, more)
    }

    pub fn run(&self, command: &str, file: &Path, url: &str, more: &[&str]) -> Result<String, String> {
        let words = [command, &self.id, file.to_str().unwrap(), "--server", url];
        run(&self.cli, &[&words, more].concat())
    }

    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let file = self.cli.scratch().join(name);
        fs::write(&file, content).unwrap();
        file
    }
}

/// Output of a command that went well and said nothing else, or else what it complained of.
fn run(setup: &Setup, words: &[&str]) -> Result<String, String> {
    let (status, output, errors) = setup.run(words);
    assert_eq!(status.success(), errors.is_empty(), "{output}{errors}");
    if status.success() { Ok(output) } else { Err(errors) }
}

/// What is said of an import that had been made before, in whole or in part.
pub(super) fn repeated(artifacts: usize, before: usize) -> String {
    format!(
        "{artifacts} artifacts were imported; {before} had been before, from the same lines, and with another --run \
         would be once more.\n"
    )
}

pub(super) fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Lines with a name each.
pub(super) fn lines(count: usize) -> String {
    (1..=count).map(|number| format!("{{\"name\": \"n{number}\"}}\n")).collect()
}

#[test]
fn everything_arrives_once_and_in_order() {
    let (here, there) = (Setup::new().start(), Setup::new().start());
    let (here, there) = (Workspace::new(&here), Workspace::new(&there));
    let full = json!({
        "name": "Größe 漢字", "description": "two\nlines", "tags": ["edge", "payments"], "artifact_type": "service",
        "artifact_metadata": {"none": null, "yes": true, "n": -1.5, "text": "\"<&>\""}
    });
    here.fill(&format!("{}{full}\n", lines(1202)));
    let file = here.cli.scratch().join("acme.ndjson");
    let said = here.export(&file, &[]).unwrap();
    assert_eq!(said, format!("1203 artifacts are in {}.\n", file.display()));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    assert_eq!(there.import(&file, &[]).unwrap(), "1203 artifacts were imported.\n");
    assert_eq!(there.artifacts(), here.artifacts());
    assert_eq!(there.artifacts()[1202][0], full["name"]);
    let said = there.import(&file, &[]).unwrap();
    assert_eq!(said, repeated(0, 1203));
    assert_eq!(there.total(), 1203);
    assert_eq!(there.import(&file, &["--run", "2"]).unwrap(), "1203 artifacts were imported.\n");
    assert_eq!(there.total(), 2406);
}

#[test]
fn a_file_that_is_there_is_kept_unless_forced() {
    let server = Server::shared();
    let workspace = Workspace::new(&server);
    workspace.fill(&lines(2));
    let file = workspace.file("kept", "something else");
    let refused = workspace.export(&file, &[]).unwrap_err();
    assert!(refused.contains("--force"), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "something else");
    workspace.export(&file, &["--force"]).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 2);
    assert_eq!(names(workspace.cli.scratch()), ["kept"]);
}

/// Runs `export … -` into `import … -`, and returns whether each went well, and what the latter said.
pub(super) fn piped(export: &[&str], import: &[&str]) -> (bool, bool, String) {
    let program = |words: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_ghostworks"));
        program.args(words).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    };
    let mut source = program(export).spawn().unwrap();
    let sink = program(import).stdin(source.stdout.take().unwrap()).output().unwrap();
    let said = [sink.stdout, sink.stderr].concat();
    (source.wait().unwrap().success(), sink.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn an_export_is_piped_into_an_import_by_slug_with_the_trash() {
    let server = Server::shared();
    let (here, there) = (Workspace::new(&server), Workspace::new(&server));
    here.fill(&lines(1500));
    let id = text(&here.owner.artifact(&here.path(), &json!({"name": "in the trash"}))["id"]);
    here.owner.client.delete(&format!("{}/{id}", here.path())).expect(204);
    let slug = |it: &Workspace| {
        text(&it.owner.client.get(&format!("/api/v1/workspaces/{}", it.id)).expect(200).json()["slug"])
    };
    let token = |it: &Workspace| it.file("token", &format!("{}\n", it.owner.access));
    let (source, target) = (slug(&here), slug(&there));
    let (old, new) = (token(&here), token(&there));
    let end = |file: &Path| ["--token-file".to_owned(), file.display().to_string()];
    let (old, new) = (end(&old), end(&new));
    let export = ["export", &source, "-", "--trash", "--server", &here.url, &old[0], &old[1]];
    let import = ["import", &target, "-", "--server", &there.url, &new[0], &new[1]];
    let (exported, imported, said) = piped(&export, &import);
    assert!(exported && imported, "{said}");
    assert_eq!(said, "1501 artifacts were imported.\n");
    assert_eq!(there.artifacts()[..1500], here.artifacts());
    assert_eq!(there.artifacts()[1500][0], "in the trash");
}

#[test]
fn refused_lines_are_told_and_can_be_mended() {
    let server = Server::shared();
    let workspace = Workspace::new(&server);
    let good = lines(1100);
    let bad = "\n{\"name\": \"<\", \"tags\": [\"b@d\"]}\nno JSON\n";
    let file = workspace.file("bad", &format!("{good}{bad}{}", lines(2000)));
    let refused = workspace.import(&file, &[]).unwrap_err();
    let told: Vec<&str> = refused.lines().collect();
    assert_eq!(told.len(), 4, "{refused}");
    for (told, place) in
        told.iter().zip(["line 1102, name: must not", "line 1102, tags/0: ", "line 1103: is not valid"])
    {
        assert!(told.starts_with(place), "{told} is not about {place}");
    }
    let end =
        "ghostworks: nothing of lines 1001 to 2000 was imported, 1000 artifacts before them were; mend the refused";
    assert!(told[3].starts_with(end), "{refused}");
    assert_eq!(workspace.total(), 1000);

    let file = workspace.file("mended", &format!("{good}{}", lines(2000)));
    let said = workspace.import(&file, &[]).unwrap();
    assert_eq!(said, repeated(2100, 1000));
    assert_eq!(workspace.total(), 3100);
}

#[test]
fn what_is_too_large_for_the_server_is_sent_in_pieces() {
    let server = Setup::new().env("GHOSTWORKS__SERVER__MAX_IMPORT_BYTES", "3000").start();
    let workspace = Workspace::new(&server);
    let file = workspace.file("many", &lines(1203));
    assert_eq!(workspace.import(&file, &[]).unwrap(), "1203 artifacts were imported.\n");
    let names: Vec<Value> = workspace.artifacts().iter().map(|artifact| artifact[0].clone()).collect();
    assert_eq!(names, (1..=1203).map(|number| json!(format!("n{number}"))).collect::<Vec<_>>());

    let long = format!("{{\"name\": \"long\", \"description\": \"{}\"}}\n", "x".repeat(3000));
    let file = workspace.file("long", &format!("{}{long}", lines(3)));
    let refused = workspace.import(&file, &[]).unwrap_err();
    assert!(refused.starts_with("line 4: ") && refused.contains("at most 3000 bytes"), "{refused}");
    assert!(refused.contains("nothing of line 4 was imported, 3 artifacts before them were"), "{refused}");
}

#[test]
fn who_may_not_is_told_why() {
    let server = Server::shared();
    let workspace = Workspace::new(&server);
    let another = Workspace::new(&server);
    let file = workspace.file("one", &lines(1));
    let api_keys = format!("/api/v1/workspaces/{}/api-keys", workspace.id);
    let body = json!({"name": "CI", "scopes": ["artifacts:read"]});
    let reader = workspace.owner.client.post(&api_keys, &body).expect(201).json();
    let with = |token: &str| Setup::new().env("GHOSTWORKS__REMOTE__TOKEN", token);
    let by_key = workspace.cli.clone();
    let (id, out) = (workspace.id.as_str(), workspace.cli.scratch().join("out"));
    let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let url = workspace.url.as_str();
    let no_workspace = format!("{url} has no workspace {} that this key", another.id);
    let id_of_key = format!("named by its id and not by its slug; the id of this key's is {id}");
    for (setup, words, reason) in [
        (&Setup::new(), &["export", id, out][..], "set GHOSTWORKS__REMOTE__TOKEN"),
        (&Setup::new(), &["import", id, file], "set GHOSTWORKS__REMOTE__TOKEN"),
        (&with("gwk_wrong-key"), &["export", id, out], "does not take this key or token"),
        (&with("gwk_wrong-key"), &["import", id, file], "does not take this key or token"),
        (&with(&text(&reader["key"])), &["import", id, file], "refused: "),
        (&by_key, &["export", &another.id, out], &no_workspace),
        (&by_key, &["import", &another.id, file], &no_workspace),
        (&by_key, &["export", "a-slug", out], &id_of_key),
        (&with(&workspace.owner.access), &["import", "a-slug", file], "has no workspace a-slug"),
        (&by_key, &["import", id, "/nowhere"], "can't read /nowhere: "),
        (&by_key, &["export", id, "/nowhere/out"], "can't write /nowhere/out: "),
        (
            &by_key,
            &["export", id, out, "--token-file", "/nowhere"],
            "remote.token_file (--token-file): /nowhere: can't be read",
        ),
        (&by_key, &["export", id, out, "--token-file", file], "expected an API key"),
        (&with("a key"), &["export", id, out], "remote.token (GHOSTWORKS__REMOTE__TOKEN): expected an API key"),
    ] {
        let refused = run(setup, &[words, &["--server", url]].concat()).unwrap_err();
        assert!(refused.starts_with("ghostworks: ") && refused.contains(reason), "{refused} is not {reason}");
        assert_eq!(refused.lines().count(), 1, "{refused}");
        assert!(!refused.contains("gwk_"), "{refused}");
    }
    assert_eq!((workspace.total(), another.total()), (0, 0));
    assert_eq!(names(workspace.cli.scratch()), ["one"]);
}

/// A server behind TLS, as a proxy speaks it, until the runtime is dropped; and its URL.
fn behind_tls(server: SocketAddr, authority: &Authority) -> (Runtime, String) {
    let (runtime, tls) = (Runtime::new().unwrap(), authority.acceptor());
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    runtime.spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let mut server = tokio::net::TcpStream::connect(server).await.unwrap();
            if let Ok(mut client) = tls.accept(client).await {
                // Either side may leave as it likes.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        }
    });
    (runtime, url)
}

#[test]
fn a_server_behind_tls_is_asked_when_someone_vouches_for_it() {
    let server = Server::shared();
    let workspace = Workspace::new(&server);
    workspace.fill(&lines(2));
    let authority = Authority::new();
    let (_runtime, url) = behind_tls(server.address(), &authority);
    let certificate = workspace.file("certificate", &authority.certificate);
    let file = workspace.cli.scratch().join("two");
    let refused = workspace.run("export", &file, &url, &[]).unwrap_err();
    assert!(refused.contains("can't connect to https://") && refused.contains("certificate"), "{refused}");
    let cli = workspace.cli.clone().env("GHOSTWORKS__REMOTE__CERTIFICATE", certificate.to_str().unwrap());
    let trusting = Workspace { cli, ..workspace };
    trusting.run("export", &file, &url, &[]).unwrap();
    assert_eq!(trusting.run("import", &file, &url, &[]).unwrap(), "2 artifacts were imported.\n");
}

#[test]
fn what_is_too_much_at_the_time_is_asked_again() {
    let server = Setup::new().rate_limited().env("GHOSTWORKS__LIMITS__SIGNED_IN_PER_MINUTE", "60").start();
    let workspace = Workspace::new(&server);
    while workspace.owner.client.get(&workspace.path()).status != 429 {}
    let said = workspace.export(&workspace.cli.scratch().join("empty"), &[]).unwrap();
    assert!(said.starts_with("0 artifacts are in "), "{said}");
}

#[test]
fn an_import_that_has_no_room_says_so_and_goes_on_when_there_is() {
    let setup = Setup::new().env("GHOSTWORKS__QUOTAS__ARTIFACTS", "1200");
    let server = setup.start();
    let workspace = Workspace::new(&server);
    let file = workspace.file("many", &lines(1500));
    let refused = workspace.import(&file, &[]).unwrap_err();
    let reason = format!("{} refused: The workspace may have at most 1200 artifacts", workspace.url);
    assert!(refused.contains(&reason) && refused.contains("; 1000 artifacts were imported before that"), "{refused}");
    server.stop();
    let roomy = setup.env("GHOSTWORKS__QUOTAS__ARTIFACTS", "1500").start();
    let workspace = Workspace { url: roomy.url(), ..workspace };
    assert_eq!(workspace.import(&file, &[]).unwrap(), repeated(500, 1000));
}
