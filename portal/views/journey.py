"""A journey as people read it: each step with who does it, what is promised, where it leads, and how many cases are there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.catalogue.definitions import Arm, Catalogue, Journey, Step, Text
from portal.catalogue.spans import span_of

END = "end"

#: Words of the picture and the list, by language; English where there are none.
_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "work": "work",
        "send": "sent to",
        "decide": "decision",
        "ask": "question to the party",
        "notify": "notice to the party",
        "wait": "waits",
        "until": "until",
        "happened": "happened",
        "inside": "runs inside",
        "part": "part",
        "needed": "where needed",
        "withdrawn": "withdrawn",
        "not-needed": "not needed",
        "join": "waits for",
        "all": "all ways",
        "holder": "the agency that holds the case",
        "end": "end",
        "else": "otherwise",
        "now": "now",
        "of": "of",
        "start": "start",
        "answered": "answered",
        "lapsed": "lapsed",
        "done": "done",
        "refused": "refused",
        "failed": "failed",
        "at_most": "at most",
        "times": "times",
        "each": "once for each of",
        "enough": "are enough",
        "rest": "cancels the other ways",
        "cancels": "cancels",
        "on_error": "if it is refused or fails",
        "undo": "if withdrawn",
        "within": "within",
        "journey": "Journey",
        "steps": "Steps",
        "then": "then",
        "version": "version",
        "versions": "Versions",
        "published": "published",
        "present": "new cases begin on it",
        "cases": "cases under way",
        "step": "step",
    },
    "fr": {
        "work": "travail",
        "send": "transmis à",
        "decide": "décision",
        "ask": "question à la personne",
        "notify": "avis à la personne",
        "wait": "attend",
        "until": "jusqu'à",
        "happened": "arrivé",
        "inside": "se déroule à l'intérieur",
        "part": "partie",
        "needed": "si nécessaire",
        "withdrawn": "retiré",
        "not-needed": "sans objet",
        "join": "attend",
        "all": "toutes les voies",
        "holder": "l'organisme qui traite le dossier",
        "end": "fin",
        "else": "sinon",
        "now": "en cours",
        "of": "sur",
        "start": "début",
        "answered": "répondu",
        "lapsed": "sans réponse",
        "done": "fait",
        "refused": "refusé",
        "failed": "en échec",
        "at_most": "au plus",
        "times": "fois",
        "each": "une fois pour chaque élément de",
        "enough": "suffisent",
        "rest": "annule les autres voies",
        "cancels": "annule",
        "on_error": "en cas de refus ou d'échec",
        "undo": "en cas de retrait",
        "within": "sous",
        "journey": "Parcours",
        "steps": "Étapes",
        "then": "puis",
        "version": "version",
        "versions": "Versions",
        "published": "publiée",
        "present": "les nouveaux dossiers la suivent",
        "cases": "dossiers en cours",
        "step": "étape",
    },
    "es": {
        "work": "trabajo",
        "send": "enviado a",
        "decide": "decisión",
        "ask": "pregunta a la persona",
        "notify": "aviso a la persona",
        "wait": "espera",
        "until": "hasta",
        "happened": "ocurrió",
        "inside": "se ejecuta dentro",
        "part": "parte",
        "needed": "donde haga falta",
        "withdrawn": "retirado",
        "not-needed": "no hace falta",
        "join": "espera a",
        "all": "todos los caminos",
        "holder": "el organismo que lleva el caso",
        "end": "fin",
        "else": "si no",
        "now": "ahora",
        "of": "de",
        "start": "inicio",
        "answered": "respondido",
        "lapsed": "sin respuesta",
        "done": "hecho",
        "refused": "denegado",
        "failed": "fallido",
        "at_most": "como máximo",
        "times": "veces",
        "each": "una vez para cada elemento de",
        "enough": "bastan",
        "rest": "cancela los demás caminos",
        "cancels": "cancela",
        "on_error": "si se rechaza o falla",
        "undo": "si se retira",
        "within": "en",
        "journey": "Recorrido",
        "steps": "Pasos",
        "then": "luego",
        "version": "versión",
        "versions": "Versiones",
        "published": "publicada",
        "present": "los casos nuevos la siguen",
        "cases": "casos en curso",
        "step": "paso",
    },
    "ar": {
        "work": "عمل",
        "send": "يُرسل إلى",
        "decide": "قرار",
        "ask": "سؤال إلى صاحب الطلب",
        "notify": "إشعار إلى صاحب الطلب",
        "wait": "ينتظر",
        "until": "حتى",
        "happened": "حدث",
        "inside": "يجري داخله",
        "part": "جزء",
        "needed": "عند الحاجة",
        "withdrawn": "سُحب",
        "not-needed": "لا حاجة إليه",
        "join": "ينتظر",
        "all": "كل الطرق",
        "holder": "الجهة التي تتولى الملف",
        "end": "نهاية",
        "else": "وإلا",
        "now": "الآن",
        "of": "من",
        "start": "بداية",
        "answered": "أُجيب",
        "lapsed": "بلا جواب",
        "done": "أُنجز",
        "refused": "رُفض",
        "failed": "تعذّر",
        "at_most": "على الأكثر",
        "times": "مرات",
        "each": "مرة لكل عنصر من",
        "enough": "تكفي",
        "rest": "يلغي الطرق الأخرى",
        "cancels": "يلغي",
        "on_error": "إن رُفض أو تعذّر",
        "undo": "عند السحب",
        "within": "خلال",
        "journey": "المسار",
        "steps": "الخطوات",
        "then": "ثم",
        "version": "الإصدار",
        "versions": "الإصدارات",
        "published": "منشور",
        "present": "تبدأ به الملفات الجديدة",
        "cases": "ملفات جارية",
        "step": "خطوة",
    },
}


@dataclass(frozen=True)
class Way:
    """One way on: to which step (or `end`), and when; no label: always."""

    to: str
    label: str = ""
    #: The label is a condition in CEL.
    code: bool = False


@dataclass(frozen=True)
class StepLine:
    """One step in words. `live` is None where nobody counted."""

    id: str
    kind: str
    title: str
    #: What kind of step, and whose: `work · City Council`.
    says: str
    promises: tuple[str, ...]
    ways: tuple[Way, ...]
    #: All ways are taken at once.
    at_once: bool
    live: int | None = None
    #: The journey that runs inside it.
    leads: str | None = None
    #: Where it is needed, in CEL.
    when: str | None = None


def words(language: str) -> dict[str, str]:
    """The few words beside the definitions' own."""
    return _WORDS.get(language, _WORDS["en"])


def text(said: Text, language: str) -> str:
    """In that language, else in English, else in any."""
    return said.get(language) or said.get("en") or next(iter(said.values()), "")


def lines(catalogue: Catalogue, journey: Journey, language: str, live: Mapping[str, int] | None = None) -> list[StepLine]:
    """All steps, in the order written."""
    return [_line(catalogue, journey, step, language, live) for step in journey.steps]


def _line(catalogue: Catalogue, journey: Journey, step: Step, language: str, live: Mapping[str, int] | None) -> StepLine:
    ways: dict[str, list[str]] = {}
    for arm in step.next.arms:
        ways.setdefault(arm.to, []).append(_label(journey, step, arm, language))
    at_once = step.next.how == "all" and len(ways) > 1
    for to, label in ((step.on_error, "on_error"), (step.undo, "undo")):
        if to is not None:
            ways.setdefault(to, []).append(words(language)[label])
    return StepLine(
        step.id,
        step.kind,
        text(step.title, language),
        _says(catalogue, journey, step, language),
        _promises(catalogue, journey, step, language),
        tuple(Way(to, " · ".join(dict.fromkeys(filter(None, labels))), step.next.how == "first") for to, labels in ways.items()),
        at_once,
        None if live is None else live.get(step.id, 0),
        _leads(catalogue, step),
        step.when,
    )


def _label(journey: Journey, step: Step, arm: Arm, language: str) -> str:
    said = words(language)
    parts = [arm.when or (said["else"] if step.next.how == "first" else "")]
    if step.next.how == "outcome":
        # Behind a way with a limit, or a condition, of the same outcome stands the one for all the rest.
        spent = arm.at_most is None and any(other.outcome == arm.outcome and other is not arm for other in step.next.arms)
        parts = [said.get(arm.outcome or "", arm.outcome or ""), arm.when or (said["else"] if spent else "")]
    parts += [f"{said['at_most']} {arm.at_most} {said['times']}"] if arm.at_most else []
    parts += [f"{said['cancels']} {_titles(journey, arm.cancels, language)}"] if arm.cancels else []
    return ", ".join(part for part in parts if part)


def _titles(journey: Journey, steps: Iterable[str], language: str) -> str:
    return ", ".join(text(journey.step(id).title, language) for id in steps)


def _flow(journey: Journey, step: Step, language: str) -> list[str]:
    """How often it is done, and what it makes needless."""
    said, found = words(language), []
    if step.each is not None:
        enough = f", {step.needs} {said['enough']}" if step.needs else ""
        found.append(f"{said['each']} {step.each} ({said['at_most']} {step.most}{enough})")
    if step.rest == "cancel":
        found.append(said["rest"])
    if step.cancels:
        found.append(f"{said['cancels']} {_titles(journey, step.cancels, language)}")
    return found


def _says(catalogue: Catalogue, journey: Journey, step: Step, language: str) -> str:
    return " · ".join(part for part in (_who(catalogue, journey, step, language), *_flow(journey, step, language)) if part)


def _who(catalogue: Catalogue, journey: Journey, step: Step, language: str) -> str:
    said = words(language)
    if step.kind == "join":
        ways = journey.ways_in.get(step.id, 0) + (step.id == journey.start)
        needs = step.needs or ways
        return f"{said['join']} {needs} {said['of']} {ways}" if needs < ways else f"{said['join']} {said['all']}" if ways > 1 else ""
    if step.kind in ("ask", "notify"):
        return said[step.kind]
    if step.kind == "wait":
        return _waits(step, said)
    if step.kind == "journey":
        return _inside(catalogue, step, said, language)
    agency = text(catalogue.agencies[step.agency].title, language) if step.agency in catalogue.agencies else step.agency
    whose = agency or said["holder"]
    return f"{said[step.kind]} {whose}" if step.kind == "send" else f"{said.get(step.kind, step.kind)} · {whose}"


def _leads(catalogue: Catalogue, step: Step) -> str | None:
    service = catalogue.services.get(step.service or "")
    return service.journey if service else step.journey


def _inside(catalogue: Catalogue, step: Step, said: Mapping[str, str], language: str) -> str:
    """What runs inside: another journey, or a part with its own service and agency."""
    service = catalogue.services.get(step.service or "")
    if service is None:
        child = catalogue.journeys.get(step.journey or "")
        return f"{said['inside']}: {text(child.title, language) if child else step.journey}"
    whose = text(catalogue.agencies[service.agency].title, language)
    about = f"{said['part']}: {text(service.title, language)} · {whose}"
    return f"{about} ({said['needed']})" if step.when else about


def _waits(step: Step, said: Mapping[str, str]) -> str:
    if step.until is None:
        return f"{said['wait']}: {step.event}" if step.event else said["wait"]
    moved = f" + {step.until.plus}" if step.until.plus else f" - {step.until.minus}" if step.until.minus else ""
    return f"{said['wait']} {said['until']} {step.until.field}{moved}"


def _promises(catalogue: Catalogue, journey: Journey, step: Step, language: str) -> tuple[str, ...]:
    terms = [term for term in (step.reply_within, step.lasts, step.within) if term]
    for service in catalogue.services.values():
        if service.journey == journey.id:
            terms += [standard.within for standard in service.standards if standard.covers == step.id]
    return tuple(dict.fromkeys(_term(within, language) for within in terms))


def _term(within: str, language: str) -> str:
    return f"{words(language)['within']} {span_of(within, language)}"
