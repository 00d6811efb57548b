"""Prints what the licences of the crates ask to be passed on with the program: the files of notices and licences that each of
them has, every text once, and whose it is.

Usage: cargo metadata --locked --format-version 1 | python3 .ci/notices.py TREE
  TREE: what is in the program, a crate and its version a line, as cargo tree prints them
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

NAMES = ("licen", "copying", "notice", "copyright", "unlicense")


def notices(package):
    folder = Path(package["manifest_path"]).parent
    found = {path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(NAMES)}
    named = package.get("license_file")
    if named and (folder / named).is_file():
        found.add(folder / named)
    return sorted(found)


def main():
    linked = {tuple(line.split()[:2]) for line in open(sys.argv[1]) if line.strip()}
    packages = [it for it in json.load(sys.stdin)["packages"] if (it["name"], "v" + it["version"]) in linked and it["source"]]
    texts, crates = defaultdict(list), []
    for package in sorted(packages, key=lambda it: (it["name"], it["version"])):
        crate = f"{package['name']} {package['version']}"
        if not package.get("license") and not notices(package):
            sys.exit(f"{crate} says nothing about its licence")
        crates.append(f"{crate}: {package.get('license') or 'see below'}")
        for path in notices(package):
            texts[path.read_text(errors="replace").strip()].append(f"{crate} ({path.name})")
    print("What others wrote that is in ghostworks, and on what terms. Where a crate gives a choice, Apache-2.0 or MIT is taken.\n")
    print("\n".join(crates))
    for text, whose in sorted(texts.items(), key=lambda it: it[1]):
        print(f"\n{'=' * 80}\n" + "\n".join(whose) + f"\n{'-' * 80}\n{text}")


main()
