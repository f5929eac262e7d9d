"""As root, PostgreSQL refuses to run: which existing account it drops to, and whether that account can reach a folder."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

#: Tried in this order; never created.
CANDIDATES = ("postgres", "nobody", "daemon")


class NoAccount(RuntimeError):
    """Running as root, and none of the unprivileged accounts exists that PostgreSQL could run as."""


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    def give(self, path: Path) -> None:
        """Hand one file or folder that we made to this account."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account(existing: Path | None = None) -> Account | None:
    """Who PostgreSQL runs as. None: as ourselves, we are not root. Else the owner of `existing`, so that old data stay readable; else the first candidate."""
    if os.geteuid() != 0:
        return None
    if existing is not None and existing.exists() and (uid := existing.stat().st_uid) != 0:
        return _account(pwd.getpwuid(uid))
    for name in CANDIDATES:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise NoAccount(f"running as root, PostgreSQL needs one of the accounts {', '.join(CANDIDATES)}: none exists; start as another user, or set DATABASE_URL")


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def barrier(path: Path, account: Account | None) -> Path | None:
    """The first folder on the way to `path` that the account may not enter, None where the way is free. Changes nothing: it was closed on purpose."""
    if account is None:
        return None
    whole = path.resolve()
    for folder in (*reversed(whole.parents), whole):
        if folder.is_dir() and not _may_enter(folder, account):
            return folder
    return None


def _may_enter(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
