"""Compares the spans that a collector (rotel, with a detailed debug log) printed with what ghostworks promises.

Usage: spans.py LOG   (after everyday.py was at work)
"""

import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

CALLER = "00f067aa0ba902b7"
WORKSPACE = "/api/v1/workspaces/{workspace_id}"
ARTIFACT = WORKSPACE + "/artifacts/{artifact_id}"
# What everyday.py does, as the three floors of a trace.
FLOORS = [
    ("POST /api/v1/auth/register", "auth.register", "insert users"),
    ("POST /api/v1/auth/login", "auth.login", "insert sessions"),
    ("POST /api/v1/auth/refresh", "auth.refresh", "update sessions"),
    ("POST /api/v1/workspaces", "workspace.create", "insert workspaces"),
    (f"POST {WORKSPACE}/artifacts", "artifact.create", "insert artifacts"),
    (f"GET {WORKSPACE}/artifacts", "artifact.list", "list artifacts"),
    (f"GET {WORKSPACE}/artifacts", "artifact.search", "search artifacts"),
    (f"GET {WORKSPACE}/artifacts", "artifact.search", "get artifacts"),
    (f"PATCH {ARTIFACT}", "artifact.update", "update artifacts"),
    (f"GET {ARTIFACT}", "artifact.get", "get artifacts"),
    (f"DELETE {ARTIFACT}", "artifact.delete", "delete artifacts"),
]
# What it does badly, and how that is told.
FAILURES = [
    ("auth.login", "wrong_password", False),
    ("auth.login", "overloaded", True),
    ("auth.refresh", "unknown_token", False),
    ("artifact.get", "artifact_not_found", False),
    ("artifact.create", "validation", False),
]
RESOURCE = {
    "service.name": "ghostworks-api",
    "service.namespace": "ghostworks",
    "service.version": None,
    "service.instance.id": None,
    "deployment.environment.name": "development",
    "deployment.environment": "development",
    "host.name": None,
    "process.pid": None,
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.language": "rust",
    "telemetry.sdk.version": None,
}
SERVER = {
    "http.request.method", "url.path", "url.scheme", "http.route", "http.response.status_code", "server.address",
    "server.port", "client.address", "network.protocol.version", "user_agent.original",
}
CLIENT = {"http.request.method", "http.response.status_code", "server.address", "server.port", "url.full"}
LISTING = {
    "artifact.query.present", "artifact.query.length", "artifact.tag_count", "artifact.sort", "artifact.limit",
    "artifact.offset", "artifact.result_count", "artifact.total",
}
WRITING = {f"ghostworks.storage.{figure}" for figure in ("queue_seconds", "commit_seconds", "group_size")}
SECRETS = re.compile(r"@example\.com|Passphrase|gwk_|eyJ[\w-]+\.")


@dataclass
class Span:
    resource: dict
    fields: dict = field(default_factory=dict)
    attributes: dict = field(default_factory=dict)

    @property
    def name(self):
        return self.fields["Name"]

    @property
    def kind(self):
        return self.fields["Kind"].removeprefix("SPAN_KIND_")

    @property
    def parent(self):
        return self.fields["Parent ID"]

    @property
    def is_error(self):
        return self.fields["Status code"] == "STATUS_CODE_ERROR"


def read(log):
    """All spans of the log."""
    spans, resource, target = [], {}, {}
    for line in log.splitlines():
        if line.startswith("Resource attributes:"):
            target = resource = {}
        elif re.match(r"Span #\d+", line):
            spans.append(Span(resource))
            target = spans[-1].attributes
        elif attribute := re.match(r" +-> (\S+): \w+\((.*)\)$", line):
            target[attribute[1]] = attribute[2]
        elif spans and (found := re.match(r" +(\w[\w ]*?) *: ?(.*)$", line)):
            spans[-1].fields[found[1]] = found[2]
    return spans


def check(holds, message, span):
    if not holds:
        sys.exit(f"{message}: {span}")


def check_server(span):
    attributes = span.attributes
    missing = SERVER - attributes.keys()
    check(not missing, f"without {missing}", span)
    check(span.name == f"{attributes['http.request.method']} {attributes['http.route']}", "a wrong name", span)
    is_fault = attributes["http.response.status_code"].startswith("5")
    check(span.is_error == is_fault, "a status that does not fit the answer", span)
    check(("error.type" in attributes) == is_fault, "an error.type that does not fit the answer", span)
    is_called = attributes["user_agent.original"].startswith("Python")
    check(span.parent == (CALLER if is_called else ""), "not the caller's", span)


def check_client(span):
    missing = CLIENT - span.attributes.keys()
    check(not missing, f"without {missing}", span)
    check(span.name == span.attributes["http.request.method"], "a wrong name", span)


def check_storage(span):
    attributes = span.attributes
    is_search = attributes["db.operation.name"] == "search"
    system = "tantivy" if is_search else "redb"
    check(span.kind == "INTERNAL" and attributes["db.system.name"] == system, "not one of the database", span)
    check(("ghostworks.search.wait_seconds" in attributes) == is_search, "not as long as it waited", span)
    check(span.name == f"{attributes['db.operation.name']} {attributes['db.collection.name']}", "a wrong name", span)
    if attributes["db.operation.name"] in ("insert", "update", "delete") and not span.is_error:
        missing = WRITING - attributes.keys()
        check(not missing, f"without {missing}", span)


def check_business(span, parent):
    attributes = span.attributes
    check(span.kind == "INTERNAL" and parent.kind == "SERVER", "not inside a request", span)
    has_failed = attributes["operation.success"] == "false"
    check(span.is_error == has_failed, "a status that does not fit its success", span)
    for attribute in ("error.type", "error.message"):
        check((attribute in attributes) == has_failed, f"{attribute} does not fit its success", span)
    needed = set()
    if not has_failed:
        needed |= {"user.id"}
        needed |= {"tenant.id"} if span.name.split(".")[0] in ("artifact", "workspace") else set()
        needed |= LISTING if span.name in ("artifact.list", "artifact.search") else set()
        needed |= {"auth.method"} if span.name in ("auth.login", "auth.refresh") else set()
    check(needed <= attributes.keys(), f"without {needed - attributes.keys()}", span)


def main():
    log = Path(sys.argv[1]).read_text()
    spans = read(log)
    by_id = {span.fields["ID"]: span for span in spans}
    floors, failures, seen = set(), set(), defaultdict(int)
    for span in spans:
        seen[span.kind] += 1
        for attribute, value in RESOURCE.items():
            there = span.resource.get(attribute)
            check(there if value is None else there == value, f"{attribute} of its resource is {there}", span.name)
        parent = by_id.get(span.parent)
        if span.kind == "SERVER":
            check_server(span)
            continue
        if span.name.startswith("background "):
            check(span.parent == "", "not a trace of its own", span)
            continue
        check(parent, "an orphan", span)
        check(parent.fields["Trace ID"] == span.fields["Trace ID"], "in another trace than its parent", span)
        if span.kind == "CLIENT":
            check_client(span)
        elif "db.system.name" in span.attributes:
            check_storage(span)
            if parent.kind == "INTERNAL" and parent.attributes.get("operation.success") == "true":
                floors.add((by_id[parent.parent].name, parent.name, span.name))
        else:
            check_business(span, parent)
            if span.is_error:
                failures.add((span.name, span.attributes["error.type"], parent.is_error))
    for missing in [*(set(FLOORS) - floors), *(set(FAILURES) - failures)]:
        sys.exit(f"nothing was traced as {missing}; but {sorted(failures)}, {sorted(floors)}")
    check(seen["CLIENT"], "no call to another service", dict(seen))
    secret = SECRETS.search(log)
    check(not secret, "a secret was exported", secret)
    print(f"{len(spans)} spans are as promised")


main()
