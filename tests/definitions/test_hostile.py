"""Files nobody should have written: always a fault with a place, never a trace, never much memory."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random  # noqa: TID251 (seed 20)

import pytest

from portal.catalogue.faults import CatalogueFaults, Fault
from portal.catalogue.load import MOST, load
from portal.catalogue.tree import Scalar, parse, resolve
from tests.definitions.small_city import FILES, write

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(8))

HOSTILE = {
    "alias bomb": BOMB,
    "merge bomb": b"a: &a {b: 1}\nc:\n  <<: *a\n",
    "NUL": b"id: \x00",
    "not UTF-8": b"id: caf\xe9",
    "UTF-16": "id: x".encode("utf-16"),
    "lone surrogate": b"id: \xed\xa0\x80",
    "10 MB": b"id: " + b"x" * 10_000_000,
    "deep flow": b"[" * 100_000,
    "deep block": b"- " * 50_000,
    "deep mappings": b"{a: " * 50_000,
    "empty": b"",
    "only a comment": b"# nothing\n",
    "a list": b"- id: x",
    "a word": b"moving-home",
    "two documents": b"id: x\n---\nid: y\n",
    "python object": b"id: !!python/object/apply:os.system ['true']",
    "huge integer": b"version: " + b"9" * 5000,
    "infinity": b"version: .inf",
    "list as key": b"? [a, b]\n: c",
    "mapping as key": b"? {a: b}\n: c",
    "tabs": b"id:\n\t- x",
    "unknown directive": b"%YAML 9.9\n---\nid: x",
    "bidi override is text": "id: x\ntitle: {en: '\u202e', fr: x}".encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("file", ["services/hall/tree.yaml", "services/hall/agency.yaml", "journeys/long.yaml"])
def test_a_hostile_file_is_a_fault(tmp_path: Path, name: str, file: str) -> None:
    write(tmp_path)
    (tmp_path / file).write_bytes(HOSTILE[name])
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[tmp_path])
    assert any(fault.file == str(tmp_path / file) and fault.line >= 1 and fault.column >= 1 for fault in trouble.value.faults)


def test_naughty_strings_are_read_or_refused(shared_data: Path) -> None:
    strings = json.loads((shared_data / "hostile" / "blns.json").read_text(encoding="utf-8"))
    for text in strings:
        node, faults = parse("f.yaml", json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        assert faults or (isinstance(node, Scalar) and node.value == text)
        parse("f.yaml", text.encode("utf-8", "surrogatepass"))


def test_random_damage_never_escapes(tmp_path: Path) -> None:
    """Bytes cut, doubled, swapped in good files (seed 20): load gives a catalogue or faults."""
    random = Random(20)
    found: list[Fault] = []
    write(tmp_path)
    for _ in range(150):
        file = random.choice(sorted(FILES))
        good = FILES[file].encode()
        at, to = sorted((random.randrange(len(good)), random.randrange(len(good))))
        damage = random.choice([good[:at] + good[to:], good[:at] + good[at:to] * 2 + good[to:], good[:at] + bytes([random.randrange(256)]) + good[at + 1 :]])
        (tmp_path / file).write_bytes(damage)
        try:
            load(directories=[tmp_path])
        except CatalogueFaults as trouble:
            found += trouble.faults
        (tmp_path / file).write_bytes(good)
    assert found
    assert all(fault.line >= 1 and fault.column >= 1 and fault.message for fault in found)


def test_endless_faults_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"journeys/long.yaml": "id: long\n" + "".join(f"x{n}: 1\n" for n in range(5000))})
    with pytest.raises(CatalogueFaults) as trouble:
        load(directories=[tmp_path])
    assert len(trouble.value.faults) == MOST + 1
    assert "more faults" in trouble.value.faults[-1].message


SCALARS: dict[str, object] = {text: text for text in ("no", "yes", "on", "1_000", "12:30:45", "2026-11-22", ".inf", ".nan", "0b1")}
SCALARS |= dict.fromkeys(("~", "null", ""))
SCALARS |= {"0123": 123, "0o17": 15, "0x1F": 31, "+7": 7, "true": True, "False": False, "1e3": 1000.0, "-.5": -0.5}


@pytest.mark.parametrize("text", SCALARS)
def test_plain_scalars_by_the_core_schema_of_yaml_1_2(text: str) -> None:
    assert resolve(text) == SCALARS[text]
    assert type(resolve(text)) is type(SCALARS[text])
