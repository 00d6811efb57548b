"""What one tenant does at full speed, in a process of its own: it must not take the processor from who measures. Each load is begun
with `with`, goes on meanwhile, and ends with it."""

import http.client
import itertools
import json
import multiprocessing
import os
import threading
import time
from urllib.parse import urlsplit

# They ask as fast as they are answered, but on this machine the server and who measures go first: elsewhere, they would have
# processors of their own.
NICENESS = 10
END_SECONDS = 60


class Busy:
    """Requests one after the other, as fast as they are answered, on as many connections, which are kept."""

    def __init__(self, server, token, count, method, path, body=None):
        self.to, self.token = urlsplit(server.url).netloc, token
        self.count, self.method, self.path, self.body = count, method, path, body
        forked = multiprocessing.get_context("fork")
        self.over, self.answered, self.refused = forked.Event(), forked.Value("q", 0), forked.Value("q", 0)
        self.process = forked.Process(target=self.work, daemon=True)

    def work(self):
        os.nice(NICENESS)
        threads = [threading.Thread(target=self.ask, args=[number], daemon=True) for number in range(self.count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def ask(self, who):
        connection = http.client.HTTPConnection(self.to, timeout=END_SECONDS)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        for number in itertools.count():
            if self.over.is_set():
                return
            try:
                body = self.body.replace(b"NAME", f"{who}-{number}".encode()) if self.body else None
                connection.request(self.method, self.path, body, headers)
                answer = connection.getresponse()
                while answer.read(64 << 10):
                    pass
                count = self.answered if answer.status < 400 else self.refused
            except (OSError, http.client.HTTPException):
                connection.close()
                count = self.refused
            with count.get_lock():
                count.value += 1

    def __enter__(self):
        self.began = time.monotonic()
        self.process.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.seconds = time.monotonic() - self.began
        self.process.join(END_SECONDS)
        self.process.kill()

    def rate(self):
        """How many were answered a second, and the share of those that were refused."""
        answered, refused = self.answered.value, self.refused.value
        return answered / self.seconds, refused / max(answered + refused, 1)


def bulk(count):
    line = json.dumps({"op": "create", "name": "bulk NAME", "tags": ["bulk"]})
    return ('{"operations": [' + ", ".join([line] * count) + "]}").encode()


def all_of(server, neighbour):
    """Every load, with its name. `neighbour` is an account with many artifacts: a token, and their path."""
    token, path = neighbour
    one = json.dumps({"name": "one NAME", "tags": ["one"]}).encode()
    lines = b"\n".join([one] * 1000)

    def busy(*how):
        return Busy(server, token, *how)

    return [
        ("32 bulk writers of 100", busy(32, "POST", f"{path}/bulk", bulk(100))),
        ("32 bulk writers of 10", busy(32, "POST", f"{path}/bulk", bulk(10))),
        ("256 who create", busy(256, "POST", path, one)),
        ("8 who import", busy(8, "POST", f"{path}/import", lines)),
        ("60 who search with facets", busy(60, "GET", f"{path}?q=e*&facets=tags,artifact_type")),
        ("16 who export", busy(16, "GET", f"{path}/export")),
        ("32 who list", busy(32, "GET", f"{path}?limit=100")),
    ]
