"""A filled database is kept below `build/filled`: the second run copies its files instead of filling again. What it is made from names it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.servers import ROOT

PLACE = ROOT / "build" / "filled"


@dataclass(frozen=True)
class Filled:
    """What a bench finds in its database: `fill` puts it there (address of a superuser); `said` is everything it hangs on, beside the migrations."""

    name: str
    fill: Callable[[str], None]
    said: str

    @property
    def folder(self) -> Path:
        """Where the files of the cluster lie; another migration or filling, another folder."""
        parts = [path.read_bytes() for path in sorted((ROOT / "migrations" / "versions").glob("*.py"))]
        digest = sha256(b"\x00".join([*parts, self.said.encode()])).hexdigest()[:16]
        return PLACE / f"{self.name}-{digest}"

    def bring(self, cluster: Path) -> bool:
        """Copies the kept files to where the cluster of this run is to be; False where there are none."""
        if not (self.folder / "PG_VERSION").exists():
            return False
        _copy(self.folder, cluster)
        return True

    def keep(self, cluster: Path) -> None:
        """Keeps the files of a cluster that is stopped, whole or not at all, in the place of older ones of the same name."""
        PLACE.mkdir(parents=True, exist_ok=True)
        for old in PLACE.glob(f"{self.name}-*"):
            shutil.rmtree(old)
        fresh = PLACE / f"{self.name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        _copy(cluster, fresh)
        fresh.rename(self.folder)


def _copy(source: Path, target: Path) -> None:
    """With owners and rights; where the file system can, without copying a block."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)
