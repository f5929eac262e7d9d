"""What verbs behind the pages may refuse, read from the code: each sentence stands in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from portal.errors import Refusal
from tests.laws.rooms import ROOT

#: Modules whose refusals somebody may meet on a page of theirs: citizens, then administrators and who seals.
BEHIND_PAGES = (
    "errors", "cases/asks", "cases/moves", "cases/reference", "intake/party", "intake/objections", "intake/documents", "intake/following", "parties/mandates",
    "documents/ledger", "fees/card", "fees/moves", "dispatch/card", "views/consents", "pages/opening", "access/identity",
    "administration/proposals", "views/amending", "views/calendar_days", "views/administration", "access/seals", "views/seals", "pages/admin/hours",
    "pages/admin/people", "pages/mandates", "pages/desk/sealing", "pages/desk/cash", "pages/desk/rare",
)  # fmt: skip
#: Statuses whose sentence is shown; of others a page says its own.
SHOWN = (403, 404, 409, 412, 422)
_SENTENCE = re.compile(r"[A-Z][^\n]* [^\n]*[.]")


def refusals() -> dict[str, type[Refusal]]:
    """Every class of refusal, by name."""
    import portal.app  # noqa: F401  # all of them are defined once everything is imported

    found, left = {"Refusal": Refusal}, [Refusal]
    while left:
        for one in left.pop().__subclasses__():
            found[one.__name__] = one
            left.append(one)
    return found


def sentences() -> set[str]:
    """All of them; LookupError where one is put together, so that nobody could translate it."""
    classes, found = refusals(), set[str]()
    for name in BEHIND_PAGES:
        tree = ast.parse((ROOT / "portal" / Path(f"{name}.py")).read_text("utf-8"))
        found |= set(_written(name, tree, classes))
    return found


def _written(name: str, tree: ast.Module, classes: dict[str, type[Refusal]]) -> Iterator[str]:
    """Docstrings of refusals that are shown, and whatever else is a whole sentence and no docstring."""
    papers = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in classes and classes[node.name].status in SHOWN:
            yield (ast.get_docstring(node) or "").strip()
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in classes and node.args and isinstance(node.args[0], ast.JoinedStr):
            raise LookupError(f"portal/{name}.py:{node.lineno}: write the sentence whole, with %(name)s and `values=`, so that it can be translated")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in papers and _SENTENCE.fullmatch(node.value):
            yield node.value
