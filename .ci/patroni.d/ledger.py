"""Writes of every kind, each noted when it is answered, and compared with what is there at the end."""

import json
import threading
import time
import uuid
from collections import Counter

from servers import OPERATOR_TOKEN, Client

PASSWORD = "Correct-horse-7"
BETWEEN_WRITES = 0.15
BULK = 5
# What is answered under a key whose first answer is not there to be given again.
DONE_BEFORE = ("idempotency_answer_lost", "already_done")


class Figures:
    """What there was besides."""

    def __init__(self):
        self.no_answer, self.refused = 0, Counter()


class Ledger:
    """Who writes, and what is known of it."""

    def __init__(self, servers, balancer):
        # People come through the balancer and, so that each server has its share of what there is, to each of them.
        self.asked, self.figures, self.is_over, self.errors = [*servers, balancer], Figures(), threading.Event(), []
        self.lock, self.newest, self.counts = threading.Lock(), {}, Counter()
        self.threads = []
        self.client = Client(servers, 0, self.figures)
        self.token = self.sign_in(self.client, "owner@example.com")
        body = {"name": "Ledger", "slug": "ledger"}
        self.workspace = self.client.insist("POST", "/api/v1/workspaces", body, self.token, "workspace").body["id"]
        self.path = f"/api/v1/workspaces/{self.workspace}"
        self.kinds = [Creates(), Updates(), Bulks(), Deletes(), Registers(), Invites()]

    def sign_in(self, client, email):
        person = {"email": email, "password": PASSWORD}
        client.insist("POST", "/api/v1/auth/register", person)
        return client.insist("POST", "/api/v1/auth/login", person).body["access_token"]

    def start(self):
        """Two of each kind, which begin at different servers."""
        for number in range(2 * len(self.kinds)):
            kind = self.kinds[number // 2]
            client = Client(self.asked, number, self.figures)
            self.threads.append(threading.Thread(target=self.write, args=(kind, client), daemon=True))
            self.threads[-1].start()

    def write(self, kind, client):
        try:
            while not self.is_over.is_set():
                answer = kind.write(self, client)
                with self.lock:
                    self.counts[str(kind)] += 1
                    for what in (str(kind), answer.server.name):
                        self.newest[what] = max(answer.begun, self.newest.get(what, 0))
                time.sleep(BETWEEN_WRITES)
        except Exception as error:  # noqa: BLE001: it is the verdict
            self.errors.append(f"{kind}: {error!r}")

    def has_written_since(self, moment, *servers):
        """Whether each kind was written, and through each of these servers, by what was sent after that moment."""
        def look():
            if self.errors:
                raise AssertionError(self.errors)
            wanted = [str(kind) for kind in self.kinds] + [server.name for server in servers]
            return all(self.newest.get(what, 0) > moment for what in wanted)
        return look

    def finish(self):
        self.is_over.set()
        [thread.join() for thread in self.threads]

    def faults(self):
        """What is not as it was answered, by kind."""
        found = {}
        for line in self.client.insist("GET", f"{self.path}/artifacts/export", token=self.token).body.splitlines():
            artifact = json.loads(line)
            found.setdefault(artifact["name"], []).append(artifact["id"])
        return {str(kind): faults for kind in self.kinds if (faults := kind.faults(self, found))}

    def pages(self, path, token):
        """All items of a list."""
        cursor = ""
        while cursor is not None:
            page = self.client.insist("GET", f"{path}?limit=100{cursor and '&cursor=' + cursor}", token=token).body
            yield from page["items"]
            cursor = page.get("next_cursor")


class Kind:
    """A kind of write. `done` has what is certain: its name, and its id where that was answered."""

    def __init__(self):
        self.done = {}

    def __str__(self):
        return type(self).__name__.lower()

    @staticmethod
    def expect(answer, status, *done_before):
        """Whether it was answered. If not, it was done by an attempt before."""
        if answer.status == status:
            return True
        if answer.is_doubtful and answer.code() in done_before:
            return False
        raise AssertionError(f"{answer.status} {answer.body}")

    def once(self, found):
        """Each has to be there once, under the id that was answered."""
        return [
            f"{name}: {'lost' if not found.get(name) else 'twice' if len(found[name]) > 1 else 'another id'}"
            for name, id in self.done.items() if len(found.get(name, [])) != 1 or id not in (None, found[name][0])
        ]


class Creates(Kind):
    def write(self, ledger, client):
        name = f"create-{uuid.uuid4()}"
        answer = client.insist("POST", f"{ledger.path}/artifacts", {"name": name}, ledger.token, name)
        self.done[name] = answer.body["id"] if self.expect(answer, 201, *DONE_BEFORE) else None
        return answer

    def faults(self, _, found):
        return self.once(found)


class Updates(Kind):
    """Each client changes an artifact of its own, which counts how often it was changed."""

    def write(self, ledger, client):
        if not hasattr(client, "artifact"):
            name = f"update-{uuid.uuid4()}"
            client.artifact = client.insist("POST", f"{ledger.path}/artifacts", {"name": name}, ledger.token, name).body["id"]
            client.changes = 0
            self.done[client.artifact] = 0
        path = f"{ledger.path}/artifacts/{client.artifact}"
        current = client.insist("GET", path, token=ledger.token)
        assert current.status == 200 and (current.body["version"], current.body.get("description")) == (
            client.changes + 1, str(client.changes) if client.changes else None
        ), f"{client.changes} changes were answered, and it is {current.body}"
        change = {"description": str(client.changes + 1)}
        answer = client.insist("PUT", path, change, ledger.token, etag=current.etag)
        # With a doubtful attempt before, another tag says that it was done; the next look tells.
        if not (answer.status == 412 and answer.is_doubtful):
            self.expect(answer, 200)
        client.changes += 1
        self.done[client.artifact] = client.changes
        return answer

    def faults(self, ledger, _):
        faults = []
        for artifact, changes in self.done.items():
            history = ledger.pages(f"{ledger.path}/artifacts/{artifact}/history", ledger.token)
            seen = [version["artifact"].get("description") for version in history][::-1]
            if seen != [None] + [str(number) for number in range(1, changes + 1)]:
                faults.append(f"{artifact}: {changes} changes answered, and {seen[-3:]} is the end of {len(seen)} versions")
        return faults


class Bulks(Kind):
    def write(self, ledger, client):
        key = f"bulk-{uuid.uuid4()}"
        names = [f"{key}-{number}" for number in range(BULK)]
        body = {"operations": [{"op": "create", "name": name} for name in names], "atomic": True}
        answer = client.insist("POST", f"{ledger.path}/artifacts/bulk", body, ledger.token, key)
        if self.expect(answer, 200, *DONE_BEFORE):
            assert answer.body["succeeded"] == BULK, answer.body
        self.done |= dict.fromkeys(names)
        return answer

    def faults(self, _, found):
        return self.once(found)


class Deletes(Kind):
    def write(self, ledger, client):
        name = f"delete-{uuid.uuid4()}"
        made = client.insist("POST", f"{ledger.path}/artifacts", {"name": name}, ledger.token, name)
        if not self.expect(made, 201, *DONE_BEFORE):
            return made
        path = f"{ledger.path}/artifacts/{made.body['id']}"
        answer = client.insist("DELETE", path, token=ledger.token, etag=made.etag)
        if not (answer.is_doubtful and answer.status in (404, 412)):
            self.expect(answer, 204)
        self.done[name] = made.body["id"]
        return answer

    def faults(self, _, found):
        return [f"{name}: not deleted" for name in self.done if name in found]


class Registers(Kind):
    def write(self, ledger, client):
        email = f"{uuid.uuid4()}@example.com"
        answer = client.insist("POST", "/api/v1/auth/register", {"email": email, "password": PASSWORD})
        self.done[email] = answer.body["user_id"] if self.expect(answer, 201, "email_taken") else None
        return answer

    def faults(self, ledger, _):
        found = {}
        for account in ledger.pages("/api/v1/operator/accounts", OPERATOR_TOKEN):
            found.setdefault(account["email"], []).append(account["id"])
        return self.once(found)


class Invites(Kind):
    """People who are invited, and accept."""

    def __init__(self):
        super().__init__()
        self.unanswered = 0

    def write(self, ledger, client):
        key = f"invite-{uuid.uuid4()}"
        invitation = client.insist("POST", f"{ledger.path}/invitations", {"role": "member"}, ledger.token, key)
        if not self.expect(invitation, 201, *DONE_BEFORE):
            # Its token is not told twice: it stays as it is.
            self.unanswered += 1
            return invitation
        email = f"{key}@example.com"
        token = ledger.sign_in(client, email)
        body = {"token": invitation.body["token"]}
        answer = client.insist("POST", "/api/v1/auth/invitations/accept", body, token, key)
        self.expect(answer, 200, *DONE_BEFORE)
        self.done[email] = None
        return answer

    def faults(self, ledger, _):
        found = {}
        for member in ledger.client.insist("GET", f"{ledger.path}/members", token=ledger.token).body:
            found.setdefault(member["user_email"], []).append(member["user_id"])
        pending = len(ledger.client.insist("GET", f"{ledger.path}/invitations", token=ledger.token).body)
        extra = [f"{pending} invitations are pending, and not {self.unanswered}"] if pending != self.unanswered else []
        return self.once(found) + extra
