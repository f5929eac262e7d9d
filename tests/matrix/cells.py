"""One cell: a subject asks for an operation on an object. What is to come of it follows from the permission table's names and whose the object is."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2

from portal.pages import own_form
from tests.matrix.operations import LOOSE, PLAIN, Operation
from tests.matrix.world import CITIZENS, OBJECTS, SEES, SUBJECTS, World

#: In place of an object where the address leads to none.
NOTHING = "-"
#: Kinds the staff of both doors see: a referral is between them.
BETWEEN = ("referral",)
#: Kinds that have no words of their own -> the kind whose words theirs are, of the same object: who sees that case sees the words.
WITHIN = {"consent": "case"}


@dataclass(frozen=True)
class Cell:
    """Who asks for what."""

    operation: Operation
    subject: str
    object: str

    def __str__(self) -> str:
        return f"{self.operation.name} [{self.operation.action}] {self.subject} -> {self.object}"


def cells(world: World, operations: list[Operation]) -> Iterator[Cell]:
    """Every subject for every object there is of the operation's kind."""
    for one in operations:
        kinds = list(one.kinds.values())
        for subject in SUBJECTS:
            if not kinds:
                yield Cell(one, subject, NOTHING)
            for object in OBJECTS if kinds else ():
                if all(object in world.kinds[kind].places for kind in kinds):
                    yield Cell(one, subject, object)


def sees(cell: Cell) -> bool:
    """Whether the subject may see the object at all."""
    if cell.subject == "admin" and "delivery" in cell.operation.kinds.values():
        # What waits to leave is administrators' business, whosever it is; what is sealed is not.
        return cell.object in ("own", "same")
    if cell.operation.action == "glass.break" and cell.subject == "admin":
        # Any case there is, for a reason; what is sealed is not there.
        return cell.object in ("own", "same", "other")
    return cell.object in SEES.get(cell.subject, ())


def expected(cell: Cell) -> str:
    """`allowed`, `sign-in` (401, or the way there), `refused` (403), `absent` (404), `open` (whatever it says, it says nothing of others).

    From the names the operation declares, and from whose the object is.
    """
    one, named = cell.operation, SUBJECTS[cell.subject] & cell.operation.subjects
    if "anyone" in one.subjects or one.path.startswith("/cases/"):
        # Pages of citizens ask for the secret where nothing is proved.
        return "open"
    if "agency_system" in one.subjects:
        return "refused-or-sign-in"
    if not SUBJECTS[cell.subject] & {"signed_in"}:
        return "sign-in"
    proves = "reference" in one.kinds and cell.subject in CITIZENS
    if proves and not one.page and not sees(cell):
        return "absent"
    if not named:
        return "refused"
    if cell.object == NOTHING or sees(cell):
        return "allowed"
    return "absent" if not one.page or not proves else "open"


STATUSES = {"sign-in": (401, 303, 403), "refused": (403,), "absent": (404,), "refused-or-sign-in": (401, 403)}


@dataclass(frozen=True)
class Answer:
    """What came of it: status, body without what differs from call to call, and everything that went out, to look for canaries in."""

    status: int
    body: str
    whole: str
    location: str


def ask(world: World, cell: Cell, *, method: str | None = None, path: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    """Asks as the subject would: with a token, or on a page with a session."""
    one, kinds = cell.operation, cell.operation.kinds
    places = {name: world.kinds[kind].places[cell.object] for name, kind in kinds.items()}
    address = path or one.path.format(**PLAIN | places)
    kind = next(iter(kinds.values()), "anything")
    sent: dict[str, Any] = {"headers": dict(headers or {})}
    if one.page:
        world.client.delete_cookie("session")
        if here := world.session(cell.subject, kind):
            world.client.set_cookie("session", here[0])
        if (method or one.method) == "POST":
            sent["data"] = {"words": "x", "once": "1", own_form.FIELD: here[1] if here else ""}
    else:
        sent["headers"] |= world.tokens[cell.subject, kind]
        if one.name.endswith("/documents") and one.method == "POST":
            sent["data"] = {"file": (io.BytesIO(b"%PDF-1.4 another"), "paper.pdf")}
        elif one.body is not None:
            sent["json"] = one.body
    found = world.client.open(address, method=method or one.method, **sent)
    world.client.delete_cookie("session")
    text = _printed(found.data) if found.data.startswith(b"%PDF-") and found.content_type == "application/pdf" else found.get_data(as_text=True)
    whole = text + " ".join(f"{name}: {value}" for name, value in found.headers if name not in ("Content-Location", "Location"))
    return Answer(found.status_code, _same(text), whole, found.headers.get("Location", ""))


def _printed(pdf: bytes) -> str:
    """What the pages of a letter say."""
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(io.BytesIO(pdf)))


def _same(text: str) -> str:
    """A problem without its number, which is another each time."""
    try:
        told = json.loads(text)
    except ValueError:
        return text
    return json.dumps({key: value for key, value in told.items() if key != "instance"}) if isinstance(told, dict) else text


def faults(world: World, cell: Cell, *, deep: bool = False) -> list[str]:
    """What is wrong with a cell; nothing, most of the time. `deep`: an answer that refuses has left every table as it was."""
    wanted = expected(cell)
    if cell.operation.page:
        world.session(cell.subject, next(iter(cell.operation.kinds.values()), "anything"))
    before, written = world.digest() if deep else "", world.writes()
    world.tried.keeps = wanted not in ("allowed", "open")
    try:
        got = ask(world, cell)
    finally:
        world.tried.keeps = True
    wrong = [*_status(cell, wanted, got), *_canaries(world, cell, got)]
    if wanted == "absent" and cell.object != "none":
        nowhere = ask(world, Cell(cell.operation, cell.subject, "none"))
        if (nowhere.status, _mask(world, cell, nowhere)) != (got.status, _mask(world, cell, got)):
            wrong.append(f"`not yours` differs from `not there`: {got.status} {got.body[:300]} / {nowhere.status} {nowhere.body[:300]}")
    if wanted in STATUSES and deep and world.writes() != written and world.digest() != before:
        wrong.append("the database was changed by what was refused")
    return [f"{cell}: {one}" for one in wrong]


def _mask(world: World, cell: Cell, got: Answer) -> str:
    """The body without the address that was asked for, which a page may show."""
    text = got.body
    for kind in cell.operation.kinds.values():
        for place in world.kinds[kind].places.values():
            text = text.replace(place, "*")
    return text if not cell.operation.page else ""


def _status(cell: Cell, wanted: str, got: Answer) -> list[str]:
    if got.status >= 500 and got.status != 503:
        return [f"{got.status}"]
    if wanted in STATUSES:
        # A page that lists things says above the list that there is no such one.
        right = got.status in STATUSES[wanted] or (wanted == "absent" and cell.operation.page and got.status == 422)
        return [] if right else [f"{got.status} instead of {wanted}: {got.body[:300]}"]
    if wanted == "allowed" and got.status == 401:
        return [f"{got.status} instead of {wanted}"]
    loose = LOOSE.search(cell.operation.path) or cell.operation.page
    if wanted == "allowed" and cell.operation.method == "GET" and cell.object != NOTHING and not loose and got.status != 200:
        return [f"{got.status} instead of {wanted}: {got.body[:300]}"]
    return []


def _canaries(world: World, cell: Cell, got: Answer) -> list[str]:
    """Whatever is asked, nothing of what somebody does not see is in it: not in a list, a count that names, a header, a refusal."""
    found = []
    asked = {world.kinds[kind].places.get(cell.object) for kind in cell.operation.kinds.values()}
    for name, kind in world.kinds.items():
        for object, texts in kind.canaries.items():
            if _may_see(world, cell, name, object) or _may_see(world, cell, WITHIN.get(name, name), object):
                continue
            found += [f"a canary of {object} {name} came out: {text}" for text in texts if text in got.whole and text not in asked]
    return found


def _may_see(world: World, cell: Cell, name: str, object: str) -> bool:
    """Whether the subject, as it comes for the kind in hand, may see that object of any kind."""
    if object == "sealed":
        return False
    if cell.subject == "admin" and name == "delivery" and cell.operation.action.startswith("delivery."):
        return True
    if cell.subject in CITIZENS or cell.subject not in SEES:
        return object in SEES.get(cell.subject, ()) and (cell.subject == "owner" or name in ("case", "task", "mandate", "document"))
    asked = world.kinds[next(iter(cell.operation.kinds.values()), "anything")]
    if cell.subject == "champion-assigned":
        return world.kinds[name].service == asked.service and object in ("own", "same")
    here = asked.other if cell.subject == "staff-other-agency" else asked.agency
    holders = {"own": world.kinds[name].agency, "same": world.kinds[name].agency, "other": world.kinds[name].other}
    return here == holders[object] or name in BETWEEN or here in world.also(name, object)
