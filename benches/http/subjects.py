"""Servers that are compared: what is in them, and their turns under load."""

import argparse
import contextlib
import os
import subprocess
import threading
import time
from pathlib import Path

from loads import ARTIFACT, account, load
from processes import PATIENCE_SECONDS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target"
SEEDED = 25
SECONDS_BETWEEN_SEARCHES = 0.1
WARM_UP_SECONDS = 1


class Searcher(threading.Thread):
    """Somebody who searches from time to time."""

    def __init__(self, server, path, token):
        super().__init__(daemon=True)
        self.server, self.path, self.token = server, path, token
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(SECONDS_BETWEEN_SEARCHES):
            self.server.call("GET", self.path, token=self.token)

    def __enter__(self):
        self.start()

    def __exit__(self, *_):
        self.over.set()
        self.join()


class Subject:
    """A server with artifacts in it, and where to find them."""

    def __init__(self, server, one, many, create, token=None, search=None):
        self.server, self.token, self.search = server, token, search
        self.paths = {"create": create, "list": many}
        for number in range(SEEDED):
            body = ARTIFACT.read_text().replace("NAME", f"seed-{number}").encode()
            artifact, _ = server.call("POST", create, body, token)
        self.paths["get"] = one + artifact["id"]
        self.sizes = {what: server.call("GET", self.paths[what], token=token)[1] for what in ("get", "list")}

    def load(self, what, connections, seconds):
        """Runs wrk once: requests per second, latencies in milliseconds, and the server's microseconds for each."""
        sent = ("POST", ARTIFACT) if what.startswith("create") else None
        searcher = contextlib.nullcontext()
        if what == "create, searched" and self.search:
            searcher = Searcher(self.server, self.search, self.token)
        before = self.server.cpu_seconds()
        with searcher:
            rates = load(self.server, self.paths[what.split(",")[0]], connections, seconds, self.token, sent)
        rates["cpu"] = (self.server.cpu_seconds() - before) * 1e6 / max(rates["rate"] * seconds, 1)
        if sent and self.search:
            self.index()
        return rates

    def index(self):
        """Waits until all is in the search index: what is left to do must not weigh on the next one's turn."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.server.call("GET", "/health/detailed")[0]["services"]["search"]["lag_changes"] != 0:
            if time.monotonic() > deadline:
                raise self.server.failed("does not bring its search index up to date")
            time.sleep(0.1)


def take_turns(subjects, what, connections, options):
    """Loads the subjects in turns; gives each round's results by subject. Who follows whom changes from round to round:
    a turn leaves its traces, such as a warm processor and a busy disk, in the next one's."""
    for subject in subjects.values():
        subject.load(what, connections, WARM_UP_SECONDS)
    names, rounds = list(subjects), []
    for number in range(options.rounds):
        order = names[number % len(names) :] + names[: number % len(names)]
        if number % 2:
            order.reverse()
        results = {name: subjects[name].load(what, connections, options.seconds) for name in order}
        rounds.append({name: results[name] for name in names})
    return rounds


def build(options, *manifests):
    """The release binary; built, with what else is given, unless it is to be taken as it is."""
    if options.no_build:
        return TARGET / "release/ghostworks"
    environment = os.environ | {"CARGO_TARGET_DIR": str(TARGET)}
    for manifest in (ROOT / "Cargo.toml", *manifests):
        command = ["cargo", "build", "--release", "--locked", "--bins", "--manifest-path", manifest]
        subprocess.run(command, env=environment, check=True)
    return TARGET / "release/ghostworks"


def parser_of(description, whose):
    """What every comparison can be told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=12, help=f"how often {whose} has its turn (default 12)")
    parser.add_argument("--seconds", type=int, default=1, help="how long a turn is (default 1)")
    parser.add_argument("--data-dir", type=Path, default=TARGET, help="where the databases go: a real disk, not tmpfs")
    parser.add_argument("--no-build", action="store_true", help="take the release binaries as they are")
    return parser


def ours(server):
    """A ghostworks with an account of its own."""
    token, path = account(server)
    search = f"{path}/search/advanced?limit=1"
    return Subject(server, f"{path}/", f"{path}/?limit=20", f"{path}/", token, search)


def settings(environment):
    """How ghostworks runs here, but for telemetry."""
    return {"GHOSTWORKS__LOG__LEVEL": "warn", "GHOSTWORKS__LIMITS__RATE_LIMITS": "off"} | environment
