"""What must hold in one journey: its steps, their ways, and that every case in it can end."""

from __future__ import annotations

from collections import Counter

from portal.catalogue import syntax
from portal.catalogue.definitions import Journey, Step
from portal.catalogue.desk_rules import check_list
from portal.catalogue.documents import Document, Path
from portal.catalogue.faults import instead
from portal.catalogue.flow_rules import check_flow
from portal.catalogue.inside_rules import check_inside
from portal.catalogue.known import Known
from portal.catalogue.wait_rules import WAITED, check_wait
from portal.catalogue.ways import END, can_end, reached, ways_into

#: What only some kinds of step may say.
ONLY_FOR = {
    "queue": ("work", "decide"),
    "action": ("send",),
    "outcomes": ("decide", "work"),
    "each": ("work", "send"),
    "on_error": ("send",),
    "fields": ("ask",),
    "reply_within": ("ask",),
    "template": ("notify",),
    "until": ("wait",),
    "lasts": ("wait",),
    "event": ("wait",),
    "within": ("wait", "fee"),
    "reason": ("wait", "work", "send", "decide", "ask"),
    "journey": ("journey",),
    "service": ("journey",),
    "when": ("journey",),
    "decision": ("decide",),
    "checklist": ("work", "decide"),
}
#: How a step of kind `ask` can end.
ASKED = ("answered", "lapsed")
#: How a step of kind `send` can end: the agency did it, refused, or could not be reached.
SENT = ("done", "refused", "failed")
#: How a step of kind `fee` can end; `lapsed` where it has a term.
PAID = ("paid", "waived", "none")
#: What a kind of step must say.
DEMANDED = {"send": ("action",), "decide": ("outcomes",), "ask": ("fields", "reply_within"), "notify": ("template",)}


def ends(step: Step) -> tuple[str, ...]:
    """The ways a step of that kind can end, where `next` may tell them apart."""
    if step.kind == "ask":
        return ASKED
    if step.kind == "fee":
        return (*PAID, "lapsed") if step.within else PAID
    if step.kind == "wait":
        return WAITED if step.event and step.within else ()
    if step.kind == "journey":
        return tuple(dict.fromkeys(arm.outcome for arm in step.next.arms if arm.outcome))
    return SENT if step.kind == "send" else step.outcomes


def check_journey(document: Document[Journey], known: Known) -> None:
    """Note every fault of a journey: its own and those of its references."""
    journey = document.value
    if journey is None:
        return
    if journey.id and (message := syntax.bad_id(journey.id)):
        document.note(("id",), message)
    elif journey.id and journey.id != document.source.stem:
        document.note(("id",), f"the id is `{journey.id}`, but the file is `{document.source.stem}.yaml`: give both the same name")
    if journey.version < 1 and "version" in getattr(document.root, "values", {}) and not any("`version`" in fault.message for fault in document.faults):
        document.note(("version",), "a version is a whole number from 1")
    ids = [step.id for step in journey.steps]
    for index, step in enumerate(journey.steps):
        path: Path = ("steps", index)
        _id(document, path, step, ids[:index])
        _says(document, path, step)
        _agency(document, path, step, known)
        check_list(document, path, step)
        check_wait(document, path, step, known)
        check_inside(document, path, step, known)
        if step.next.arms:
            _next(document, path, step, ids)
    _graph(document, journey, set(ids))
    check_flow(document, journey)


def _id(document: Document[Journey], path: Path, step: Step, before: list[str]) -> None:
    if step.id in before and step.id:
        document.note((*path, "id"), f"there is already a step `{step.id}`: choose another id")
    elif step.id in (END, "case", "first-answer", "referral"):
        document.note((*path, "id"), f"`{step.id}` has a meaning of its own: choose another id")
    elif step.id and (message := syntax.bad_id(step.id)):
        document.note((*path, "id"), message)


def _says(document: Document[Journey], path: Path, step: Step) -> None:
    for name, kinds in ONLY_FOR.items():
        if getattr(step, name) not in (None, ()) and step.kind and step.kind not in kinds:
            document.note((*path, name), f"`{name}` is for steps of kind `{'` and `'.join(kinds)}`, not `{step.kind}`: leave it out", key=True)
    for name in DEMANDED.get(step.kind, ()):
        if getattr(step, name) in (None, ()):
            document.note(path, f"a step of kind `{step.kind}` needs `{name}`: write `{name}: ...`")
    if step.reply_within and (message := syntax.bad_term(step.reply_within)):
        document.note((*path, "reply_within"), message)
    for index, outcome in enumerate(step.outcomes):
        if outcome and (message := syntax.bad_word(outcome)):
            document.note((*path, "outcomes", index), message)
        if outcome and outcome in step.outcomes[:index]:
            document.note((*path, "outcomes", index), f"outcome `{outcome}` stands here twice: keep one")


def _agency(document: Document[Journey], path: Path, step: Step, known: Known) -> None:
    if step.agency is None or not step.agency:
        return
    if step.agency not in known.names["agency"]:
        document.note((*path, "agency"), f"there is no agency `{step.agency}`: {instead(step.agency, known.names['agency'])}")
    agency = known.agency(step.agency)
    queues = [queue.id for queue in agency.queues] if agency else []
    if agency and step.queue and step.queue not in queues:
        document.note((*path, "queue"), f"agency `{agency.id}` has no queue `{step.queue}`: {instead(step.queue, queues)}")


def _next(document: Document[Journey], path: Path, step: Step, ids: list[str]) -> None:
    arms, how = step.next.arms, step.next.how
    for index, arm in enumerate(arms):
        if arm.to and arm.to != END and arm.to not in ids:
            document.note(_to(path, step, index), f"there is no step `{arm.to}`: {instead(arm.to, [*ids, END])}")
    if how == "outcome":
        _outcomes(document, path, step)
    if how == "first":
        _first(document, path, step)
    if how == "all":
        for to, times in Counter(arm.to for arm in arms).items():
            if times > 1 and to:
                document.note((*path, "next"), f"`{to}` stands in `next` {times} times: keep one")


def _to(path: Path, step: Step, index: int) -> Path:
    return (*path, "next", "arms", index, "to") if len(step.next.arms) > 1 or step.next.how != "all" else (*path, "next", "arms", 0)


def _outcomes(document: Document[Journey], path: Path, step: Step) -> None:
    if step.kind and step.kind != "decide" and not ends(step):
        says = "ways by outcome are for `decide`, `ask`, `send`, `fee` and `journey`, for `work` with `outcomes` and for `wait` with `event` and `within`"
        document.note((*path, "next"), f"{says}, not `{step.kind}`: write a step id, or a list", key=True)
        return
    named = [arm.outcome or "" for arm in step.next.arms]
    if step.kind == "journey":
        return  # portal/catalogue/inside_rules.py knows how they end
    if step.kind in ("ask", "send", "wait", "fee"):
        _ended(document, path, step.kind, ends(step), named)
        return
    for index, outcome in enumerate(step.outcomes):
        if outcome not in named:
            document.note((*path, "outcomes", index), f"no way for outcome `{outcome}`: write `{outcome}: STEP` or `{outcome}: end` below `next`")
    for outcome in named:
        if outcome not in step.outcomes and step.outcomes:
            document.note((*path, "next", outcome), f"`{outcome}` is no outcome of this step: {instead(outcome, step.outcomes)}", key=True)


def _ended(document: Document[Journey], path: Path, kind: str, known: tuple[str, ...], named: list[str]) -> None:
    an = "an ask" if kind == "ask" else f"a {kind}"
    for outcome in known:
        if outcome not in named:
            document.note((*path, "next"), f"no way for {an} that is `{outcome}`: write `{outcome}: STEP` or `{outcome}: end` below `next`", key=True)
    for outcome in named:
        if outcome not in known:
            document.note((*path, "next", outcome), f"`{outcome}` is no outcome of {an}: {instead(outcome, known)}", key=True)


def _first(document: Document[Journey], path: Path, step: Step) -> None:
    arms = step.next.arms
    for index, arm in enumerate(arms[:-1]):
        if arm.when is None:
            document.note((*path, "next", index), "only the last way may have no `when`: those below it would never be taken")
    if arms[-1].when is not None:  # a limit there is told of by flow_rules
        document.note((*path, "next", len(arms) - 1), "the last way must have no `when`, so that there is always one: add `- {to: STEP}` or `- {to: end}`")


def _graph(document: Document[Journey], journey: Journey, ids: set[str]) -> None:
    if journey.start and journey.steps and journey.start not in ids:
        document.note(("start",), f"there is no step `{journey.start}`: {instead(journey.start, ids)}")
    if journey.start not in ids or not all(step.next.arms for step in journey.steps):
        return
    unknown = any(arm.to not in ids and arm.to != END for step in journey.steps for arm in step.ways)
    undone = {step.undo for step in journey.steps}
    reach, out = reached(journey), can_end(journey)
    if END not in reach and not unknown:
        document.note(("start",), "no way leads from the start to `end`: write `next: end`, or leave `next` out, at the last step")
    for index, step in enumerate(journey.steps):
        if step.id not in reach and step.id and not unknown and step.id not in undone:
            document.note(("steps", index, "id"), f"step `{step.id}` is never reached: name it in the `next` of another step, or delete it")
        elif step.id in reach and END in reach and step.id not in out and step.id and not unknown:
            document.note(("steps", index, "id"), f"step `{step.id}` has no way out: none of its ways leads to `end`")
        _join(document, ("steps", index), step, journey)


def _join(document: Document[Journey], path: Path, step: Step, journey: Journey) -> None:
    ways = ways_into(journey, step.id)
    if step.kind != "join" or step.needs is None:
        return
    if step.needs < 1:
        document.note((*path, "needs"), "a join waits for at least 1 arrival")
    elif step.needs > ways:
        document.note((*path, "needs"), f"waits for {step.needs} arrivals, but {ways} way{'s lead' if ways != 1 else ' leads'} here: it would wait for ever")
