"""Putting the corpus into a server, and asking it over connections that stay open."""

import http.client
import json
import multiprocessing
import random
import string
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import corpus
from loads import account
from processes import Failure

IMPORTERS = 2
CREATORS = 8
PATIENCE_SECONDS = 300
# The server closes a connection that rests for longer (`server.idle_timeout_seconds`): it is opened again before that.
REST_SECONDS = 30


class Client:
    """One connection to a server."""

    def __init__(self, url, token):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_SECONDS)
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.used = time.monotonic()

    def call(self, method, path, body=None):
        if time.monotonic() - self.used > REST_SECONDS:
            self.connection.close()
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        content = answer.read()
        self.used = time.monotonic()
        if answer.status >= 400:
            raise Failure(f"{method} {path} was answered {answer.status}: {content[:500]}")
        return json.loads(content) if content else None


def written(directory, artifacts, seed):
    """Writes the corpus to files, since making it costs about as much as taking it in. Gives the tenants and theirs."""
    directory.mkdir()
    parts = []
    for tenant in corpus.tenants(artifacts):
        files = []
        for number, (_, lines) in enumerate(corpus.chunks(tenant, seed)):
            files.append(directory / f"{tenant.number}-{number}.ndjson")
            files[-1].write_bytes(lines)
        parts.append((tenant, files))
    return parts


class Catalog:
    """A server with a corpus in it: the largest tenant first, then the one of a thousand artifacts."""

    def __init__(self, server, parts, searched):
        self.artifacts = sum(tenant.size for tenant, _ in parts)
        self.token, _ = account(server)
        client = Client(server.url, self.token)
        self.paths = []
        for tenant, _ in parts:
            name = json.dumps({"name": f"Tenant {tenant.number}"})
            workspace = client.call("POST", "/api/v1/workspaces", name)["id"]
            self.paths.append(f"/api/v1/workspaces/{workspace}/artifacts")
        chunks = [(path, file) for path, (_, files) in zip(self.paths, parts) for file in files]
        connections = threading.local()

        def send(chunk):
            if not hasattr(connections, "client"):
                connections.client = Client(server.url, self.token)
            path, file = chunk
            return connections.client.call("POST", f"{path}/import", file.read_bytes())["imported"]

        began = time.perf_counter()
        with ThreadPoolExecutor(IMPORTERS) as importers:
            imported = sum(importers.map(send, chunks))
        self.import_seconds = time.perf_counter() - began
        if imported != self.artifacts:
            raise server.failed(f"imported {imported} of {self.artifacts} artifacts")
        # A search is answered when all that was written before can be found.
        for path in self.paths[:2] if searched else []:
            client.call("GET", f"{path}?q={corpus.COMMON_WORD}&limit=1")
        self.found_seconds = time.perf_counter() - began - self.import_seconds

    def found(self, server, path, question):
        """How many a question finds."""
        return Client(server.url, self.token).call("GET", f"{path}?{question}&limit=1")["total"]


def new_word():
    """A word that nothing has yet."""
    return "".join(random.choices(string.ascii_lowercase, k=14))


def create(client, path, word):
    """Creates an artifact with the word in its name."""
    body = {"name": f"Ledger {word}", "description": "Demand by region and week", "tags": ["planning"]}
    return client.call("POST", path, json.dumps(body))["id"]


def create_then_search(server, token, path, times):
    """Milliseconds from before an artifact is created until a search has found it, for each time."""
    client, taken = Client(server.url, token), []
    for _ in range(times):
        word, began = new_word(), time.perf_counter()
        made = create(client, path, word)
        found = [artifact["id"] for artifact in client.call("GET", f"{path}?q={word}")["items"]]
        taken.append((time.perf_counter() - began) * 1000)
        if found != [made]:
            raise server.failed(f"did not find what was just created ({path}?q={word})")
    return sorted(taken)


class Creating:
    """Creates at this rate, per second, from a process of their own, until the end of the block."""

    def __init__(self, server, token, paths, rate):
        self.ended = multiprocessing.Event()
        self.made = multiprocessing.RawArray("i", CREATORS)
        arguments = (server.url, token, paths, rate, self.ended, self.made)
        self.process = multiprocessing.Process(target=keep_creating, args=arguments, daemon=True)

    def __enter__(self):
        self.began = time.perf_counter()
        self.process.start()
        return self

    def __exit__(self, *_):
        self.rate = sum(self.made) / (time.perf_counter() - self.began)
        self.ended.set()
        self.process.join()


def keep_creating(url, token, paths, rate, ended, made):
    """Each creator has its own connection and pace; one that is late does not wait. They end with the server."""

    def work(number):
        client, due = Client(url, token), time.perf_counter() + number / rate
        while not ended.is_set():
            time.sleep(max(0, due - time.perf_counter()))
            due += CREATORS / rate
            try:
                create(client, random.choice(paths), new_word())
            except (OSError, http.client.HTTPException):
                return
            made[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CREATORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
