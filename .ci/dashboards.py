"""Checks that Grafana's own types can hold each dashboard, and that every panel says what it shows, and in what unit."""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(written, read, at=""):
    """What Grafana's types don't know, or take for something else."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            yield from lost(value, read[key], f"{at}/{key}") if key in read else [f"{at}/{key}"]
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for index, pair in enumerate(zip(written, read)):
            yield from lost(*pair, f"{at}/{index}")
    elif written != read:
        yield f"{at}: {written} is read as {read}"


def unsaid(panel):
    """What a panel does not tell its readers."""
    if not panel.get("description"):
        yield "a description"
    # A heatmap's scale is on its axis.
    if "unit" not in panel["fieldConfig"]["defaults"] and "yAxis" not in panel["options"]:
        yield "a unit"
    for target in panel["targets"]:
        if not target["legendFormat"] and panel["type"] != "table":
            yield f"a legend for {target['expr']}"


register_default_plugins()
findings, panels = [], 0
paths = sorted(Path("config/grafana/dashboards").glob("*.json"))
for path in paths:
    dashboard = json.loads(path.read_text())
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(dashboard)))
    findings += [f"{path.name}: Grafana does not know {finding}" for finding in lost(dashboard, read)]
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(ids)) < len(ids):
        findings.append(f"{path.name}: two panels have the same id")
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            panels += 1
            findings += [f"{path.name}: {panel['title']} lacks {lack}" for lack in unsaid(panel)]
if findings or not panels:
    sys.exit("\n".join(findings) or "there are no panels")
print(f"{panels} panels of {len(paths)} dashboards are as Grafana wants them")
