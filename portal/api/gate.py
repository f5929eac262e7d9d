"""The input gate: what JSON, which query and which path are read at all, before any schema sees them."""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from math import isfinite
from typing import Any
from urllib.parse import parse_qsl

from portal.api.refusals import BadAddress, BadJson, TooDeep
from portal.errors import NotFound

#: Bytes of a body, where its route names no other limit.
BODY = 256 * 1024
#: Objects and lists inside one another; JSON values this portal speaks need six.
DEPTH = 32
#: Characters of a number; an IEEE double is exact to 17 digits.
DIGITS = 64
#: Parameters of a query.
PARAMETERS = 50

#: A whole string, or a bracket; an unfinished string runs to the end, so that the scan stays linear.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.|\\\Z)*(?:"|\Z)|[\[\]{}]', re.DOTALL)
#: NUL and lone surrogates: PostgreSQL cannot store the one, UTF-8 not the other.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: Never part of a path of ours: control characters, bytes that were not UTF-8, backslashes, `.` and `..` as a part.
_ODD_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffd\\]|/\.\.?(?:/|\Z)")


def read_json(body: bytes) -> Any:
    """The value of a JSON text.

    Stricter than RFC 8259 where parsers differ: BadJson for bytes that are not UTF-8, NaN and Infinity, numbers of over 64 characters or beyond a
    double, a name twice in an object, NUL and lone surrogates; TooDeep beyond 32 levels.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"The body is not UTF-8: byte {error.start} cannot be read.") from None
    if text.count("[") + text.count("{") > DEPTH:
        _demand_shallow(text)
    try:
        value = _DECODER.decode(text)
    except JSONDecodeError as error:
        raise BadJson(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise TooDeep from None
    if "\\u" in text:
        _demand_storable(value)
    return value


def check_path(path: str) -> None:
    """NotFound for a path no address of the portal has: NUL, bytes that are not UTF-8, `..`."""
    if _ODD_PATH.search(path):
        raise NotFound


def check_query(query: bytes, *, once: bool = True) -> None:
    """BadAddress for a query with bytes that are not UTF-8, NUL, too many parameters, or (`once`) one named twice."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=PARAMETERS)
    except ValueError:
        raise BadAddress from None
    if any(_UNSTORABLE.search(text) for pair in pairs for text in pair):
        raise BadAddress("A parameter of the query holds a NUL character.")
    if once and len({name for name, _ in pairs}) != len(pairs):
        raise BadAddress("A parameter of the query is named twice. Name each once.")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadJson("An object of the body has the same name twice. Parsers disagree on what that means; send each name once.")
    return found


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise BadJson(f"A number of the body is longer than {DIGITS} characters.")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if len(digits) > DIGITS or not isfinite(number):
        raise BadJson(f"A number of the body is longer than {DIGITS} characters or too large.")
    return number


def _constant(name: str) -> Any:
    raise BadJson(f"{name} is not JSON.")


_DECODER = JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=_decimal, parse_constant=_constant)


def _demand_shallow(text: str) -> None:
    depth = 0
    for found in _STRUCTURE.finditer(text):
        mark = text[found.start()]
        if mark in "[{":
            depth += 1
            if depth > DEPTH:
                raise TooDeep(f"The body is nested more than {DEPTH} levels deep.")
        elif mark in "]}":
            depth -= 1


def _demand_storable(value: Any) -> None:
    """Only escapes can bring in what raw text cannot hold, so this runs only where there are some."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if _UNSTORABLE.search(one):
                raise BadJson("A text of the body holds a NUL character or half of a surrogate pair, which cannot be stored.")
        elif isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
