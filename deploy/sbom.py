"""What the portal is made of, as CycloneDX 1.5 (`make sbom`): from the lock, offline. `python deploy/sbom.py LOCK OUT`."""

from __future__ import annotations

import json
import re
import sys
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

_LINE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> list[dict[str, Any]]:
    """One component a package of the lock, with the hashes of the files it may be installed from, and its licence where it is installed here."""
    found: list[dict[str, Any]] = []
    for line in lock.splitlines():
        package = _LINE.match(line)
        if package:
            purl = f"pkg:pypi/{package['name'].lower().replace('_', '-')}@{package['version']}"
            found.append(
                {"type": "library", "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl, **_licence(package["name"])}
            )
            if package["marker"]:
                found[-1]["properties"] = [{"name": "onedoor:only-where", "value": package["marker"].strip()}]
        for digest in _HASH.findall(line):
            found[-1].setdefault("externalReferences", []).append(
                {"type": "distribution", "url": found[-1]["purl"], "hashes": [{"alg": "SHA-256", "content": digest}]}
            )
    return found


def _licence(name: str) -> dict[str, Any]:
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return {}
    if told.get("License-Expression"):
        return {"licenses": [{"expression": told["License-Expression"]}]}
    names = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or [] if one.startswith("License ::")]
    return {"licenses": [{"license": {"name": one}} for one in names]} if names else {}


def sbom(lock: str) -> dict[str, Any]:
    """The document; the same lock gives the same."""
    parts = components(lock)
    own = {"type": "application", "bom-ref": "onedoor", "name": "onedoor", "version": version("onedoor")}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, sha256(lock.encode()).hexdigest())}",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [{"ref": "onedoor", "dependsOn": [one["bom-ref"] for one in parts]}],
    }


if __name__ == "__main__":
    source, out = map(Path, sys.argv[1:3])
    out.parent.mkdir(exist_ok=True)
    made = sbom(source.read_text("utf-8"))
    out.write_text(json.dumps(made, indent=1) + "\n")
    print(f"{out}: {len(made['components'])} packages")  # noqa: T201  # a command
