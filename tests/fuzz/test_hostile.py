"""Hostile requests get a clear refusal, never a fault: a sample of `make long`."""

from __future__ import annotations

from pathlib import Path

from portal.api.gate import read_json
from portal.errors import Refusal
from tests.fuzz.hostile import all_of_them, routes, town
from tests.servers import Database


def test_hostile_requests_to_every_address(fresh_database: Database, tmp_path: Path) -> None:
    with town(fresh_database, tmp_path) as one:
        told = all_of_them(one, 8)
        assert told.wrong == []
        assert told.sent > 5 * len(routes(one.app))


#: Whole texts; any of them cut short is none, nor is any with a word behind it.
WHOLE = (b'{"a":[1,-0.5e+7,"\\u00e9\\n\\"",true,false,null,{}]}', b'[["x"],{"b":{"c":[]}}]', b'"\\ud83d\\ude00"', b"[1]")
#: What RFC 8259 has no place for, and what parsers disagree on: refused alike.
NONE = (
    *(b"[1,]", b"[,1]", b'{"a":1,}', b'{"a"}', b"{1:2}", b"{a:1}", b"['a']", b"[1 2]", b'{"a" 1}', b"[01]", b"[+1]", b"[.1]", b"[1.]", b"[1e]", b"[0x1]"),
    *(
        b"[--1]",
        b"[1e+]",
        b"[Infinity]",
        b"[nan]",
        b"[True]",
        b"[nul]",
        b'["\\x"]',
        b'["\\u00"]',
        b'["\t"]',
        b'["\x1f"]',
        b'["]',
        b"]",
        b"}",
        b"[1]]",
        b"/**/[1]",
    ),
    *(b"[1]//", b"\x0c[1]", b"\xc2\xa0[1]", b"\xe2\x80\xa9[1]", b'{"a":1,"a":2}', b'["\\ud800"]', b'["\\udc00\\ud800"]', b'["\xff"]', b'["\xc0\xaf"]'),
    *(b'["\xed\xa0\x80"]', b"\xff\xfe[\x001\x00]\x00", b"[1e9999]", b"[" + b"9" * 400 + b"]", b"[" * 100_000, b'{"a":' * 100_000, b'["\\u0000"]', b""),
)


def refused(body: bytes) -> bool:
    try:
        read_json(body)
    except Refusal:
        return True
    return False


def test_json_is_taken_or_refused_as_one_rule_says() -> None:
    decided = 0
    for whole in WHOLE:
        assert not refused(whole) and not refused(b" \t\r\n" + whole + b"\n ")
        for cut in range(len(whole)):
            assert refused(whole[:cut]), whole[:cut]
            decided += 1
        for more in (b"x", b",", b"\x00", b"[]", b'"'):
            assert refused(whole + more), whole + more
            decided += 1
        for byte in range(0x20):
            inside = whole.replace(b'"', b'"' + bytes((byte,)), 1)
            assert inside == whole or refused(inside), inside
            decided += 1
    assert [body for body in NONE if not refused(body)] == []
    assert decided + len(NONE) > 250
