"""pg_dump and pg_restore, and the folder one backup is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import make_url

from portal.cli.migrate import libpq
from portal.settings import Settings

DUMP, MANIFEST, MAIL, DOCUMENTS = "database.dump", "manifest.json", "mail", "documents"


@dataclass(frozen=True)
class Backup:
    """One that is whole."""

    place: Path
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name."""
        return self.place.name


def documents(settings: Settings) -> Path | None:
    """The folder files of cases are kept in; None where they are in a bucket, which is backed up by its own means."""
    if settings.documents.startswith(("s3://", "s3+http://")):
        return None
    return Path(settings.documents or Path(settings.data) / "documents")


def missing(source: Path, target: Path) -> None:
    """Copies what is not there yet, each file whole or not at all; a file that vanishes meanwhile was given up."""
    have = {str(one.relative_to(target)) for one in target.rglob("*") if one.is_file()} if target.is_dir() else set()
    for one in sorted(source.rglob("*")):
        name = one.relative_to(source)
        if not one.is_file() or one.name.endswith(".part") or str(name) in have:
            continue
        (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = (target / name).with_name(one.name + ".part")
        try:
            shutil.copyfile(one, fresh)
        except FileNotFoundError:
            continue
        fresh.rename(target / name)


def who(settings: Settings) -> str:
    """The address of who backs up and restores."""
    found = settings.backup_database_url
    if not found:
        raise click.ClickException("BACKUP_DATABASE_URL is not set: row-level security hides every case from the other logins; deploy/README.md makes one")
    return found


def program(settings: Settings, name: str) -> str:
    """Path of pg_dump or pg_restore."""
    if settings.postgres_bin:
        return str(Path(settings.postgres_bin) / name)
    if found := shutil.which(name):
        return found
    from portal.local.postgres import NoServer, embedded_binaries

    try:
        return str(embedded_binaries() / name)
    except NoServer:
        raise click.ClickException(f"{name} is not on this machine: install the client of PostgreSQL, or name its folder in POSTGRES_BIN") from None


def run(settings: Settings, name: str, *arguments: str, url: str) -> None:
    """Runs one against a database; its last words where it fails. A password goes by the environment, not by the list of processes."""
    address = make_url(url)
    environment = {**os.environ, "PGPASSWORD": address.password or os.environ.get("PGPASSWORD", "")}
    open_to_see = libpq(address.set(password=None).render_as_string(hide_password=False))
    done = subprocess.run([program(settings, name), *arguments, "--dbname", open_to_see], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        older = "; name the folder of one as new as the server in POSTGRES_BIN" if "version mismatch" in done.stderr else ""
        raise click.ClickException(f"{name} ended with {done.returncode}: {done.stderr.strip()[-1500:]}{older}")


def digest(place: Path) -> str:
    """SHA-256 of a file."""
    with open(place, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_manifest(place: Path, told: dict[str, Any]) -> None:
    """What the backup holds, each file with its digest: written last, so that one with a manifest is whole."""
    files = {str(one.relative_to(place)): digest(one) for one in sorted(place.rglob("*")) if one.is_file()}
    (place / MANIFEST).write_text(json.dumps({**told, "files": files}, indent=1) + "\n")


def opened(place: Path) -> Backup:
    """A backup, looked at whole: every file is there and as it was written."""
    try:
        manifest = json.loads((place / MANIFEST).read_text("utf-8"))
        files = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise click.ClickException(f"{place} is no whole backup: its {MANIFEST} cannot be read ({type(wrong).__name__})") from wrong
    for name, wanted in files.items():
        if not (place / name).is_file() or digest(place / name) != wanted:
            raise click.ClickException(f"{place / name} is missing, or is not as it was written: take another backup")
    return Backup(place, manifest)
