"""Writes stored histories: `python -m tests.histories VERSION [NAME...]`; what an earlier version of the code wrote is never written again."""

from __future__ import annotations

import sys

from tests.histories.cases import CASES
from tests.histories.moved import MOVED
from tests.histories.stored import FOLDER, write
from tests.servers import chosen_binaries, running_servers


def main() -> None:
    """One file a case that has none yet."""
    version, *names = sys.argv[1:]
    scripts = CASES | MOVED
    with running_servers(chosen_binaries()) as servers:
        for name in names or scripts:
            place = FOLDER / f"{name}.json"
            if place.exists():
                print(f"kept    {place.name}")
                continue
            database = servers.database()
            write(place, version, scripts[name], database.url)
            servers.drop(database.name)
            print(f"written {place.name}")


if __name__ == "__main__":
    main()
