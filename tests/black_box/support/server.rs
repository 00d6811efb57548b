//! The real program as a child process, on a port of its own and a data directory of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Instant;

use tempfile::TempDir;

use super::client::Client;
use super::{PATIENCE, lock, postgres};

/// Precedes the address in the line that says the server is ready.
const READY: &str = "ghostworks ready on ";

/// How a server is started. Starting twice from one setup is a restart on the same data.
#[derive(Clone)]
pub struct Setup {
    environment: BTreeMap<String, String>,
    listen: String,
    data_dir: PathBuf,
    descriptors: Option<u32>,
    reads_log: bool,
    scratch: Arc<TempDir>,
}

impl Setup {
    /// Empty data, cheap password hashing, no rate limits, no exported traces, nothing inherited from the environment of the tests.
    pub fn new() -> Self {
        let scratch = TempDir::new().expect("a temporary directory");
        let setup = Self {
            environment: BTreeMap::new(),
            listen: "127.0.0.1:0".to_owned(),
            data_dir: scratch.path().join("data"),
            descriptors: None,
            reads_log: true,
            scratch: Arc::new(scratch),
        };
        let setup = match postgres::for_all() {
            Some(url) => setup.env("GHOSTWORKS__STORAGE__URL", url),
            None => setup,
        };
        setup
            .env("GHOSTWORKS__AUTH__HASH_MEMORY_KIB", "64")
            .env("GHOSTWORKS__AUTH__HASH_ITERATIONS", "1")
            .env("GHOSTWORKS__LIMITS__RATE_LIMITS", "off")
            .env("OTEL_TRACES_EXPORTER", "none")
    }

    /// With an environment variable.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.insert(name.to_owned(), value.into());
        self
    }

    /// With the passwords hashed as they are by default, not cheaply.
    pub fn real_hashing(mut self) -> Self {
        self.environment.retain(|name, _| !name.starts_with("GHOSTWORKS__AUTH__HASH_"));
        self
    }

    /// With the rate limits that hold by default.
    pub fn rate_limited(mut self) -> Self {
        self.environment.remove("GHOSTWORKS__LIMITS__RATE_LIMITS");
        self
    }

    /// With spans exported to the OTLP receiver at `endpoint`, soon after they ended.
    pub fn traces_to(self, endpoint: &str) -> Self {
        self.env("OTEL_TRACES_EXPORTER", "otlp")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
    }

    /// Listening on this address.
    pub fn listen(mut self, address: impl Into<String>) -> Self {
        self.listen = address.into();
        self
    }

    /// With nobody who reads what it logs.
    pub fn unread_log(mut self) -> Self {
        self.reads_log = false;
        self
    }

    /// With its data in this directory.
    pub fn data_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data_dir = directory.into();
        self
    }

    /// With this many descriptors and no more.
    pub fn descriptors(mut self, count: u32) -> Self {
        self.descriptors = Some(count);
        self
    }

    /// Where the data is.
    pub fn data(&self) -> &Path {
        &self.data_dir
    }

    /// A directory for the test's own files, removed with the setup and its servers.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Starts the server and waits until it is ready.
    pub fn start(&self) -> Server {
        self.start_with(&[])
    }

    /// The same, with more flags.
    pub fn start_with(&self, flags: &[&str]) -> Server {
        let flags = flags.iter().map(OsString::from);
        self.spawn(&self.arguments().into_iter().chain(flags).collect::<Vec<_>>())
    }

    /// Starts one with data to look at, in a directory of its own that goes in the end.
    pub fn start_demo(&self) -> Server {
        self.spawn(&["serve", "--demo", "--listen", &self.listen].map(OsString::from))
    }

    fn spawn(&self, arguments: &[OsString]) -> Server {
        let process = Process::spawn(arguments, &self.environment, self.reads_log, self.descriptors);
        // Telemetry may go to the console, too.
        let mut lines = std::iter::from_fn(|| process.next_line());
        let address = lines.find_map(|line| line.strip_prefix(READY)?.split_once("://")?.1.trim().parse().ok());
        let Some(address) = address else {
            panic!("expected `{READY}…`; stderr:\n{}", process.stderr());
        };
        Server { address, process, _scratch: Arc::clone(&self.scratch) }
    }

    /// Runs a server that is expected to refuse to start.
    pub fn start_refused(&self) -> Refusal {
        let mut process = Process::spawn(&self.arguments(), &self.environment, self.reads_log, self.descriptors);
        let line = process.next_line();
        assert_eq!(line, None, "it started");
        let status = process.wait();
        Refusal { status, stderr: process.stderr() }
    }

    /// Runs another command of the program on the same data, and returns how it ended, its output and its errors.
    pub fn run(&self, words: &[&str]) -> (ExitStatus, String, String) {
        self.run_with(words, "")
    }

    /// The same, with this on its standard input.
    pub fn run_with(&self, words: &[&str], input: &str) -> (ExitStatus, String, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ghostworks"))
            .args(words)
            .arg("--data-dir")
            .arg(&self.data_dir)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // One that refuses before it reads has closed its end.
        let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status, text(output.stdout), text(output.stderr))
    }

    fn arguments(&self) -> Vec<OsString> {
        let words = ["serve".as_ref(), "--listen".as_ref(), self.listen.as_ref(), "--data-dir".as_ref()];
        words.into_iter().chain([self.data_dir.as_os_str()]).map(OsString::from).collect()
    }
}

/// A server that is ready. Killed when dropped.
pub struct Server {
    address: SocketAddr,
    process: Process,
    _scratch: Arc<TempDir>,
}

impl Server {
    /// A server as [`Setup::new`] makes it, shared by the tests of this process that run at the same time.
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = lock(&SHARED);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Setup::new().start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that is not signed in.
    pub fn client(&self) -> Client {
        Client::new(&self.url())
    }

    /// The next line on its standard output, after the one that says it is ready; `None` when it has ended.
    pub fn next_stdout_line(&self) -> Option<String> {
        self.process.next_line()
    }

    /// What it logged so far.
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Asks it something again and again until `is_done`: what is awaited happens beside the requests.
    pub fn until(&self, what: &str, is_done: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_done() {
            assert!(Instant::now() < deadline, "never {what}:\n{}", self.stderr());
            self.client().get("/livez").expect(200);
        }
    }

    /// Asks it to stop, as a supervisor does.
    pub fn terminate(&self) {
        self.process.signal("TERM");
    }

    /// Asks it to stop, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.process.signal("INT");
    }

    /// Sends it a signal by its name.
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }

    /// Stops it in good order.
    pub fn stop(mut self) {
        self.terminate();
        let status = self.wait();
        assert!(status.success(), "it ended with {status}; stderr:\n{}", self.stderr());
    }

    /// Kills it without a warning, as a power cut would.
    pub fn kill(mut self) {
        self.process.kill();
    }
}

/// How a server ended that did not start.
pub struct Refusal {
    /// Its exit status.
    pub status: ExitStatus,
    /// All it said.
    pub stderr: String,
}

/// A child process whose output is collected. Killed when dropped.
struct Process {
    child: Child,
    stdout: Mutex<Receiver<String>>,
    stderr: Arc<Mutex<String>>,
    stderr_reader: Option<JoinHandle<()>>,
}

impl Process {
    fn spawn(
        arguments: &[OsString],
        environment: &BTreeMap<String, String>,
        reads_log: bool,
        descriptors: Option<u32>,
    ) -> Self {
        let mut child = limited(descriptors)
            .args(arguments)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("stdout is piped"));

        let (lines, stdout) = channel();
        std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
        let stderr = Arc::new(Mutex::new(String::new()));
        let log = Arc::clone(&stderr);
        // One that is not read stays open, with the child.
        let err = if reads_log { child.stderr.take() } else { None };
        let stderr_reader = err.map(|mut err| {
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(count @ 1..) = err.read(&mut chunk) {
                    lock(&log).push_str(&String::from_utf8_lossy(&chunk[..count]));
                }
            })
        });
        Self { child, stdout: Mutex::new(stdout), stderr, stderr_reader }
    }

    /// The next line of its output; `None` when it has ended.
    fn next_line(&self) -> Option<String> {
        match lock(&self.stdout).recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no output in {PATIENCE:?}; stderr:\n{}", self.stderr()),
        }
    }

    fn stderr(&self) -> String {
        lock(&self.stderr).clone()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("sh").args(["-c", "kill -s $0 $1", name, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "the signal was sent");
    }

    /// The end of its output is the event that tells of its end.
    fn wait(&mut self) -> ExitStatus {
        while self.next_line().is_some() {}
        self.reap()
    }

    fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        self.reap();
    }

    fn reap(&mut self) -> ExitStatus {
        let status = self.child.wait().expect("a child can be waited for");
        if let Some(reader) = self.stderr_reader.take() {
            reader.join().expect("stderr is read");
        }
        status
    }
}

/// The program, with this many descriptors and no more: it can't raise a limit of both kinds.
fn limited(descriptors: Option<u32>) -> Command {
    let program = env!("CARGO_BIN_EXE_ghostworks");
    let Some(count) = descriptors else { return Command::new(program) };
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", r#"ulimit -n "$0" && exec "$@""#, &count.to_string(), program]);
    shell
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
