"""Judges a report of sslyze: that every look succeeded, and what each must have found.

Usage: sslyze.py REPORT AUTHORITY (the PEM file of whom the certificate is from)
"""

import json
import sys
from pathlib import Path

PROTOCOLS = {"ssl_2_0": False, "ssl_3_0": False, "tls_1_0": False, "tls_1_1": False, "tls_1_2": True, "tls_1_3": True}
# What each look must have found. They are sslyze's own names.
EXPECTED = {
    "tls_compression": {"supports_compression": False},
    "tls_1_3_early_data": {"supports_early_data": False},
    "openssl_ccs_injection": {"is_vulnerable_to_ccs_injection": False},
    "tls_fallback_scsv": {"supports_fallback_scsv": True},
    "heartbleed": {"is_vulnerable_to_heartbleed": False},
    "robot": {"robot_result": "NOT_VULNERABLE_RSA_NOT_SUPPORTED"},
    "session_renegotiation": {"supports_secure_renegotiation": True, "is_vulnerable_to_client_renegotiation_dos": False},
    "tls_extended_master_secret": {"supports_ems_extension": True},
}
CURVES = {"X25519", "secp256r1", "secp384r1"}
LEAST_HSTS_SECONDS = 180 * 24 * 3600


def ciphers_that_are_weak(version, found):
    """Those that are not ephemeral, not authenticated with the data, or have a key that is too short."""
    for accepted in found["accepted_cipher_suites"]:
        suite = accepted["cipher_suite"]
        is_ephemeral = version == "tls_1_3" or suite["name"].startswith("TLS_ECDHE_")
        is_authenticated = "_GCM_" in suite["name"] or "_POLY1305_" in suite["name"]
        if not is_ephemeral or not is_authenticated or suite["is_anonymous"] or suite["key_size"] < 128:
            yield suite["name"]


def findings(results, authority):
    for version, is_spoken in PROTOCOLS.items():
        found = results[f"{version}_cipher_suites"]
        if found["is_tls_version_supported"] != is_spoken:
            yield f"{version} is {'not ' if is_spoken else ''}spoken"
        yield from (f"{version} with {name}" for name in ciphers_that_are_weak(version, found))
    for look, expected in EXPECTED.items():
        for name, value in expected.items():
            if results[look][name] != value:
                yield f"{look}: {name} is {results[look][name]}, not {value}"
    curves = {curve["name"] for curve in results["elliptic_curves"]["supported_curves"]}
    if not curves or not curves <= CURVES:
        yield f"curves: {sorted(curves)}"
    header = results["http_headers"]["strict_transport_security_header"]
    if not header or header["max_age"] < LEAST_HSTS_SECONDS:
        yield f"Strict-Transport-Security: {header}"
    for deployment in results["certificate_info"]["certificate_deployments"]:
        trusted_by = {path["trust_store"]["path"]: path["was_validation_successful"] for path in deployment["path_validation_results"]}
        if not trusted_by.get(authority):
            yield f"the certificate is not trusted: {trusted_by}"
        if not deployment["received_chain_has_valid_order"]:
            yield "the chain is not in order"


def main():
    report, authority = sys.argv[1:]
    servers = json.loads(Path(report).read_text())["server_scan_results"]
    if not servers:
        sys.exit("sslyze.py: nothing was scanned")
    failed = False
    for server in servers:
        looks = server["scan_result"]
        undone = {name: look["error_reason"] for name, look in looks.items() if look["status"] != "COMPLETED"}
        found = [f"not looked at: {undone}"] if undone else findings({name: look["result"] for name, look in looks.items()}, authority)
        for finding in found:
            failed = True
            print(f"sslyze.py: {finding}", file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
