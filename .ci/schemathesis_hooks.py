"""What schemathesis can't know of the API: who signs in, which ids exist, and which rules OpenAPI has no words for.

One account owns a workspace with an artifact in it, and most requests are made by it and name them. What a request would
spoil for those that follow (a session, a workspace, an artifact) is made anew for each such request.
"""

import itertools
import os
import re
import uuid

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["GHOSTWORKS_URL"]
PASSWORD = "Uncommon-Passphrase-1"
TIMEOUT_SECONDS = 30
numbers = itertools.count()


class Account:
    """Someone who is signed in."""

    def __init__(self):
        self.token = None
        self.credentials = {"email": new_address(), "password": PASSWORD}
        self.id = self.post("/api/v1/auth/register", self.credentials)["user_id"]
        tokens = self.post("/api/v1/auth/login", self.credentials)
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    def post(self, path, body):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.post(URL + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def new_workspace(self):
        return self.post("/api/v1/workspaces", {"name": f"Workspace {next(numbers)}"})["id"]

    def new_artifact(self, workspace):
        body = {"name": f"Artifact {next(numbers)}", "tags": ["schemathesis"], "artifact_metadata": {"size": 1}}
        return self.post(f"/api/v1/workspaces/{workspace}/artifacts", body)["id"]


    def new_member(self, workspace):
        member = Account()
        self.post(f"/api/v1/workspaces/{workspace}/members", {"email": member.credentials["email"], "role": "member"})
        return member.id

    def new_api_key(self, workspace):
        body = {"name": f"Key {next(numbers)}", "scopes": ["artifacts:read"]}
        return self.post(f"/api/v1/workspaces/{workspace}/api-keys", body)["id"]


def new_address():
    return f"schemathesis-{next(numbers)}@example.com"


OWNER = Account()
WORKSPACE = OWNER.new_workspace()
# By the parameter that names it: one that is there, and how to make one that may be spoiled.
THINGS = {
    "workspace_id": (WORKSPACE, OWNER.new_workspace),
    "artifact_id": (OWNER.new_artifact(WORKSPACE), lambda: OWNER.new_artifact(WORKSPACE)),
    "user_id": (OWNER.new_member(WORKSPACE), lambda: OWNER.new_member(WORKSPACE)),
    "key_id": (OWNER.new_api_key(WORKSPACE), lambda: OWNER.new_api_key(WORKSPACE)),
}


@schemathesis.auth(refresh_interval=None)
class BearerToken:
    def get(self, case, _context):
        # What changes something below /auth may end the session it is asked in.
        may_end_session = case.operation.path.startswith("/api/v1/auth/") and case.operation.method != "get"
        return Account().token if may_end_session else OWNER.token

    def set(self, case, token, _context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def before_call(_context, case, _kwargs):
    if is_valid(case, ParameterLocation.PATH) and case.meta.phase.name != "stateful":
        name_what_exists(case)
    if is_valid(case, ParameterLocation.QUERY):
        # A cursor is what the page before says; nobody makes one up.
        case.query = {name: value for name, value in obey(case.query).items() if name != "cursor"}
    if is_valid(case, ParameterLocation.BODY):
        case.body = obey(case.body)
        say_who_is_there(case)


def is_valid(case, location):
    """Whether this part of the request is meant to be as the document says."""
    part = case.meta and case.meta.components.get(location)
    return part and part.mode.is_positive


def name_what_exists(case):
    """Puts ids that exist in place of three quarters of the made-up ones."""
    ids = case.path_parameters
    if any(uuid.UUID(id).int % 4 == 0 for id in ids.values()):
        return
    last = case.operation.path.rsplit("/", 1)[-1].strip("{}")
    spoiled = last if case.method == "DELETE" else None
    for name in ids:
        if name in THINGS:
            known, make = THINGS[name]
            ids[name] = make() if name == spoiled else known


def say_who_is_there(case):
    """Puts accounts and tokens that exist in place of three quarters of the made-up ones."""
    if not isinstance(case.body, dict) or next(numbers) % 4 == 0:
        return
    if case.operation.path == "/api/v1/auth/login":
        case.body |= OWNER.credentials
    elif case.operation.path == "/api/v1/auth/refresh":
        case.body["refresh_token"] = Account().refresh_token
    elif case.operation.path.endswith("/members"):
        case.body["email"] = Account().credentials["email"]


def obey(value):
    """The same, within the rules that the document has in words only."""
    if isinstance(value, list):
        return [obey(item) for item in value]
    if isinstance(value, dict):
        return {name: RULES.get(name, obey)(item) for name, item in value.items()}
    return value


def tags(values):
    # Letters and digits of any script; which those are, dialects of regular expressions don't agree on.
    def tag(text):
        return "".join(c if re.fullmatch("[0-9A-Za-z _-]", c) else "é" for c in text).strip()[:50] or "tag"

    return values and [tag(text) for text in values]


def metadata(pairs):
    # OpenAPI 3.0 can't say what the keys of an object are like.
    return pairs and {re.sub("[^0-9A-Za-z_.-]", "_", key)[:100] or "key": value for key, value in pairs.items()}


def address(_text):
    # Formats of addresses differ in what they let through; and an account must not be there yet.
    return new_address()


def password(text):
    # Of which kinds its characters must be is for the operator to choose.
    return (text + "Aa1!")[-128:]


def later(time):
    # A key must not be at its end when it is made.
    return time and "2999-12-31T00:00:00Z"


RULES = {
    "tags": tags,
    "artifact_metadata": metadata,
    "email": address,
    "password": password,
    "expires_at": later,
}
