"""`make storm`: every storm in turn; prints a table, writes build/storm.json. SECONDS= of storms altogether, SEED= to repeat one, FAULTS= to choose some,
LEVEL=release for the counts of a release (SHARE=0.1 for a tenth of them), OUT= for another file."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from pathlib import Path

from tests.storm.entries import ENTRIES, release, run

OUT = Path(__file__).parents[2] / "build" / "storm.json"
#: Seconds of storms altogether where SECONDS is not given; the servers' start and the calm at the end come on top.
SHORT = 120.0
#: Column of the table -> key of the row, width.
COLUMNS = {
    "times": ("times", 7),
    "intents": ("intents", 8),
    "rows": ("rows", 7),
    "parked": ("parked", 7),
    "lost": ("lost", 5),
    "doubled": ("doubled", 8),
    "5xx": ("errors_5xx", 5),
    "503 told": ("told_503", 9),
    "no answer": ("answers_lost", 10),
    "p99 s": ("dispatched_p99", 7),
    "seconds": ("seconds", 8),
}
_HEAD = " ".join([f"{'fault':18}", *(f"{name:>{width}}" for name, (_, width) in COLUMNS.items())])


def main() -> int:
    """1 where anything was lost, doubled, or answered with an error."""
    given = argparse.ArgumentParser(prog="make storm")
    given.add_argument("--seconds", type=float, default=SHORT)
    given.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    given.add_argument("--release", action="store_true", help="each storm until it has counted what a release must have gone through")
    given.add_argument("--share", type=float, default=1.0, help="of what a release must have gone through")
    given.add_argument("--out", type=Path, default=OUT)
    given.add_argument("faults", nargs="*", choices=[[], *ENTRIES])
    asked = given.parse_args()
    seed, seconds, wanted = asked.seed, asked.seconds, asked.faults or list(ENTRIES)
    print(
        f"seed {seed}: repeat with make storm SEED={seed} {f'LEVEL=release SHARE={asked.share:g}' if asked.release else f'SECONDS={seconds:g}'}\n{_HEAD}",
        flush=True,
    )
    begun, rows, bad = time.monotonic(), [], []
    for told in release(wanted, seed=seed, share=asked.share) if asked.release else run(wanted, seed=seed, seconds=seconds):
        row = told.row
        rows.append(row)
        print(" ".join([f"{told.fault:18}", *(f"{row[key]:>{width}}" for key, width in COLUMNS.values())]), flush=True)
        bad += [f"{told.fault}: {one}" for one in told.violations[:20]]
        bad += [f"{told.fault}: {one}" for one in told.history.odd[:5]]
    asked.out.parent.mkdir(exist_ok=True)
    asked.out.write_text(json.dumps(rows, indent=1) + "\n")
    for line in bad:
        print(line, file=sys.stderr)
    print(f"{time.monotonic() - begun:.0f} s", flush=True)
    return int(any(row["lost"] or row["doubled"] or row["errors_5xx"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
