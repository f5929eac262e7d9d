"""Rules of our own for what is dangerous, read off the syntax tree; `python -m tests.laws.dangerous` is a part of `make check`.

Each rule says what to write instead. Where something dangerous is right, ALLOWED says why, and a line there that is not needed any more fails too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("portal", "services", "journeys", "channels")

#: Rule -> what to write instead.
RULES = {
    "raw-sql": "bind parameters; what stands in the text is a constant of the module (UPPER_CASE) or psycopg.sql",
    "unpickling": "JSON, ids only: these run code from data",
    "yaml-load": "definitions are read by portal.catalogue only",
    "naive-time": "work.now, or portal.clock outside a unit of work",
    "own-http": "portal.wire.http: it checks the address, pins it, and gives up in time",
    "unverified-tls": "verify certificates; a private authority is named by its file",
    "markup": "leave escaping to the template; Markup of a constant only",
    "enqueue": "Portal.wake: RQ carries wake-ups only, and only after a commit",
    "shell": "subprocess with a list, and no eval",
    "secret": "a secret does not stand in the repository; change it, for it is known now",
}

#: (Rule, file) -> why it is right there.
ALLOWED = {
    ("own-http", "portal/wire/http.py"): "the guard itself",
    ("own-http", "portal/wire/pinned.py"): "the guard itself",
    ("own-http", "portal/wire/sftp.py"): "names of the guard's own errors",
    ("own-http", "portal/wire/openid.py"): "Authlib speaks requests: its adapter here sends through the guard",
    ("own-http", "portal/pages/relying.py"): "the name of the error Authlib's client raises; nothing is sent",
    ("own-http", "portal/wire/bucket.py"): "the store an operator names, on a network of its own; its client verifies TLS, follows nothing, gives up in time",
    ("own-http", "portal/wire/clamd.py"): "the scanner an operator names; its own protocol",
    ("enqueue", "portal/jobs/wake.py"): "the one place that tells RQ",
    ("markup", "portal/api/docs.py"): "a picture portal/views/diagram.py draws, every text of it escaped there (tests/unit/test_diagram.py)",
    ("raw-sql", "portal/cli/migrate.py"): "ALTER ROLE takes no parameters: psycopg.sql puts names and literals in",
    ("raw-sql", "portal/cli/verify.py"): "cursors by names of the command's own; the queries are constants of it",
    ("raw-sql", "portal/events/feed.py"): "FETCH takes no parameter; the number is a constant of the caller",
    ("raw-sql", "portal/kpi/rebuild.py"): "names of its own tables and columns, as SQLAlchemy knows them",
    ("raw-sql", "portal/kpi/store.py"): "names of its own columns, as SQLAlchemy knows them",
    ("raw-sql", "portal/queues/people.py"): "columns and conditions out of its own list; values are bound",
    ("raw-sql", "portal/runs/moves.py"): "conditions out of its own texts; values are bound",
    ("secret", "portal/local/card_provider.py"): "the forger of the simulated provider, which must be refused",
}
#: Folders whose code never reaches production, or speaks to servers of its own machine only.
APART = {"own-http": ("portal/local/", "portal/cli/")}

_UPPER = re.compile(r"_?[A-Z][A-Z0-9_]*")
_SENDS = {"sql", "execute", "executemany", "exec_driver_sql"}
_CLIENTS = {"requests", "httpx", "httpx2", "httpcore2", "aiohttp", "urllib3", "urllib.request", "http.client"}
_PICKLES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}
_SECRETS = (
    re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*\n?[A-Za-z0-9+/]{20}"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abprs]-[A-Za-z0-9-]{20,}|\bsk_live_[A-Za-z0-9]{20,}"),
    re.compile(r"\bwhsec_[A-Za-z0-9+/]{32,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"),
    re.compile(r"(?i)\b(?:postgres(?:ql)?|redis|amqp|smtp)://[a-z0-9_]+:(?!PASSWORD|\$|\{|do-not-show)[^@\s\"'{}]{6,}@"),
)


@dataclass(frozen=True, order=True)
class Finding:
    """Something dangerous at a line."""

    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {RULES[self.rule]}"


def findings(source: str, file: str) -> list[Finding]:
    """What a Python file holds, whether it is allowed or not."""
    found = set[tuple[int, str]]()
    for node in ast.walk(ast.parse(source)):
        for rule in _of(node):
            found.add((getattr(node, "lineno", 1), rule))
    return sorted(Finding(file, line, rule) for line, rule in found)


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from _imported(node)
    elif isinstance(node, ast.Call):
        yield from _called(node)
    elif _trusts_anybody(node):
        yield "unverified-tls"


def _trusts_anybody(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in ("CERT_NONE", "_create_unverified_context")
    return isinstance(node, ast.Assign) and _is(node.value, False) and any(_name(one) == "check_hostname" for one in node.targets)


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "", *(f"{node.module}.{one.name}" for one in node.names)]
    if {name.split(".")[0] for name in names} & _PICKLES:
        yield "unpickling"
    if any(name in _CLIENTS or name.split(".")[0] in _CLIENTS for name in names):
        yield "own-http"


def _called(node: ast.Call) -> Iterator[str]:
    name, owner = _name(node.func), _name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    given = {one.arg: one.value for one in node.keywords if one.arg}
    wrong = {
        "raw-sql": (name in _SENDS or (name == "text" and not owner)) and bool(node.args) and _made_up(node.args[0]),
        "yaml-load": owner == "yaml" and name in ("load", "unsafe_load", "full_load", "load_all", "unsafe_load_all"),
        "unpickling": _is(given.get("allow_pickle"), True),
        "naive-time": _naive(node, name, owner, given),
        "own-http": owner == "socket" and name == "create_connection",
        "unverified-tls": _is(given.get("verify"), False),
        "markup": name == "Markup" and bool(node.args) and not isinstance(node.args[0], ast.Constant),
        "enqueue": name in ("enqueue", "enqueue_call", "enqueue_at", "enqueue_in", "enqueue_many"),
        "shell": (isinstance(node.func, ast.Name) and name in ("eval", "exec"))
        or (owner == "os" and name in ("system", "popen"))
        or _is(given.get("shell"), True),
    }
    yield from (rule for rule, found in wrong.items() if found)


def _naive(node: ast.Call, name: str, owner: str, given: dict[str, ast.expr]) -> bool:
    zone = 1 if name == "now" else 2
    if owner == "datetime" and name in ("now", "fromtimestamp"):
        return len(node.args) < zone and "tz" not in given
    return (owner == "datetime" and name in ("utcnow", "today", "utcfromtimestamp")) or (owner == "date" and name in ("today", "fromtimestamp"))


def _is(node: ast.expr | None, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _made_up(node: ast.expr) -> bool:
    """A text put together from what is no constant."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) and not _constant(part.value) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return _texts(node) and not (_constant(node.left) and _constant(node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join", "replace"):
        composed = isinstance(node.func.value, ast.Call) and _name(node.func.value.func) == "SQL"
        return not composed and not all(_constant(one) for one in [*node.args, *(one.value for one in node.keywords)])
    return False


def _texts(node: ast.expr) -> bool:
    return any(isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and isinstance(one.value, str)) for one in ast.walk(node))


def _constant(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _constant(node.left) and _constant(node.right)
    if isinstance(node, ast.IfExp):
        return _constant(node.body) and _constant(node.orelse)
    if isinstance(node, ast.Call) and _name(node.func) == "join":
        return all(_constant(one) for one in node.args)
    if isinstance(node, ast.JoinedStr):
        return not _made_up(node)
    return isinstance(node, ast.Constant) or bool(_UPPER.fullmatch(_name(node)))


def template_findings(source: str, file: str) -> list[Finding]:
    """`|safe` and blocks without escaping in a template."""
    lines = enumerate(source.splitlines(), start=1)
    return [Finding(file, number, "markup") for number, line in lines if re.search(r"\|\s*safe\b|autoescape\s+false", line)]


def secret_findings(source: str, file: str) -> list[Finding]:
    """What looks like a secret."""
    return [Finding(file, source.count("\n", 0, found.start()) + 1, "secret") for pattern in _SECRETS for found in pattern.finditer(source)]


def allowed(finding: Finding) -> bool:
    """Whether ALLOWED or APART says that it is right there."""
    return (finding.rule, finding.file) in ALLOWED or finding.file.startswith(APART.get(finding.rule, ()) or "\0")


def everything() -> list[Finding]:
    """All of the tree, allowed or not."""
    found = [one for file in _files(CODE, "*.py") for one in findings(file.read_text("utf-8"), _place(file))]
    found += [one for file in _files(("portal",), "*.html") for one in template_findings(file.read_text("utf-8"), _place(file))]
    return found + [one for file in _tracked() for one in secret_findings(file.read_text("utf-8", "replace"), _place(file))]


def _files(folders: Iterable[str], pattern: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob(pattern))


def _tracked() -> list[Path]:
    """Text files git knows; those of the code where there is no git."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    names = done.stdout.split("\0") if done.returncode == 0 else [_place(file) for file in _files(CODE, "*")]
    return [ROOT / name for name in names if name and (ROOT / name).is_file() and "swagger-ui" not in name and not name.endswith((".lock", ".json", ".png"))]


def _place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def main() -> int:
    """Prints what is wrong; 1 where anything is."""
    found = everything()
    wrong = [str(one) for one in found if not allowed(one)]
    needed = {(one.rule, one.file) for one in found}
    wrong += [f"{file}: ALLOWED says {rule} is right there, and there is none any more" for rule, file in ALLOWED if (rule, file) not in needed]
    print(*wrong, sep="\n" if wrong else "", end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
