"""What must hold of an agency that works by files: columns, folders, names, times, and how its server is known."""

from __future__ import annotations

import re

from portal.catalogue import syntax
from portal.catalogue.definitions import Agency, Batch
from portal.catalogue.documents import Document
from portal.catalogue.faults import instead

#: What a column may hold of a handover, besides `answers.FIELD` and a fixed text.
HOLDS = ("key", "action", "agency", "service", "step", "item", "text", "language")
#: What a column of an answer may mean.
TELLS = ("key", "status", "remote_id", "outcome", "reason", "sum")
MEANINGS = ("accepted", "refused", "done")
#: A folder below the endpoint, and a name in it: nothing that leads elsewhere.
_FOLDER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.*-]*")
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HOST_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,2}")


def check_batch(document: Document[Agency], agency: Agency) -> None:
    """Note every fault of how files are exchanged."""
    batch = agency.batch
    assert batch is not None
    _columns(document, batch)
    _answers(document, batch)
    _places(document, agency, batch)
    _times(document, batch)
    if agency.endpoint and agency.endpoint.startswith("sftp://"):
        _server(document, batch)
    elif agency.endpoint and not agency.endpoint.startswith(("file:", "$")):
        document.note(("endpoint",), "files are exchanged over `sftp://host/folder`, or in a folder below `${EXCHANGES}`")


def _columns(document: Document[Agency], batch: Batch) -> None:
    for name, holds in batch.columns.items():
        fixed = len(holds) > 1 and holds[0] == holds[-1] == "'"
        if holds and holds not in HOLDS and not fixed and not (holds.startswith("answers.") and not syntax.bad_field(holds.removeprefix("answers."))):
            says = f"`{holds[:60]}` is nothing of a handover: {instead(holds, HOLDS)}, or `answers.FIELD`, or `'a fixed text'`"
            document.note(("batch", "columns", name), says)
        if batch.format == "xml" and not _ELEMENT.fullmatch(name):
            document.note(
                ("batch", "columns", name), f"`{name[:60]}` cannot be the name of an XML element: letters, digits, `_`, `.`, `-`, a letter first", key=True
            )
    if batch.columns and "key" not in batch.columns.values():
        document.note(("batch", "columns"), "no column holds the `key`: by it the agency knows a repeat, and says what became of a line")
    if batch.sum and batch.sum not in batch.columns:
        document.note(("batch", "sum"), f"there is no column `{batch.sum[:60]}`: {instead(batch.sum, batch.columns)}")
    if batch.format == "xml" and batch.control == "line" and "control" in batch.columns:
        document.note(("batch", "columns", "control"), "an element `control` ends the file: give the column another name", key=True)


def _answers(document: Document[Agency], batch: Batch) -> None:
    for means in batch.answers:
        if means not in TELLS:
            document.note(("batch", "answers", means), f"`{means}` is nothing an answer tells: {instead(means, TELLS)}", key=True)
    for needed in ("key", "status"):
        if batch.answers and needed not in batch.answers:
            document.note(("batch", "answers"), f"write which column holds the {needed}: `{needed}: NAME`")
    if len(set(batch.answers.values())) != len(batch.answers):
        document.note(("batch", "answers"), "one column cannot mean two things")
    for status, meaning in batch.statuses.items():
        if meaning not in MEANINGS:
            document.note(("batch", "statuses", status), f"`{meaning}` is no meaning: {instead(meaning, MEANINGS)}")


def _places(document: Document[Agency], agency: Agency, batch: Batch) -> None:
    for name in ("to", "back", "read", "taken"):
        folder = getattr(batch, name)
        if folder and (not _FOLDER.fullmatch(folder) or ".." in folder):
            document.note(("batch", name), f"`{folder[:60]}` is no folder below the endpoint: write names joined by `/`, such as `out/new`")
    named = [folder for folder in (batch.to, batch.back, batch.read, batch.taken) if folder]
    if len(set(named)) != len(named):
        document.note(("batch",), "`to`, `back`, `read` and `taken` are different folders")
    if not _NAME.fullmatch(batch.name.replace("{number}", "1")) or batch.name.count("{number}") != 1 or "*" in batch.name:
        document.note(("batch", "name"), "write a name with `{number}` in it once, such as `handovers-{number}`; the ending follows from `format`")
    if not _NAME.fullmatch(batch.answer_name):
        document.note(("batch", "answer_name"), "write a name, with `*` where it changes, such as `answers-*`; the ending follows from `format`")
    if agency.promise == "queryable" and not batch.taken:
        document.note(("promise",), "`queryable` by files means that the agency moves what it took: write `taken: FOLDER` below `batch`")


def _times(document: Document[Agency], batch: Batch) -> None:
    for index, time in enumerate(batch.runs):
        if time and not re.fullmatch(syntax.TIME, time):
            document.note(("batch", "runs", index), f'`{time[:20]}` is no time of day: write `"18:00"`')
    for name, most in (("every_minutes", 10_080), ("most", 5_000), ("poll_minutes", 1_440)):
        if not 1 <= getattr(batch, name) <= most:
            document.note(("batch", name), f"write a whole number from 1 to {most}")


def _server(document: Document[Agency], batch: Batch) -> None:
    if not batch.host_key or not _HOST_KEY.fullmatch(batch.host_key.strip()):
        document.note(
            ("batch",), "an SFTP server is known by its key: write `host_key: ssh-ed25519 AAAA...` (the agency reads it out; `ssh-keyscan` only shows it)"
        )
    if not batch.user:
        document.note(("batch",), "write `user: NAME`: who signs in at the SFTP server")
    if bool(batch.password) == bool(batch.login_key):
        document.note(("batch",), "write `login_key: NAME` or `password: NAME`, one of them: a name in the file AGENCY_KEYS")
