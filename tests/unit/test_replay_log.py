"""Readers of logs: broken rows are told and swallow no others; what cannot be read at all is one sentence with its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from portal.intake.replay.log import Entry, UnreadableLog, csv_rows, opened
from portal.intake.replay.xes import xes_traces

HEAD = b"id,at,what\n"


def rows(folder: Path, content: bytes, encoding: str = "utf-8") -> list[Entry]:
    file = folder / "log.csv"
    file.write_bytes(content)
    with opened(file) as raw:
        return list(csv_rows(file, raw, encoding=encoding, delimiter=",")[1])


def traces(folder: Path, content: bytes) -> list[Entry]:
    file = folder / "log.xes"
    file.write_bytes(content)
    with opened(file) as raw:
        return list(xes_traces(file, raw))


def test_rows_have_numbers_lines_and_texts(tmp_path: Path) -> None:
    found = rows(tmp_path, b'\xef\xbb\xbfid,at,what\r\n1,a,"two\r\nlines, and ""quotes"""\r\n\r\n2,b,c')
    assert [(row.number, row.line, row.fault) for row in found] == [(1, 2, None), (2, 5, None)]
    assert found[0].texts == {"id": "1", "at": "a", "what": 'two\r\nlines, and "quotes"'}


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b"2,b", "it has 2 columns, the header 3"),
        (b"2,b,c,d", "it has 4 columns, the header 3"),
        (b"2,b,\xff\xfe", "not in the encoding"),
        (b"2,b,\x00", "NUL"),
        (b'2,b,"never closed', "quotation mark is not closed"),
    ],
)
def test_a_broken_row_is_told_and_the_rest_goes_on(bad: bytes, says: str, tmp_path: Path) -> None:
    found = rows(tmp_path, HEAD + b"1,a,x\n" + bad + b"\n3,c,z\n4,d,y\n")
    assert [(row.number, row.line) for row in found] == [(1, 2), (2, 3), (3, 4), (4, 5)]
    assert says in (found[1].fault or "")
    assert [row.texts.get("id") for row in found if not row.fault] == ["1", "3", "4"]


def test_a_packed_log_is_read_and_another_encoding_too(tmp_path: Path) -> None:
    assert rows(tmp_path, gzip.compress(HEAD + b"1,a,b\n"))[0].texts["what"] == "b"
    assert rows(tmp_path, HEAD + "1,a,é\n".encode("latin-1"), "latin-1")[0].texts["what"] == "é"


@pytest.mark.parametrize(("content", "place"), [(b"", "1:1"), (b"\n1,2\n", "1:1"), (gzip.compress(HEAD + b"1,a,b\n" * 9999)[:-9], "")])
def test_a_log_that_cannot_be_read_is_one_sentence(content: bytes, place: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableLog, match=rf"log\.csv:{place}"):
        rows(tmp_path, content)


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path) -> None:
    with pytest.raises(UnreadableLog, match="no end"):
        rows(tmp_path, HEAD + b"x" * (2 << 20))


XES = b"""<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/"><global scope="trace"><string key="concept:name" value="UNKNOWN"/></global>
<trace><string key="concept:name" value="A &amp; B"><string key="inner" value="passed over"/></string>
 <event><string key="concept:name" value="end"/><date key="time:timestamp" value="2011-01-02T00:30:00+02:00"/></event>
 <event><string key="concept:name" value="begin"/><date key="time:timestamp" value="2011-01-01T22:00:00Z"/></event></trace>
<trace/></log>"""


def test_a_trace_has_its_attributes_and_those_of_its_first_and_last_event_in_time(tmp_path: Path) -> None:
    first, second = traces(tmp_path, XES)
    assert (first.number, first.line, second.number) == (1, 3, 2)
    assert first.texts["concept:name"] == "A & B"
    assert (first.texts["first:concept:name"], first.texts["last:concept:name"]) == ("begin", "end")
    assert "inner" not in first.texts
    assert second.texts == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"<trace/></log>", b"<trace>", "not well-formed"),
        (b"<trace/></log>", b"", "not well-formed"),
        (b"<log xmlns", b'<!DOCTYPE log [<!ENTITY a "aaaa">]><log xmlns', "document type"),
        (b"log", b"lug", "no XES log"),
        (b"<trace/>", b"<trace>" + b"<list>" * 80 + b"</list>" * 80 + b"</trace>", "inside one another"),
    ],
)
def test_xml_that_is_no_sound_log_is_one_sentence_with_its_place(old: bytes, new: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableLog, match=rf"log\.xes:\d+:\d+: .*{says}"):
        traces(tmp_path, XES.replace(old, new))
