"""The description of the API as a page shows it: operations by what they are about, with fields in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from inspect import cleandoc
from typing import Any

from werkzeug.routing import Rule

from portal.access.permissions import PERMISSIONS

#: Methods in the order they are shown.
METHODS = ("get", "post", "put", "patch", "delete")
#: Keyword of a schema -> how it is said.
_LIMITS = {"minimum": "at least {}", "maximum": "at most {}", "minLength": "{} characters at least", "maxLength": "{} at most", "minItems": "{} at least"}
_LIMITS |= {"maxItems": "{} at most", "pattern": "as {}", "default": "if left out {}"}


def sections(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every operation, under what it is about, in the order of the description; those that name nothing come last."""
    about = {tag["name"]: {"name": tag["name"], "says": tag.get("description", ""), "operations": []} for tag in described.get("tags", ())}
    for path, methods in described["paths"].items():
        shared = methods.get("parameters", ())
        for method in METHODS:
            if method in methods:
                tag = next(iter(methods[method].get("tags", ())), "other")
                place = about.setdefault(tag, {"name": tag, "says": "", "operations": []})
                place["operations"].append(_operation(described, method, path, methods[method], shared))
    return [section for section in about.values() if section["operations"]]


def channels(rules: Iterable[Rule], views: Mapping[str, Callable[..., Any]]) -> list[dict[str, Any]]:
    """Every address a channel has mounted, by channel: what it is, who may, how much it takes. Their forms, and their errors, are the channel's own."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in sorted(rules, key=str):
        marks = getattr(views[rule.endpoint], "__dict__", {})
        if "channel" in marks:
            says, _, more = cleandoc(views[rule.endpoint].__doc__ or "").partition("\n\n")
            path, who = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)), PERMISSIONS[marks["action"]].subjects
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                one = {"method": method, "path": path, "says": says, "more": more, "who": who, "bytes": marks["body"], "id": _id(method, path)}
                found.setdefault(marks["channel"], []).append(one)
    return [{"name": name, "operations": operations} for name, operations in found.items()]


def schemas(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every schema by name, with its fields."""
    found = described["components"]["schemas"]
    return [{"name": name, "says": schema.get("description", ""), "fields": _fields(schema)} for name, schema in sorted(found.items())]


def _id(method: str, path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method}-{path}".lower()).strip("-")


def _operation(described: Mapping[str, Any], method: str, path: str, said: Mapping[str, Any], shared: Iterable[Any]) -> dict[str, Any]:
    parameters = [_found(described, one) for one in (*shared, *said.get("parameters", ()))]
    answers = [(status, _found(described, one)) for status, one in sorted(said["responses"].items()) if status != "default"]
    return {
        "id": _id(method, path),
        "method": method.upper(),
        "path": path,
        "says": said.get("summary", ""),
        "more": said.get("description", ""),
        "who": said.get("x-authz", {}).get("subjects", []),
        "parameters": [
            {
                "name": one["name"],
                "in": one["in"],
                "needed": one.get("required", False),
                "kind": _kind(one.get("schema", {})),
                "says": one.get("description", ""),
            }
            for one in parameters
        ],
        "body": [_kind(content.get("schema", {})) | {"type": type} for type, content in said.get("requestBody", {}).get("content", {}).items()],
        "answers": [
            {"status": status, "says": one.get("description", ""), "kind": next((_kind(c.get("schema", {})) for c in one.get("content", {}).values()), None)}
            for status, one in answers
        ],
    }


def _found(described: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference stands for."""
    if "$ref" not in one:
        return one
    found: Any = described
    for part in one["$ref"].removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return dict(found)


def _fields(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    needed = schema.get("required", ())
    return [
        {"name": name, "needed": name in needed, "kind": _kind(field), "says": field.get("description", ""), "limits": _limits(field)}
        for name, field in schema.get("properties", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`text`: what it is; `schema`: name of the schema it is of, if it is one of those that are listed."""
    if "$ref" in schema:
        return {"text": "", "schema": schema["$ref"].rpartition("/")[2]}
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        kinds = [_kind(one) for one in either]
        return {"text": " or ".join(one["text"] for one in kinds if one["text"]), "schema": next((one["schema"] for one in kinds if one["schema"]), None)}
    if schema.get("type") == "array":
        inner = _kind(schema.get("items", {}))
        return {"text": f"list of {inner['text']}".strip(), "schema": inner["schema"]}
    if "enum" in schema:
        return {"text": " | ".join("null" if one is None else str(one) for one in schema["enum"]), "schema": None}
    type = schema.get("type", "anything")
    text = " or ".join(type) if isinstance(type, list) else type
    return {"text": f"{text} ({schema['format']})" if "format" in schema else text, "schema": None}


def _limits(field: Mapping[str, Any]) -> list[str]:
    return [says.format(field[name]) for name, says in _LIMITS.items() if field.get(name) is not None]
