"""ghostworks on machines, and requests to them."""

import http.client
import json
import re
import signal
import time
import urllib.request

from machines import NETWORK, Machine, until

PORT = 8000
OPERATOR_TOKEN = "operator-token-of-the-check"
# A request to a machine that says nothing is given up after this, and sent to another.
ANSWER_SECONDS = 25
BETWEEN_ATTEMPTS = 0.3
# Nobody waits longer than this for one thing to be done.
INSISTENCE_SECONDS = 600
# What may have been done all the same: 502 and 504 are the balancer's. Whatever else failed was not.
DOUBTFUL = (500, 502, 504, "outcome_unknown", "deadline_exceeded", "idempotency_in_flight")


class Asked(Machine):
    """One that answers requests."""

    port = PORT

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://{self.address}:{self.port}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def call(self, method, path, body=None, **headers):
        """The status, the answer and the entity tag."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=ANSWER_SECONDS)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            content = answer.read()
            is_json = "json" in answer.headers.get("Content-Type", "") and "ndjson" not in answer.headers["Content-Type"]
            return answer.status, json.loads(content) if is_json and content else content, answer.headers.get("ETag")
        finally:
            connection.close()


class Server(Asked):
    """A machine with a ghostworks."""

    def launch(self, program, secrets):
        self.process = self.start(
            program, "serve", "--listen", f"0.0.0.0:{PORT}", "--data-dir", self.directory / "data",
            OTEL_TRACES_EXPORTER="none", GHOSTWORKS__LOG__LEVEL="warn", GHOSTWORKS__LIMITS__RATE_LIMITS="off",
            GHOSTWORKS__STORAGE__URL_FILE=str(secrets / "storage-url"),
            GHOSTWORKS__AUTH__SIGNING_KEY_FILE=str(secrets / "signing-key"),
            GHOSTWORKS__SERVER__TRUSTED_PROXIES=f"{NETWORK}.0/24",
            GHOSTWORKS__AUTH__HASH_MEMORY_KIB="64", GHOSTWORKS__AUTH__HASH_ITERATIONS="1",
            GHOSTWORKS__AUTH__ACCESS_TOKEN_SECONDS="86400", GHOSTWORKS__SERVER__OPERATOR_TOKEN=OPERATOR_TOKEN,
        )

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


class Balancer(Asked):
    """A machine with HAProxy, as config/cluster/haproxy.cfg has it."""

    port = 8080

    def launch(self, example, servers):
        # There is no DNS here.
        text = re.sub(r"^resolvers names\n.*\n", "", example.read_text(), flags=re.MULTILINE)
        text = text.replace(" resolvers names init-addr last,libc,none", "")
        for number, server in enumerate(servers, 1):
            text = text.replace(f" ghostworks-{number}:8000", f" {server.address}:{PORT}")
        configuration = self.directory / "haproxy.cfg"
        configuration.write_text(text)
        self.process = self.start("/usr/sbin/haproxy", "-db", "-f", configuration)


class Answer:
    """What came of a request that was sent until there was an answer to go by."""

    def __init__(self, status, body, etag, server, begun, is_doubtful):
        self.status, self.body, self.etag, self.server, self.begun = status, body, etag, server, begun
        # Whether an attempt before may have done it.
        self.is_doubtful = is_doubtful

    def code(self):
        return self.body.get("code") if isinstance(self.body, dict) else None


class Client:
    """Sends each request to one server after the other until it is answered for good."""

    def __init__(self, servers, turn, figures):
        self.servers, self.turn, self.figures = servers, turn, figures

    def insist(self, method, path, body=None, token=None, key=None, etag=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": etag} if etag else {}
        is_doubtful, deadline = False, time.monotonic() + INSISTENCE_SECONDS
        while time.monotonic() < deadline:
            server = self.servers[self.turn % len(self.servers)]
            self.turn += 1
            begun = time.monotonic()
            try:
                status, answer, tag = server.call(method, path, body, **headers)
            except (OSError, http.client.HTTPException, ValueError):
                self.figures.no_answer += 1
                is_doubtful = True
            else:
                found = Answer(status, answer, tag, server, begun, is_doubtful)
                if status < 500 and found.code() != "idempotency_in_flight":
                    return found
                is_doubtful |= status in DOUBTFUL or found.code() in DOUBTFUL
                self.figures.refused[f"{status} {found.code()}"] += 1
            time.sleep(BETWEEN_ATTEMPTS)
        raise TimeoutError(f"{method} {re.sub('[0-9a-f-]{36}', '…', path)} was not done within {INSISTENCE_SECONDS} s")


def wait_until_ready(asked):
    return until("ready", lambda: all(one.is_ready() for one in asked))
