"""Somebody who behaves well, and how long each of their requests takes."""

import http.client
import threading
import time
from urllib.parse import urlsplit

from attacks import paced
from loads import ARTIFACT

READS_PER_SECOND, CREATES_PER_SECOND, SEARCHES_PER_SECOND, PROBES_PER_SECOND = 50, 10, 10, 10


def p99(times):
    return sorted(times)[len(times) * 99 // 100]


class Client:
    """Somebody who reads, creates, searches and is probed at an even pace, and notes how long each takes, in milliseconds."""

    def __init__(self, server, token, path):
        self.to, self.token, self.path = urlsplit(server.url).netloc, token, path
        self.one = f"{path}/{server.call('GET', f'{path}?limit=1', token=token)[0]['items'][0]['id']}"

    def kind(self, taken, failed, seconds, per_second, method, path, body=None):
        connection = http.client.HTTPConnection(self.to, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        for number in paced(seconds, per_second):
            text = body.replace(b"NAME", f"well-{time.monotonic_ns()}-{number}".encode()) if body else None
            began = time.perf_counter()
            try:
                connection.request(method, path, text, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status >= 400:
                    failed.append(f"{method}: {answer.status}")
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                failed.append(f"{method}: {type(error).__name__}")
            taken.append((time.perf_counter() - began) * 1000)

    def run(self, seconds, wanted=("read", "create", "probe")):
        """The p99 of each kind of request that is wanted, and what failed."""
        kinds = {
            "read": (READS_PER_SECOND, "GET", self.one),
            "create": (CREATES_PER_SECOND, "POST", self.path, ARTIFACT.read_bytes()),
            "search": (SEARCHES_PER_SECOND, "GET", f"{self.path}?q=forecast"),
            "probe": (PROBES_PER_SECOND, "GET", "/livez"),
        }
        taken, failed = {kind: [] for kind in wanted}, []
        threads = [
            threading.Thread(target=self.kind, args=(taken[kind], failed, seconds, *kinds[kind])) for kind in wanted
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {kind: p99(times) for kind, times in taken.items()}, failed
