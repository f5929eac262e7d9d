"""Files in and out: handovers collected into one CSV or XML file a run, answers in files that come back; both with control totals, each line with our key."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, DecimalException
from fnmatch import fnmatchcase
from html import escape
from typing import Any

from portal.plugins.agency import Answer, Delivery, File, Promise, Reach, Receipt, Refusal, Written, not_understood
from portal.plugins.xml import BadXml, Element, parsed

#: Where the totals stand: the first cell of the last line, the ending of the file beside, the last element.
LAST, BESIDE, CONTROL = "END", ".control", "control"
#: Lines of an answer file, and characters of one cell.
MOST_LINES, LONGEST_CELL = 50_000, 32_000
#: What a spreadsheet takes for a formula when a cell begins with it (OWASP, CSV injection).
FORMULA = "=+-@\t\r"
_DELIMITERS = {"tab": "\t"}
_ENDS = {"crlf": "\r\n", "lf": "\n"}
#: Not in any file: XML 1.0 (2.2) forbids them, and old readers end at them.
_UNPRINTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_HEX = re.compile(r"[0-9a-fA-F]{8}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
_OUTCOME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

Options = Mapping[str, Any]
Line = dict[str, str]


class Batch:
    """A repeat is the same file under the same name with the same keys; the definition says whether the agency knows it by them."""

    promise: Promise = "idempotent"

    def prepare(self, delivery: Delivery) -> File:
        """The handover as a file of its own, number 1."""
        return self.collect(delivery.reach, [delivery], 1)[0]

    def read(self, answer: Answer) -> Receipt | Refusal:
        """Nothing was called, so no answer can be understood."""
        return not_understood("files are answered by files")

    def collect(self, reach: Reach, deliveries: Sequence[Delivery], number: int) -> list[File]:
        """The file, and with `control: file` the one beside it that says it is whole."""
        options = reach.options
        name = f"{options['name'].replace('{number}', f'{number:06d}')}.{options['format']}"
        lines = [_line(options, one) for one in deliveries]
        total = _total([one.key for one in deliveries], [line[options["sum"]] for line in lines] if options["sum"] else None)
        content = _written(options, "handover", list(options["columns"]), lines, total if options["control"] == "line" else None)
        files = [File(name, content)]
        if options["control"] == "file":
            said = {"file": name, "rows": str(len(lines)), "total": str(total), "sha256": hashlib.sha256(content).hexdigest()}
            files.append(File(name + BESIDE, _written(options, CONTROL, list(said), [said], None, header=True)))
        return files

    def answers(self, reach: Reach, names: Sequence[str]) -> list[tuple[str, ...]]:
        """By name; with `control: file` those whose control file has come."""
        options = reach.options
        wanted = sorted(name for name in names if fnmatchcase(name, f"{options['answer_name']}.{options['format']}"))
        if options["control"] == "line":
            return [(name,) for name in wanted]
        return [(name, name + BESIDE) for name in wanted if name + BESIDE in names]

    def understand_file(self, reach: Reach, files: Sequence[File]) -> list[Written] | Refusal:
        """Every line, where number of lines, total and (in a control file) name and digest agree and every line is understood."""
        options = reach.options
        try:
            lines, said = _read(options, files[0].content, has_end=options["control"] == "line")
            if options["control"] == "file":
                said = _beside(options, files)
            _agree(options, lines, said)
            return [_meaning(options, line, number) for number, line in enumerate(lines, start=1)]
        except _Unread as why:
            return Refusal(str(why), retry=False, code="file-not-understood")


class _Unread(ValueError):
    """Why a file is not believed, in plain words."""


def _line(options: Options, delivery: Delivery) -> Line:
    return {name: _cell(options, _value(holds, delivery)) for name, holds in options["columns"].items()}


def _value(holds: str, delivery: Delivery) -> Any:
    if holds.startswith("'"):
        return holds[1:-1]
    if holds.startswith("answers."):
        return delivery.answers.get(holds.removeprefix("answers."))
    return getattr(delivery, holds)


def _cell(options: Options, value: Any) -> str:
    """A value as text: without control characters, and where it is words no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = _UNPRINTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_CELL]
    guarded = options["format"] == "csv" and options["formulas"] == "quoted" and text[:1] and text.lstrip(" \n\ufeff\u00a0")[:1] in tuple(FORMULA)
    return f"'{text}" if guarded else text


def _total(keys: Iterable[str], summed: Iterable[str] | None) -> Decimal:
    """The sum of a column; else of the first eight hexadecimal digits of each key, one that does not begin with them counting nothing."""
    if summed is None:
        return Decimal(sum(int(found[0], 16) for key in keys if (found := _HEX.match(key))))
    try:
        found = sum((Decimal(one) for one in summed if one), Decimal())
    except DecimalException:
        raise _Unread("a cell of the column that is summed holds no number") from None
    if not found.is_finite():
        raise _Unread("a cell of the column that is summed holds no number")
    return found


def _written(options: Options, kind: str, names: list[str], lines: Sequence[Line], total: Decimal | None, *, header: bool | None = None) -> bytes:
    if options["format"] == "xml":
        return _xml(options, kind, names, lines, total)
    file = io.StringIO()
    quoting = csv.QUOTE_ALL if options["quotes"] == "all" else csv.QUOTE_MINIMAL
    delimiter = _DELIMITERS.get(options["delimiter"], options["delimiter"])
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=_ENDS[options["line_end"]])
    if options["header"] if header is None else header:
        writer.writerow(names)
    writer.writerows([line[name] for name in names] for line in lines)
    if total is not None:
        writer.writerow([LAST, len(lines), total])
    return _encoded(file.getvalue(), options["encoding"])


def _encoded(text: str, encoding: str) -> bytes:
    """What the encoding has no letter for is written without its accents, else as `?`: the portal keeps the whole."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(letter if _fits(letter, encoding) else _plain(letter, encoding) for letter in text).encode(encoding, "replace")


def _fits(letter: str, encoding: str) -> bool:
    try:
        return bool(letter.encode(encoding))
    except UnicodeEncodeError:
        return False


def _plain(letter: str, encoding: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", letter) if _fits(one, encoding)) or "?"


def _xml(options: Options, kind: str, names: list[str], lines: Sequence[Line], total: Decimal | None) -> bytes:
    encoding = options["encoding"].removesuffix("-sig")
    parts = [f'<?xml version="1.0" encoding="{encoding}"?>']
    rows = ["".join(f"<{name}>{escape(line[name], quote=False)}</{name}>" for name in names) for line in lines]
    if kind == CONTROL:
        parts.append(f"<{CONTROL}>{rows[0]}</{CONTROL}>")
    else:
        parts += [f"<{kind}s>", *(f"<{kind}>{row}</{kind}>" for row in rows)]
        parts += [f"<{CONTROL}><rows>{len(lines)}</rows><total>{total}</total></{CONTROL}>"] if total is not None else []
        parts.append(f"</{kind}s>")
    return ("\n".join(parts) + "\n").encode(encoding, "xmlcharrefreplace")


def _read(options: Options, content: bytes, *, has_end: bool, names: Sequence[str] | None = None) -> tuple[list[Line], Line]:
    """Lines of a file, and what its end says where it has one."""
    if options["format"] == "xml":
        return _from_xml(content, has_end=has_end)
    encoding = "utf-8-sig" if options["encoding"] == "utf-8" else options["encoding"]
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as odd:
        line = content.count(b"\n", 0, odd.start) + 1
        raise _Unread(f"line {line} is not written in {options['encoding']}") from None
    rows = _rows(text, _DELIMITERS.get(options["delimiter"], options["delimiter"]))
    if not rows:
        raise _Unread("it is empty")
    end: Line = {}
    if has_end:
        last = rows.pop()
        if len(last) != 3 or last[0] != LAST:
            raise _Unread(f"its last line is not `{LAST}`, number of lines, total: it may have been cut off")
        end = {"rows": last[1], "total": last[2]}
    wanted = list(options["answers"].values()) if names is None else list(names)
    head = wanted
    if options["header"] or names is not None:
        if not rows:
            raise _Unread("its first line does not name the columns")
        head = rows.pop(0)
    _named(head, wanted)
    return [_cells(head, row, number) for number, row in enumerate(rows, start=1)], end


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if row:
                rows.append(row)
            if len(rows) > MOST_LINES + 2:
                raise _Unread(f"it has more than {MOST_LINES} lines")
    except csv.Error:
        raise _Unread(f"line {len(rows) + 1}: its quotes do not close, or a cell is too long") from None
    return rows


def _named(head: Sequence[str], wanted: Sequence[str]) -> None:
    if len(set(head)) != len(head):
        raise _Unread("its first line names a column twice")
    missing = [name for name in wanted if name not in head]
    if missing:
        raise _Unread(f"it has no column `{missing[0]}`")


def _cells(head: Sequence[str], row: list[str], number: int) -> Line:
    if len(row) != len(head):
        raise _Unread(f"line {number} has {len(row)} cells, and there are {len(head)} columns")
    return dict(zip(head, row, strict=True))


def _from_xml(content: bytes, *, has_end: bool) -> tuple[list[Line], Line]:
    try:
        root = parsed(content, most=MOST_LINES * 12)
    except BadXml as bad:
        raise _Unread(f"it is no XML that can be read: {bad}") from None
    inside = list(root.inside)
    end: Line = {}
    if has_end:
        if not inside or inside[-1].name != CONTROL:
            raise _Unread(f"its last element is not `{CONTROL}`")
        end = _children(inside.pop(), 0)
    return [_children(one, number) for number, one in enumerate(inside, start=1)], end


def _children(one: Element, number: int) -> Line:
    found = {child.name: child.text.strip() for child in one.inside}
    if len(found) != len(one.inside):
        raise _Unread(f"line {number} has an element twice")
    return found


def _beside(options: Options, files: Sequence[File]) -> Line:
    """What the control file says of the file it lies beside: its name and digest are looked at here."""
    if options["format"] == "xml":
        try:
            said = _children(parsed(files[1].content), 0)
        except BadXml as bad:
            raise _Unread(f"its control file cannot be read: {bad}") from None
    else:
        try:
            lines, _ = _read(options, files[1].content, has_end=False, names=("file", "rows", "total"))
        except _Unread as why:
            raise _Unread(f"its control file: {why}") from None
        if len(lines) != 1:
            raise _Unread("its control file has not exactly one line")
        said = lines[0]
    if said.get("file") != files[0].name:
        raise _Unread("its control file is about another file")
    digest = said.get("sha256")
    if digest and digest.lower() != hashlib.sha256(files[0].content).hexdigest():
        raise _Unread("it is not the file the control file was made for: their SHA-256 differ")
    return said


def _agree(options: Options, lines: list[Line], said: Line) -> None:
    names = options["answers"]
    try:
        rows, total = int(said["rows"]), Decimal(said["total"].strip())
    except (KeyError, ValueError, DecimalException):
        raise _Unread("number of lines or total cannot be read") from None
    if rows != len(lines):
        raise _Unread(f"it has {len(lines)} lines, and its control says {rows}")
    found = _total([_of(line, names["key"]) for line in lines], [_of(line, names["sum"]) for line in lines] if "sum" in names else None)
    if found != total:
        raise _Unread(f"its total is {found}, and its control says {total}")


def _of(line: Line, name: str) -> str:
    return line.get(name, "").strip()


def _meaning(options: Options, line: Line, number: int) -> Written:
    names: Mapping[str, str] = options["answers"]
    told = {means: _UNPRINTED.sub("", _of(line, name)) for means, name in names.items()}
    status = options["statuses"].get(told["status"])
    if status is None:
        raise _Unread(f"line {number}: its status is none of {', '.join(options['statuses'])}")
    if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", told["key"]):
        raise _Unread(f"line {number} holds no key of ours")
    remote_id, outcome = told.get("remote_id") or None, told.get("outcome") or None
    if remote_id and not _ID.fullmatch(remote_id):
        raise _Unread(f"line {number}: its own number is not up to 100 plain characters")
    if outcome and not _OUTCOME.fullmatch(outcome):
        raise _Unread(f"line {number}: its outcome is not up to 64 small letters, digits and hyphens")
    return Written(told["key"], status, remote_id, outcome, told.get("reason") or None)


ADAPTER = Batch()
