"""Checks Grafana's provisioning: that Grafana would take the files, and that they fit what config/compose.yaml starts."""

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator

CONFIG = Path("config")
SCHEMA = yaml.safe_load(Path(".ci/provisioning.schema.yaml").read_text())
SERVICES = yaml.safe_load((CONFIG / "compose.yaml").read_text())["services"]
GRAFANA = SERVICES["grafana"]
# Where the instruments have exemplars.
WITH_EXEMPLARS = ("http_request_duration_seconds_bucket", "http_server_request_duration_seconds_bucket")


def read(kind):
    """All entries of a kind, once each file has been found to be right."""
    entries = []
    for path in sorted((CONFIG / "grafana/provisioning" / kind).glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        validator = Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{kind}"})
        for error in validator.iter_errors(document):
            sys.exit(f"{path}: {error.json_path}: {error.message}")
        entries += document["datasources" if kind == "datasources" else "providers"]
    return entries


def here(path):
    """The file or directory that is mounted there."""
    for volume in GRAFANA["volumes"]:
        source, target, *_ = volume.split(":")
        if Path(path).is_relative_to(target):
            return CONFIG / source / Path(path).relative_to(target)
    return sys.exit(f"nothing is mounted at {path} for Grafana")


def container_ports(service):
    return {int(port.split(":")[-1]) for port in service["ports"]}


def check_datasources(datasources):
    kinds = {datasource["uid"]: datasource["type"] for datasource in datasources}
    if len(kinds) < len(datasources) or sum(datasource.get("isDefault", False) for datasource in datasources) != 1:
        sys.exit("two data sources share an uid, or there is not one default")
    for datasource in datasources:
        address = urlsplit(datasource["url"])
        if address.port not in container_ports(SERVICES.get(address.hostname, {"ports": []})):
            sys.exit(f"compose.yaml has nothing at {datasource['url']}")
        for link in datasource.get("jsonData", {}).get("exemplarTraceIdDestinations", []):
            if kinds.get(link.get("datasourceUid")) != "jaeger":
                sys.exit(f"{datasource['name']}: exemplars lead to no Jaeger: {link}")
    if not any(datasource.get("jsonData", {}).get("exemplarTraceIdDestinations") for datasource in datasources):
        sys.exit("exemplars lead nowhere")


def check_exemplars(path):
    """Each panel of a latency with exemplars shows them."""
    for panel in json.loads(path.read_text())["panels"]:
        targets = panel.get("targets", [])
        has_them = any(metric in target["expr"] for target in targets for metric in WITH_EXEMPLARS)
        if has_them and not any(target.get("exemplar") for target in targets):
            sys.exit(f"{path}: {panel['title']} does not show exemplars")


def main():
    datasources, providers = read("datasources"), read("dashboards")
    check_datasources(datasources)
    dashboards = [path for provider in providers for path in here(provider["options"]["path"]).glob("*.json")]
    if not dashboards or not here(GRAFANA["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).is_file():
        sys.exit("there are no dashboards, or not the first that is shown")
    for path in dashboards:
        check_exemplars(path)
    print(f"Grafana takes {len(datasources)} data sources and {len(dashboards)} dashboards as provisioned")


main()
