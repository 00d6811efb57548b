"""What strangers and neighbours do to a server. Each attack is begun with `with`, goes on meanwhile, and ends with it."""

import contextlib
import itertools
import json
import selectors
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

CONNECT_SECONDS = 5
CHUNK = 64 << 10
# So that what is not read stays with the server.
RECEIVE_BUFFER = 4096
SLOW_BYTES_PER_SECOND = 1024
TICK_SECONDS = 0.05
# How many connections are opened between two looks at those that are there.
AT_A_TIME = 256


def addresses():
    """Addresses of this machine's own, one after the other: attackers rarely have only one."""
    for third, fourth in itertools.cycle(itertools.product(range(2, 250), range(1, 255))):
        yield f"127.1.{third}.{fourth}"


def head(method, path, token=None, **more):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join(lines + ["", ""]).encode()


def believing():
    """TLS without a look at the certificate: what answers here is the server that was started."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Connections:
    """Connections that send something and then do nothing, or as little as they can. Those that the server closes are opened
    again: attackers have patience."""

    def __init__(self, server, count, sent, one_address=False, slowly=False):
        self.to = (urlsplit(server.url).hostname, urlsplit(server.url).port)
        self.tls = believing() if urlsplit(server.url).scheme == "https" else None
        self.count, self.sent, self.slowly = count, sent, slowly
        self.addresses = itertools.repeat("127.1.1.1") if one_address else addresses()
        self.over = threading.Event()
        self.selector = selectors.DefaultSelector()
        # Those that have sent everything.
        self.waiting = set()
        self.open, self.closed = 0, 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def connect(self):
        it = socket.socket()
        it.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        it.bind((next(self.addresses), 0))
        it.settimeout(CONNECT_SECONDS)
        it.connect(self.to)
        if self.tls:
            it = self.tls.wrap_socket(it, server_hostname="localhost")
        it.setblocking(False)
        self.selector.register(it, selectors.EVENT_WRITE, memoryview(self.sent))
        self.open += 1

    def close(self, it):
        it.close()
        self.open -= 1
        self.closed += 1

    def run(self):
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                for _ in range(min(AT_A_TIME, self.count - self.open)):
                    self.connect()
            self.send()
            self.look()
            self.over.wait(TICK_SECONDS)
        for it in [key.fileobj for key in self.selector.get_map().values()] + list(self.waiting):
            it.close()

    def send(self):
        """Sends what is left to send, as far as it is taken."""
        for key, _ in self.selector.select(0):
            it, left = key.fileobj, key.data
            try:
                left = left[it.send(left[:CHUNK]):]
                self.selector.modify(it, selectors.EVENT_WRITE, left)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            except OSError:
                self.selector.unregister(it)
                self.close(it)
                continue
            if not left:
                self.selector.unregister(it)
                self.waiting.add(it)

    def look(self):
        """What comes is not read, but for what a slow reader reads. Nothing else is awaited but the end, which a look at what has
        come tells."""
        for it in list(self.waiting):
            try:
                if not socket.socket.recv(it, 1, socket.MSG_PEEK):
                    raise ConnectionError
                if self.slowly:
                    it.recv(max(1, int(SLOW_BYTES_PER_SECOND * TICK_SECONDS)))
            except BlockingIOError:
                pass
            except OSError:
                self.waiting.remove(it)
                self.close(it)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Requests:
    """Requests one after the other, as fast as they are answered, on this many connections."""

    def __init__(self, server, count, request):
        self.to = (urlsplit(server.url).hostname, urlsplit(server.url).port)
        self.request, self.over = request, threading.Event()
        own = addresses()
        self.threads = [threading.Thread(target=self.run, args=[next(own)], daemon=True) for _ in range(count)]
        self.answers = 0

    def run(self, address):
        for number in itertools.count():
            if self.over.is_set():
                return
            with contextlib.suppress(OSError):
                with socket.create_connection(self.to, 30, (address, 0)) as it:
                    it.sendall(self.request(number))
                    while it.recv(CHUNK):
                        pass
                self.answers += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def post(path, body, token=None, **more):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head("POST", path, token, Content_Type="application/json", Content_Length=len(text), **more) + text


def an_import(path, token):
    """A head, and most of a body of 10 MiB."""
    line = b'{"name":"x","description":"' + b"x" * 1000 + b'"}\n'
    whole = head("POST", f"{path}/import", token, Content_Type="application/x-ndjson", Content_Length=10 << 20)
    return whole + line * ((9 << 20) // len(line))


LOGIN = {"email": "nobody@example.com", "password": "x" * 64_000}


def on_memory(server, neighbour, many):
    """The attacks that aim at memory, on as many connections."""
    token, path = neighbour
    return [
        ("documents that nobody reads", Connections(server, many, head("GET", "/docs"))),
        ("bodies that lack their last byte", Connections(server, many, post("/api/v1/auth/login", LOGIN)[:-1])),
        ("imports that never end", Connections(server, many, an_import(path, token))),
        ("exports that nobody reads", Connections(server, many, head("GET", f"{path}/export", token))),
    ]


def all_of(server, neighbour, many):
    """Every attack, with its name. `neighbour` is another account of the server: a token, and the path of its artifacts."""
    token, path = neighbour
    guess = {"email": "bench@example.com", "password": "Not-The-Passphrase-1"}
    close = {"Connection": "close"}
    state = ",".join(f"k{number}={'x' * 200}" for number in range(60))
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": state}
    return [
        ("documents that nobody reads", Connections(server, many, head("GET", "/openapi.json"))),
        ("bodies that lack their last byte", Connections(server, many, post("/api/v1/auth/login", LOGIN)[:-1])),
        ("heads that never end", Connections(server, many, head("GET", "/livez")[:-4])),
        ("imports that never end", Connections(server, 60, an_import(path, token))),
        ("exports that nobody reads", Connections(server, 500, head("GET", f"{path}/export", token))),
        ("readers of a kilobyte a second", Connections(server, 500, head("GET", "/openapi.json"), slowly=True)),
        ("one address with all connections", Connections(server, 8192, b"", one_address=True)),
        ("wrong passwords", Requests(server, 100, lambda _: post("/api/v1/auth/login", guess, **close))),
        ("long trace states", Requests(server, 8, lambda _: head("GET", "/livez", **trace, **close))),
    ]


def paced(seconds, per_second):
    """Moments at an even pace, for so long."""
    begun = time.monotonic()
    for number in range(int(seconds * per_second)):
        time.sleep(max(0.0, begun + number / per_second - time.monotonic()))
        yield number
