"""Known weaknesses of what the portal is made of (`make audit`), by pip-audit. Exit status 0: none known; 1: some; 2: unknown, which is never taken for none.

pip-audit needs its data from the network, and ends well where it audited nothing: so what it says counts only where it names every package of the lock.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

NONE, SOME, UNKNOWN = 0, 1, 2


def judged(lock: str, said: str) -> tuple[int, str]:
    """Exit status, and a sentence. `said`: pip-audit's JSON."""
    wanted = {name.lower().replace("_", "-") for name in re.findall(r"^([A-Za-z0-9._-]+)==[^;\n]*$", lock, re.MULTILINE)}
    try:
        told = {one["name"].lower().replace("_", "-"): one for one in json.loads(said)["dependencies"]}
    except (ValueError, KeyError, TypeError):
        return UNKNOWN, "unknown: pip-audit told nothing that can be read; it needs the network"
    weak = sorted(f"{name} {one['version']}: {', '.join(found['id'] for found in one['vulns'])}" for name, one in told.items() if one.get("vulns"))
    if weak:
        return SOME, "weaknesses are known:\n" + "\n".join(weak)
    missing = sorted(wanted - {name for name, one in told.items() if "vulns" in one})
    if missing or not wanted:
        return UNKNOWN, f"unknown: {len(missing)} of {len(wanted)} packages were not audited ({', '.join(missing[:5])} ...)"
    return NONE, f"{len(wanted)} packages audited, no weakness known"


def main(lock: Path) -> int:
    """Audits the lock and says what came of it."""
    tool = shutil.which("pip-audit")
    if tool is None:
        print("unknown: pip-audit is not installed here (`pipx install pip-audit`), so nothing was audited")  # noqa: T201  # a command
        return UNKNOWN
    done = subprocess.run([tool, "--strict", "--disable-pip", "--require-hashes", "-f", "json", "-r", str(lock)], capture_output=True, text=True)
    status, says = judged(lock.read_text("utf-8"), done.stdout)
    print(says)  # noqa: T201  # a command
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
