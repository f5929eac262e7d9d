"""Files of `batch`: whatever a citizen writes comes out as one cell of one line; whatever an agency writes is understood whole or not at all."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue.definitions import Batch
from portal.plugins import discovery
from portal.plugins.agency import File, Files, Reach, Refusal, Written
from portal.plugins.proofs import sample
from portal.plugins.xml import parsed

BATCH = Batch(columns={"REF": "key", "A": "answers.a", "B": "text", "C": "'X'"}, answers={"key": "REF", "status": "S"}, statuses={"OK": "done"})
KEY = "0190a000-0000-7000-8000-000000000002"
_found = discovery.adapter("batch", "nobody")
assert isinstance(_found, Files)
ADAPTER: Files = _found


def reach(**changed: Any) -> Reach:
    return Reach("file:///x", asdict(replace(BATCH, **changed)))


def made(a: Any, text: str | None = None, **changed: Any) -> bytes:
    way = reach(**changed)
    return ADAPTER.collect(way, [sample("x", way, key=KEY, answers={"a": a}, text=text)], 1)[0].content


def cells(content: bytes, encoding: str = "utf-8", **how: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), **how))


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from([",", ";", "|", "tab"]), st.sampled_from(["needed", "all"]))
def test_whatever_is_written_is_one_cell_of_one_line(a: str, text: str, delimiter: Any, quotes: Any) -> None:
    rows = cells(made(a, text, delimiter=delimiter, quotes=quotes), delimiter="\t" if delimiter == "tab" else delimiter)
    assert [len(row) for row in rows] == [4, 4]
    assert (rows[1][0], rows[1][3]) == (KEY, "X")
    for written, cell in ((a, rows[1][1]), (text, rows[1][2])):
        kept = "".join(letter for letter in written.replace("\r\n", "\n").replace("\r", "\n") if letter in "\n\t" or not _dropped(letter))
        assert cell.removeprefix("'") == kept.removeprefix("'") or cell == kept


def _dropped(letter: str) -> bool:
    return ord(letter) < 32 or letter in "\x7f\ufffe\uffff" or 0xD800 <= ord(letter) <= 0xDFFF


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\ufeff=1", "\n=1", "\u00a0@x", "\r=1"])
def test_no_cell_begins_as_a_formula_unless_it_is_a_number(formula: str) -> None:
    (_, row) = cells(made(formula))
    assert row[1][0] == "'"
    (_, kept) = cells(made(formula.strip(), formulas="kept"))
    assert not kept[1].startswith("'")
    assert cells(made(-5))[1][1] == "-5"


@given(st.text(max_size=60))
def test_xml_holds_whatever_is_written_and_nothing_of_it_is_markup(text: str) -> None:
    for encoding in ("utf-8", "iso-8859-1", "utf-16"):
        root = parsed(made(text, "</B><B>x", format="xml", encoding=encoding))
        (line,) = root.all("handover")
        assert [one.name for one in line.inside] == ["REF", "A", "B", "C"]
        assert line.child("B") == "</B><B>x"


def test_letters_an_encoding_lacks_are_written_plainly() -> None:
    (_, row) = cells(made("Łódź Zoë 日本", encoding="iso-8859-1"), "iso-8859-1")
    assert row[1] == "?ódz Zoë ??"
    assert cells(made("Zoë €", encoding="windows-1252"), "windows-1252")[1][1] == "Zoë €"


def understood(content: bytes, **changed: Any) -> Any:
    way = reach(control="line", **changed)
    return ADAPTER.understand_file(way, [File("answers-1.csv", content)])


def test_a_right_file_is_understood_in_every_dress() -> None:
    total = int(KEY[:8], 16)
    right = [Written(KEY, "done")]
    assert understood(f"REF,S\r\n{KEY},OK\r\nEND,1,{total}\r\n".encode()) == right
    assert understood(f"\ufeffREF,S\n{KEY},OK\nEND,1,{total}".encode()) == right, "with a byte order mark, without a last line end"
    assert understood(f"S,OTHER,REF\nOK,x,{KEY}\nEND,1,{total}\n".encode()) == right, "in another order, with more columns"
    assert understood(f'"REF";"S"\r\n"{KEY}";"OK"\r\n"END";"1";"{total}"'.encode("utf-16"), delimiter=";", encoding="utf-16") == right
    assert understood(f"{KEY},OK\nEND,1,{total}\n".encode(), header=False) == right
    xml = f"<r><l><REF>{KEY}</REF><S>OK</S></l><control><rows>1</rows><total>{total}</total></control></r>"
    assert understood(xml.encode(), format="xml") == right


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><r><l><REF>&b;</REF></l></r>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r><l><REF>&a;</REF></l></r>'


@pytest.mark.parametrize("content", [BOMB.encode(), OUTSIDE.encode(), b"<r>" * 1_000, b"", b"<r/>", b"\x00", "<r>é</r>".encode("utf-16")[:-3]])
def test_xml_that_could_harm_is_not_read(content: bytes) -> None:
    told = understood(content, format="xml")
    assert isinstance(told, Refusal)
    assert not told.retry


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"REF,S\r\n",
        b"REF,S\r\nEND,0,0,0\r\n",
        b"REF,S\r\nEND,0,\r\n",
        b"REF,S\r\nEND,0,nan\r\n",
        b"REF,S\r\nEND,0,1e999999999\r\n",
        b"REF,S\r\nEND,zero,0\r\n",
        b"REF,S,S\r\nEND,0,0\r\n",
        b'REF,S\r\n"' + b"x" * 200_000,
        b"REF,S\r\n" + b"0190a000-0000,OK\r\n" * 60_000 + b"END,60000,0\r\n",
        b"\xff\xff\xff",
    ],
)
def test_what_is_broken_in_any_way_is_a_refusal_in_plain_words(content: bytes) -> None:
    told = understood(content)
    assert isinstance(told, Refusal)
    assert told.reason
    assert "Traceback" not in told.reason


@given(st.binary(max_size=300))
def test_nothing_whatsoever_makes_it_fall_over(content: bytes) -> None:
    for format in ("csv", "xml"):
        told = understood(content, format=format)
        assert isinstance(told, Refusal) or told == []


def test_every_cut_of_a_right_file_is_refused() -> None:
    whole = f"REF,S\r\n{KEY},OK\r\nEND,1,{int(KEY[:8], 16)}".encode()
    for end in range(len(whole)):
        assert isinstance(understood(whole[:end]), Refusal), whole[:end]


def test_a_control_file_is_about_its_file_and_no_other() -> None:
    way, total = reach(), int(KEY[:8], 16)
    content = f"REF,S\r\n{KEY},OK\r\n".encode()

    def said(name: str = "a.csv", rows: Any = 1, total: Any = total, digest: str = sha256(content).hexdigest()) -> Any:
        control = f"file,rows,total,sha256\r\n{name},{rows},{total},{digest}\r\n".encode()
        return ADAPTER.understand_file(way, [File("a.csv", content), File("a.csv.control", control)])

    assert said() == [Written(KEY, "done")]
    assert said(digest="") == [Written(KEY, "done")], "who cannot reckon a digest leaves it out"
    for wrong in ({"name": "b.csv"}, {"rows": 2}, {"rows": -1}, {"total": total + 1}, {"digest": "0" * 64}):
        assert isinstance(said(**wrong), Refusal), wrong  # type: ignore[arg-type]
