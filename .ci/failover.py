"""A primary that is killed under writes, and its standby that takes over; see `failover`."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

PASSWORD, USER, DATABASE = "Secret-of-the-tests-1", "tester", "ghostworks"
PATIENCE, WRITERS = 60, 6
BEFORE_SECONDS, AFTER_SECONDS = 2, 3


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_postgres(*command, **more):
    return ["runuser", "-u", "postgres", "--", *map(str, command)]


def until(what, is_done):
    deadline = time.monotonic() + PATIENCE
    while not is_done():
        if time.monotonic() > deadline:
            sys.exit(f"failover: never {what}")
        time.sleep(0.1)


class Postgres:
    """One of two, on a port of its own."""

    def __init__(self, binaries, directory, port):
        self.binaries, self.directory, self.port, self.process = Path(binaries), directory, port, None
        self.log = open(directory.with_suffix(".log"), "ab")

    def run(self, program, *arguments):
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"}
        command = as_postgres("env", f"PGPASSWORD={PASSWORD}", self.binaries / program, *arguments)
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"failover: {program} failed: {done.stderr}")
        return done.stdout.strip()

    def sql(self, statement, database="postgres"):
        where = ["--host", "127.0.0.1", "--port", self.port, "--username", USER, "--dbname", database]
        return self.run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", *where, "-c", statement)

    def make(self):
        secret = self.directory.with_suffix(".password")
        secret.write_text(PASSWORD)
        shutil.chown(secret, "postgres")
        self.run("initdb", "--pgdata", self.directory, "--username", USER, "--pwfile", secret, "--auth", "scram-sha-256",
                 "--encoding", "UTF8", "--locale", "C.UTF-8")

    def follow(self, primary):
        """Becomes the standby of another."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.run("pg_basebackup", "--pgdata", self.directory, "--host", "127.0.0.1", "--port", primary.port, "--username", USER,
                 "--write-recovery-conf", "--checkpoint", "fast")

    def start(self):
        command = as_postgres(self.binaries / "postgres", "-D", self.directory, "-p", self.port, "-c", "listen_addresses=127.0.0.1",
                              "-c", f"unix_socket_directories={self.directory.parent}", "-c", "max_connections=200")
        self.process = subprocess.Popen(command, cwd="/", stdout=self.log, stderr=self.log, start_new_session=True)
        until("listens", self.answers)

    def answers(self):
        probe = as_postgres(self.binaries / "pg_isready", "-h", "127.0.0.1", "-p", self.port, "-q")
        return subprocess.run(probe, cwd="/").returncode == 0

    def kill(self):
        """As a power cut does: the program and all that it has started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        until("ended", lambda: not self.answers())

    def promise(self, standbys):
        """Sets which standbys a commit waits for."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standbys}'")
        self.sql("SELECT pg_reload_conf()")


class Caller:
    def __init__(self, url, token=None):
        self.address, self.token = urlsplit(url).netloc, token

    def call(self, method, path, body=None, key=None, timeout=90):
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()


class Server:
    def __init__(self, program, directory, url):
        self.log = open(directory.with_suffix(".log"), "ab")
        environment = {
            "PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none", "GHOSTWORKS__LIMITS__RATE_LIMITS": "off",
            "GHOSTWORKS__STORAGE__URL": url, "GHOSTWORKS__AUTH__SIGNING_KEY": "5Ys1nP0p7eU9xqJm3sKZVtQ4aYb8wRcD6fGhLk2jM1o=",
            "GHOSTWORKS__AUTH__HASH_MEMORY_KIB": "64", "GHOSTWORKS__AUTH__ACCESS_TOKEN_SECONDS": "86400",
        }
        command = [program, "serve", "--listen", "127.0.0.1:0", "--data-dir", directory]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if "ready on " not in line:
            sys.exit(f"failover: a server did not start: {directory.with_suffix('.log').read_text()}")
        self.url = line.split("ready on ")[1].split()[0]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def stop(self):
        self.process.terminate()
        return self.process.wait(PATIENCE)


class Ledger:
    """What was asked for, and what was answered."""

    def __init__(self):
        self.lock, self.answered, self.given_up, self.unknown, self.refused = threading.Lock(), {}, [], 0, 0
        self.is_over = threading.Event()

    def write(self, caller, path):
        while not self.is_over.is_set():
            name = f"artifact-{uuid.uuid4()}"
            self.insist(caller, path, name)

    def insist(self, caller, path, name):
        """Sends the same under the same key until it is done."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                status, answer = caller.call("POST", path, {"name": name}, key=name)
            except (OSError, http.client.HTTPException, ValueError):
                status, answer = 0, None
            with self.lock:
                if status == 201:
                    self.answered[name] = answer["id"]
                    return
                self.unknown += bool(answer) and answer.get("code") == "outcome_unknown"
                self.refused += 1
            if status in (400, 401, 403, 404, 422):
                sys.exit(f"failover: {status} {answer}")
            time.sleep(0.1)
        with self.lock:
            self.given_up.append(name)


def exported(caller, path):
    """The ids of all artifacts, by name."""
    connection = http.client.HTTPConnection(caller.address, timeout=60)
    connection.request("GET", f"{path}/export", headers={"Authorization": f"Bearer {caller.token}"})
    found = {}
    for line in connection.getresponse().read().splitlines():
        artifact = json.loads(line)
        found.setdefault(artifact["name"], []).append(artifact["id"])
    return found


def main(program, binaries, work, rounds):
    work = Path(work)
    shutil.chown(work, "postgres")
    one, other = (Postgres(binaries, work / name, free_port()) for name in ("one", "other"))
    one.make()
    one.start()
    one.sql(f"CREATE DATABASE {DATABASE}")
    hosts = f"127.0.0.1:{one.port},127.0.0.1:{other.port}"
    url = f"postgres://{USER}:{PASSWORD}@{hosts}/{DATABASE}?connect_timeout=2"
    servers = [Server(program, work / name, url) for name in ("node-1", "node-2")]
    first = Caller(servers[0].url)
    person = {"email": "ann@example.com", "password": "Correct-horse-7"}
    first.call("POST", "/api/v1/auth/register", person)
    token = first.call("POST", "/api/v1/auth/login", person)[1]["access_token"]
    callers = [Caller(server.url, token) for server in servers]
    workspace = callers[0].call("POST", "/api/v1/workspaces", {"name": "Ledger", "slug": "ledger"})[1]["id"]
    path = f"/api/v1/workspaces/{workspace}/artifacts"
    ledger = Ledger()
    writers = [
        threading.Thread(target=ledger.write, args=(callers[number % 2], path), daemon=True) for number in range(WRITERS)
    ]
    [writer.start() for writer in writers]
    primary, standby = one, other
    for number in range(1, rounds + 1):
        standby.follow(primary)
        standby.start()
        until("streams", lambda: primary.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == "1")
        primary.promise("*")
        until("is synchronous", lambda: primary.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1")
        time.sleep(BEFORE_SECONDS)
        before, began = len(ledger.answered), time.monotonic()
        primary.kill()
        # It has the primary's configuration, and no standby of its own.
        standby.run("pg_ctl", "promote", "--wait", "--pgdata", standby.directory)
        standby.promise("")
        until("writes again", lambda: len(ledger.answered) > before + WRITERS)
        print(f"round {number}: {before} answered before, writes again after {time.monotonic() - began:.1f} s", flush=True)
        time.sleep(AFTER_SECONDS)
        primary, standby = standby, primary
    ledger.is_over.set()
    [writer.join(PATIENCE + 90) for writer in writers]
    found = exported(callers[1], path)
    lost = [name for name, id in ledger.answered.items() if id not in found.get(name, [])]
    twice = [name for name, ids in found.items() if len(ids) > 1]
    codes = [server.stop() for server in servers]
    primary.kill()
    print(
        f"{len(ledger.answered)} answered, {ledger.refused} refused meanwhile, {ledger.unknown} of them unknown; "
        f"{len(lost)} lost, {len(twice)} done twice, {len(ledger.given_up)} never done"
    )
    if lost or twice or ledger.given_up or any(codes):
        sys.exit(f"failover: lost {lost[:3]}, twice {twice[:3]}, never {ledger.given_up[:3]}, exit codes {codes}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
