"""What schemathesis can't know of the API: who signs in, which ids exist, and which rules OpenAPI has no words for.

One account owns a workspace with an artifact in it, and most requests are made by it and name them. What a request
would spoil for those that follow (a session, a workspace, an artifact) is made anew for each such request.
"""

import itertools
import json
import os
import re
import time
import unicodedata
import uuid
import zlib
from pathlib import Path

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["GHOSTWORKS_URL"]
OPERATOR_TOKEN = os.environ["OPERATOR_TOKEN"]
# Without a mail server, the links of letters go there.
LOG = Path(os.environ["GHOSTWORKS_LOG"])
PASSWORD = "Uncommon-Passphrase-1"
TIMEOUT_SECONDS = 30
LARGEST_WHOLE_NUMBER = 2**63 - 1
LARGEST_SORTED_OFFSET = 10_000
TIMES = ("created_after", "created_before", "since", "until")
FILLERS = "\u115f\u1160\u3164\uffa0"
numbers = itertools.count()


class Account:
    """Someone who is signed in."""

    def __init__(self):
        self.token = None
        self.credentials = {"email": new_address(), "password": PASSWORD}
        self.id = self.post("/api/v1/auth/register", self.credentials)["user_id"]
        tokens = self.post("/api/v1/auth/login", self.credentials)
        self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    def request(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.request(method, URL + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def post(self, path, body):
        return self.request("POST", path, body)

    def new_workspace(self):
        return self.post("/api/v1/workspaces", {"name": f"Workspace {next(numbers)}"})["id"]

    def new_shared_workspace(self):
        """One that another owns as well."""
        workspace = self.new_workspace()
        member = self.new_member(workspace)
        self.request("PUT", f"/api/v1/workspaces/{workspace}/members/{member}/role", {"role": "owner"})
        return workspace

    def new_artifact(self, workspace):
        body = {"name": f"Artifact {next(numbers)}", "tags": ["schemathesis"], "artifact_metadata": {"size": 1}}
        return self.post(f"/api/v1/workspaces/{workspace}/artifacts", body)["id"]

    def new_trash(self, workspace):
        artifact = self.new_artifact(workspace)
        self.request("DELETE", f"/api/v1/workspaces/{workspace}/artifacts/{artifact}")
        return artifact

    def new_member(self, workspace):
        member = Account()
        self.post(f"/api/v1/workspaces/{workspace}/members", {"email": member.credentials["email"], "role": "member"})
        return member.id

    def new_api_key(self, workspace):
        body = {"name": f"Key {next(numbers)}", "scopes": ["artifacts:read"]}
        return self.post(f"/api/v1/workspaces/{workspace}/api-keys", body)["id"]

    def new_invitation(self, workspace):
        return self.post(f"/api/v1/workspaces/{workspace}/invitations", {"role": "member"})

    def session(self):
        return self.request("GET", "/api/v1/auth/sessions")[0]["id"]


def new_address():
    return f"schemathesis-{next(numbers)}@example.com"


def token_of_letter(path, ask=None):
    """The token of the letter that someone new is sent: for having registered, or once they asked for it."""
    before = LOG.stat().st_size
    account = Account()
    if ask:
        account.post(ask, {"email": account.credentials["email"]})
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with LOG.open() as log:
            log.seek(before)
            tokens = re.findall(f"{path}[?]token=([^\"\\s]+)", log.read())
        if tokens:
            return tokens[-1]
        time.sleep(0.01)
    raise RuntimeError(f"no letter with a link to {path}")


OWNER = Account()
WORKSPACE = OWNER.new_workspace()
# What is asked with the operator's token.
FOR_OPERATORS = (
    "/api/v1/system/backup",
    "/api/v1/system/log",
    "/api/v1/system/metrics/",
    "/api/v1/system/traces",
    "/api/v1/operator/",
)

# By the parameter that names it: one that is there, and how to make one that may be spoiled.
THINGS = {
    "workspace_id": (WORKSPACE, OWNER.new_workspace),
    "artifact_id": (OWNER.new_artifact(WORKSPACE), lambda: OWNER.new_artifact(WORKSPACE)),
    "user_id": (OWNER.new_member(WORKSPACE), lambda: OWNER.new_member(WORKSPACE)),
    "invitation_id": (OWNER.new_invitation(WORKSPACE)["id"], lambda: OWNER.new_invitation(WORKSPACE)["id"]),
    "key_id": (OWNER.new_api_key(WORKSPACE), lambda: OWNER.new_api_key(WORKSPACE)),
}


@schemathesis.auth(refresh_interval=None)
class BearerToken:
    def get(self, case, _context):
        # What changes something below /auth may end the session it is asked in.
        may_end_session = case.operation.path.startswith("/api/v1/auth/") and case.operation.method != "get"
        return Account() if may_end_session else OWNER

    def set(self, case, account, _context):
        is_for_operator = case.operation.path.startswith(FOR_OPERATORS)
        case.headers["Authorization"] = f"Bearer {OPERATOR_TOKEN if is_for_operator else account.token}"
        if "session_id" in case.path_parameters and is_valid(case, ParameterLocation.PATH):
            case.path_parameters["session_id"] = account.session()


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    return json.dumps(value).encode() + b"\n"


@schemathesis.hook
def before_call(_context, case, _kwargs):
    if is_valid(case, ParameterLocation.PATH) and case.meta.phase.name != "stateful":
        name_what_exists(case)
    spare_the_workspace(case)
    is_of_account = case.operation.path.startswith("/api/v1/operator/accounts/") and case.method != "GET"
    if is_of_account and case.path_parameters.get("user_id") == OWNER.id:
        # The one that all else is asked with stays.
        case.path_parameters["user_id"] = THINGS["user_id"][0]
    if is_valid(case, ParameterLocation.QUERY):
        # A cursor is what the page before says; nobody makes one up.
        case.query = {name: value for name, value in obey(case.query).items() if name != "cursor"}
        if case.operation.path == "/api/v1/auth/verify-email":
            case.query["verification_token"] = token_of_letter("verify-email")
    else:
        case.query = {name: no_time(value) if name in TIMES else value for name, value in case.query.items()}
    if is_valid(case, ParameterLocation.HEADER) and "Idempotency-Key" in (case.headers or {}):
        # A key is for one request, and made-up ones come again.
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if is_valid(case, ParameterLocation.BODY):
        case.body = obey(case.body)
        say_who_is_there(case)
    elif isinstance(case.body, dict):
        case.body = {name: no_blanks(value) for name, value in case.body.items()}


def no_time(value):
    """Something else for a number, which older clients send as a time: seconds since 1970."""
    return "no time" if re.fullmatch("-?[0-9.]+", str(value)) else value


def no_blanks(value):
    """The same length without blanks at the ends, which are not counted: what is too long stays so."""
    return value.strip().ljust(len(value), "*") if isinstance(value, str) and len(value) > 100 else value


def is_valid(case, location):
    """Whether this part of the request is meant to be as the document says."""
    # What is an example, or is not there, has no mode.
    part = case.meta.components.get(location)
    return part is None or part.mode.is_positive


def name_what_exists(case):
    """Puts ids that exist in place of made-up ones; when there are many requests, not of all."""
    ids = case.path_parameters
    if case.meta.phase.name == "fuzzing" and any(zlib.crc32(str(id).encode()) % 8 == 0 for id in ids.values()):
        return
    last = case.operation.path.rsplit("/", 1)[-1].strip("{}")
    spoiled = last if case.method == "DELETE" else None
    for name in ids:
        if name in THINGS:
            known, make = THINGS[name]
            ids[name] = make() if name == spoiled else known
    if last == "restore":
        ids["artifact_id"] = OWNER.new_trash(ids["workspace_id"])


def spare_the_workspace(case):
    """The workspace that all else is in stays as it is, and its owner in it."""
    ids, path = case.path_parameters or {}, case.operation.path
    if ids.get("workspace_id") != WORKSPACE:
        return
    is_end = case.method == "DELETE" and path.endswith("{workspace_id}")
    if path.endswith("/leave"):
        ids["workspace_id"] = OWNER.new_shared_workspace()
    elif is_end or path.endswith(("/suspend", "/quotas")):
        ids["workspace_id"] = OWNER.new_workspace()


def say_who_is_there(case):
    """Puts accounts and tokens that exist in place of made-up ones."""
    if not isinstance(case.body, dict):
        return
    if case.operation.path == "/api/v1/auth/login":
        # Of many sessions of one account, the one unused longest ends.
        case.body |= Account().credentials
    elif case.operation.path in ("/api/v1/auth/refresh", "/api/v1/auth/logout"):
        # Tokens that were seen in answers are tried, and some are the owner's.
        case.body["refresh_token"] = Account().refresh_token
    elif case.operation.path == "/api/v1/auth/password/reset":
        case.body["token"] = token_of_letter("reset-password", ask="/api/v1/auth/password/forgot")
    elif case.operation.path == "/api/v1/auth/invitations/accept":
        case.body["token"] = OWNER.new_invitation(WORKSPACE)["token"]
    elif case.operation.path == "/api/v1/auth/register" and case.body.get("invitation") is not None:
        case.body["invitation"] = OWNER.new_invitation(WORKSPACE)["token"]
    elif case.operation.path.endswith("/transfer"):
        # The workspace that all else is in stays the owner's.
        workspace = OWNER.new_workspace()
        case.path_parameters["workspace_id"] = workspace
        case.body["user_id"] = OWNER.new_member(workspace)
    elif case.operation.path.endswith("/invitations"):
        # Without an address, it makes members only.
        case.body["role"] = "member"
    elif case.operation.path.endswith("/log-level") and case.body.get("level") in ("error", "warn"):
        # E-mails are read in the log.
        case.body["level"] = "info"
    elif case.operation.path.endswith("/read-only") and "read_only" in case.body:
        # Everything else writes.
        case.body["read_only"] = False
    elif case.operation.path.startswith("/api/v1/auth/me"):
        case.body["current_password"] = PASSWORD
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


def name(text):
    # All of it can be seen, and patterns can't say what can.
    return text and "".join(c if c.isascii() or unicodedata.category(c)[0] in "LN" and c not in FILLERS else "é" for c in text)


def metadata(pairs):
    # OpenAPI 3.0 can't say what the keys of an object are like.
    return pairs and {re.sub("[^0-9A-Za-z_.-]", "_", key)[:100] or "key": numbers_that_fit(pairs[key]) for key in pairs}


def numbers_that_fit(value):
    # OpenAPI 3.0 can't say that whole numbers alone are limited.
    if isinstance(value, list):
        return [numbers_that_fit(item) for item in value]
    if isinstance(value, dict):
        return {name: numbers_that_fit(item) for name, item in value.items()}
    is_too_large = isinstance(value, int) and not -LARGEST_WHOLE_NUMBER <= value <= LARGEST_WHOLE_NUMBER
    return float(value) if is_too_large else value


def address(_text):
    # Formats of addresses differ in what they let through; and an account must not be there yet.
    return new_address()


def password(text):
    # Of which kinds its characters must be is for the operator to choose.
    return text and (text + "Aa1!")[-128:]


def heir(text):
    # Someone who is there, for what a deleted account leaves.
    return None if text is None else OWNER.credentials["email"]


def current_password(_text):
    return PASSWORD


def later(end):
    # A key must not be at its end when it is made.
    return end and "2999-12-31T00:00:00Z"


def offset(number):
    # How far one may go depends on the order.
    return min(int(number), LARGEST_SORTED_OFFSET)


def version(number):
    # The format uint64 is not known to everyone.
    return number and min(int(number), LARGEST_WHOLE_NUMBER)


RULES = {
    "name": name,
    "first_name": name,
    "last_name": name,
    "tags": tags,
    "tags_all": tags,
    "tags_none": tags,
    "artifact_metadata": metadata,
    "settings": numbers_that_fit,
    "email": address,
    "new_email": address,
    "transfer_to": heir,
    "password": password,
    "new_password": password,
    "current_password": current_password,
    "expires_at": later,
    "offset": offset,
    "version": version,
}
