"""Asks a Prometheus every query of the dashboards, the alerts and the recording rules, and fails on each without data.

Every metric that is scraped must be asked for by something.

Usage: queries.py ADDRESS   (of a Prometheus that scrapes a ghostworks in use every second)

An alert asks for what is hoped never to be. Of a comparison, therefore, each side is asked, and of `and`, `or` and
`unless` too: what they compare must exist.
"""

import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import promql_parser as promql
import yaml

PATIENCE_SECONDS = 40
COMPARISONS_AND_SETS = {"==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"}
VARIABLES = {"$job": "ghostworks", "$instance": ".*", "$tenant": ".*"}
# What dashboards ask for that were made before this server.
OLDER = """
sum(rate(artifacts_created_total[5m])) by (tenant_id, artifact_type)
sum(rate(auth_attempts_total{success="true"}[5m])) by (method)
sum(rate(authentication_attempts_total{success="false"}[5m])) by (method)
sum(rate(workspace_operations_total[5m])) by (operation, tenant_id)
histogram_quantile(0.95, sum(rate(artifact_operation_duration_seconds_bucket[5m])) by (le, operation))
sum by (tenant_id) (artifact_operation_duration_seconds_count)
rate(user_registrations_total[5m])
histogram_quantile(0.95, sum(rate(artifact_search_duration_seconds_bucket[5m])) by (le, tenant_id))
sum(rate(http_requests_total[5m])) by (method, endpoint, status_code)
sum(rate(http_requests_total{status_code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))
histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[5m])) by (le, endpoint))
sum(http_requests_in_progress) by (method, endpoint)
histogram_quantile(0.99, sum(rate(http_server_request_duration_seconds_bucket[5m])) by (le, http_route))
sum(http_server_active_requests) by (http_request_method)
histogram_quantile(0.95, sum(rate(database_query_duration_seconds_bucket[5m])) by (le, operation))
database_connections_active
ghostworks_api_info{version!="", environment!=""}
target_info{service_name="ghostworks-api", service_namespace="ghostworks"}
"""


def dashboard_queries(path):
    dashboard = json.loads(path.read_text())
    for panel in dashboard["panels"]:
        for nested in [panel, *panel.get("panels", [])]:
            for target in nested.get("targets", []):
                yield f"{path.name}: {nested['title']}", target["expr"], True
    for annotation in dashboard["annotations"]["list"]:
        yield f"{path.name}: {annotation['name']}", annotation["expr"], False
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            labelled = re.fullmatch(r"label_values\((.*), \w+\)", variable["query"]["query"])[1]
            yield f"{path.name}: ${variable['name']}", labelled, True


def rule_queries(path):
    for group in yaml.safe_load(path.read_text())["groups"]:
        for rule in group["rules"]:
            if "alert" in rule and set(rule["annotations"]) != {"summary", "description", "action"}:
                sys.exit(f"{rule['alert']}: needs a summary, a description and an action")
            yield f"{path.name}: {rule.get('alert') or rule['record']}", rule["expr"], "record" in rule


def with_short_windows(query):
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    return re.sub(r"\[(\d+[smhd]|\$__\w+)\]", "[10s]", query)


def children(expression):
    match expression:
        case promql.BinaryExpr():
            return [expression.lhs, expression.rhs]
        case promql.Call():
            return expression.args
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr():
            return [expression.expr]
        case _:
            return []


def decides(expression):
    """Whether there is a comparison or a set operation in it, which may well have no result."""
    is_one = isinstance(expression, promql.BinaryExpr) and str(expression.op) in COMPARISONS_AND_SETS
    return is_one or any(map(decides, children(expression)))


def selects(expression):
    """Whether it is about any series, and not a constant."""
    is_one = isinstance(expression, (promql.VectorSelector, promql.MatrixSelector))
    return is_one or any(map(selects, children(expression)))


def underlying(expression):
    """The largest parts of it that must have data."""
    if not selects(expression):
        return []
    if not decides(expression):
        return [str(expression)]
    return [part for child in children(expression) for part in underlying(child)]


def ask(prometheus, endpoint, **parameters):
    url = f"{prometheus}/api/v1/{endpoint}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)["data"]


def has_data(prometheus, query):
    result = ask(prometheus, "query", query=query)["result"]
    return any(not math.isnan(float(series["value"][1])) for series in result)


def main():
    queries = [*rule_queries(Path("config/prometheus/alerts.yml"))]
    for path in sorted(Path("config/grafana/dashboards").glob("*.json")):
        queries += dashboard_queries(path)
    queries += [("an older dashboard", query, True) for query in OLDER.strip().splitlines()]
    # Each query, and who asks it.
    pending = {}
    for asker, query, as_it_is in queries:
        query = with_short_windows(query)
        parts = underlying(promql.parse(query))
        for part in parts + [query] * as_it_is:
            pending.setdefault(part, asker)
    count, deadline = len(pending), time.monotonic() + PATIENCE_SECONDS
    while pending and time.monotonic() < deadline:
        pending = {query: asker for query, asker in pending.items() if not has_data(sys.argv[1], query)}
        time.sleep(0.5)
    for query, asker in pending.items():
        print(f"{asker}: no data for {query}", file=sys.stderr)
    if pending:
        sys.exit(f"{len(pending)} of {count} queries have no data")
    unseen = [metric for metric in ask(sys.argv[1], "metadata") if not any(metric in query for _, query, _ in queries)]
    if unseen:
        sys.exit(f"nobody asks for {unseen}: add a panel")
    print(f"Prometheus has data for {len(queries)} queries of dashboards and rules, {count} with their parts")


main()
