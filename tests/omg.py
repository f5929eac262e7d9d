"""Models of others in the languages of the OMG: their XML, and a DMN table in our language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from portal.catalogue.definitions import Field, Input, Option, Output, Rule, Table

HIT = {"UNIQUE": "unique", "FIRST": "first", "ANY": "first", "PRIORITY": "first"}
TYPES = {"number": "integer", "integer": "integer", "string": "text", "boolean": "boolean"}


class Node:
    """An element: its local name, attributes, text and what is inside."""

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes, self.text = name.rpartition(":")[2], attributes, ""
        self.inside: list[Node] = []

    def all(self, *names: str) -> Iterator[Node]:
        """Those inside, at that path."""
        if not names:
            yield self
        for child in self.inside:
            if names and child.name == names[0]:
                yield from child.all(*names[1:])

    def words(self, *names: str) -> str:
        return next((found.text.strip() for found in self.all(*names)), "")


def tree(raw: bytes) -> Node:
    """The document; entities are not expanded."""
    root = Node("", {})
    stack = [root]
    parser = expat.ParserCreate()

    def begin(name: str, attributes: dict[str, str]) -> None:
        stack[-1].inside.append(Node(name, attributes))
        stack.append(stack[-1].inside[-1])

    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = lambda text: setattr(stack[-1], "text", stack[-1].text + text)
    parser.Parse(raw, True)
    return root.inside[0]


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())


def literal(text: str) -> Any:
    return text == "true" if text in ("true", "false") else text.strip('"') if text.startswith('"') else int(text)


def converted(model: Node) -> tuple[Table, tuple[Field, ...]]:
    """The model's one table in our language, and the questions it asks. An output without values of its own is written as text."""
    (decision,) = model.all("decision")
    (found,) = decision.all("decisionTable")
    names = [slug(one.words("inputExpression", "text")) for one in found.all("input")]
    fields, inputs = [], []
    for name, one in zip(names, found.all("input"), strict=True):
        values = tuple(Option(text.strip(' "'), {"en": text}) for text in one.words("inputValues", "text").split(",") if text.strip())
        type = "choice" if values else TYPES[next(one.all("inputExpression")).attributes["typeRef"]]
        fields.append(Field(id=name, type=type, title={"en": name}, required=True, options=values))  # type: ignore[arg-type]
        inputs.append(Input(id=name, value=f"answers.{name}"))
    outputs = [(slug(one.attributes.get("name") or decision.attributes["name"]), TYPES[one.attributes.get("typeRef", "string")]) for one in found.all("output")]
    rules = []
    for one in found.all("rule"):
        cells = {name: entry.words("text") for name, entry in zip(names, one.all("inputEntry"), strict=True)}
        then = {id: literal(entry.words("text")) for (id, _), entry in zip(outputs, one.all("outputEntry"), strict=True)}
        rules.append(Rule(then=then, when=cells))
    hit: Any = HIT[found.attributes.get("hitPolicy", "UNIQUE")]
    return Table("model", hit, tuple(Output(id, type) for id, type in outputs), tuple(rules), tuple(inputs)), tuple(fields)  # type: ignore[arg-type]
