"""The input gate: what JSON is read, and that the rest is refused with a reason, never with a fault."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.api.gate import DEPTH, DIGITS, check_path, check_query, read_json
from portal.api.refusals import BadAddress, BadJson, TooDeep
from portal.errors import NotFound, Refusal

HOSTILE = {
    "not UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "beyond a double": b'{"a":1e400}',
    "long integer": b'{"a":' + b"9" * (DIGITS + 1) + b"}",
    "very long integer": b'{"a":' + b"9" * 200_000 + b"}",
    "long fraction": b'{"a":0.' + b"1" * DIGITS + b"}",
    "name twice": b'{"a":1,"a":1}',
    "name twice, escaped": b'{"a":1,"\\u0061":1}',
    "name twice, deep": b'{"b":[{"a":1,"a":2}]}',
    "NUL": b'{"a":"\\u0000"}',
    "NUL in a name": b'{"\\u0000":1}',
    "raw NUL": b'{"a":"\x00"}',
    "lone high surrogate": b'{"a":"\\ud800"}',
    "lone low surrogate in a list": b'{"a":["x","\\udc00"]}',
    "surrogates in the wrong order": b'{"a":"\\udc00\\ud800"}',
    "nothing": b"",
    "cut short": b'{"a":',
    "unfinished string": b'{"a":"b',
    "unfinished escape": b'{"a":"\\',
    "two values": b"{} {}",
    "trailing comma": b'{"a":1,}',
    "comment": b'{"a":1}//',
    "single quotes": b"{'a':1}",
    "raw newline in a string": b'{"a":"\n"}',
}
DEEP = {
    "lists": b"[" * 100_000,
    "closed lists": b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
    "objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "behind a string of brackets": b'["]]]]]]",' + b"[" * DEPTH + b"]" * DEPTH + b"]",
    "behind an escaped quote": b'["\\"]]]",' + b"[" * DEPTH + b"]" * DEPTH + b"]",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(BadJson) as caught:
        read_json(body)
    assert len(caught.value.detail) > 10


@pytest.mark.parametrize("body", DEEP.values(), ids=DEEP)
def test_too_deep(body: bytes) -> None:
    with pytest.raises(TooDeep):
        read_json(body)


def test_depth_counts_no_brackets_in_strings() -> None:
    text = "[{" * 1000 + '\\"'
    assert read_json(json.dumps({"a": text, "b": [[1]] * 40}).encode())["a"] == text
    assert read_json(b"[" * DEPTH + b"]" * DEPTH)


@pytest.mark.parametrize("body", [b'{"a":"' + b'\\"' * 120_000, b'"' * 250_000, b'"[' * 120_000, b'{"a":"' + b"[" * 100 + b"\\" * 200_001])
def test_hostile_strings_are_scanned_once(body: bytes) -> None:
    """A scan that tried again from every quote would need hours for these."""
    with pytest.raises(Refusal):
        read_json(body)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('abé"\\[{', max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_ordinary_json_is_read_as_it_is(value: object, escaped: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=200) | st.text('[]{}",:\\u0dn123-.eE ', max_size=200).map(str.encode))
def test_never_a_fault(body: bytes) -> None:
    with suppress(Refusal):
        read_json(body)


def test_naughty_strings_pass_unchanged(shared_data: Path) -> None:
    for text in json.loads((shared_data / "hostile" / "blns.json").read_text("utf-8")):
        assert read_json(json.dumps({"text": text}).encode()) == {"text": text}


@pytest.mark.parametrize("query", [b"a=%00", b"a=%ff", b"a=%ed%a0%80", b"a=1&a=2", b"a&a", b"%61=1&a=2", b"\xff=1", b"&".join(b"p%d=1" % n for n in range(51))])
def test_bad_queries(query: bytes) -> None:
    with pytest.raises(BadAddress):
        check_query(query)


def test_good_queries() -> None:
    check_query(b"text=caf%C3%A9+[x]&language=fr&empty=")
    check_query(b"a=1&a=2", once=False)


@pytest.mark.parametrize("path", ["/a\x00", "/a/../b", "/..", "/a/.", "/a\ufffd", "/a\\b", "/\x1b[31m", "/a\r\nb"])
def test_odd_paths(path: str) -> None:
    with pytest.raises(NotFound):
        check_path(path)


def test_usual_paths() -> None:
    check_path("/docs/static/swagger-ui/swagger-ui.css")
    check_path("/api/v1/cases/AB-12..cd/événement")
