"""Hostile texts: real ones where the reference data is there, and made ones always. Seeded; nothing here is drawn from the clock."""

from __future__ import annotations

import csv
import json
import random  # noqa: TID251  # seeded by who calls
from functools import cache
from pathlib import Path

from tests.servers import ROOT

DATA = ROOT.parent / "shared" / "data" / "hostile"

#: By what they attack.
MADE = (
    *("\x00", "a\x00b", "\ud800", "\udfff x", "\u202egnp.exe", "\u200b" * 50, "e" + "\u0301" * 10_000, "\ufeff", "\uffff", "\U0010ffff", "ﷺ" * 200),
    *("\u0130\u0131\u017fK", "ß" * 3000, "A\u030a", "\u00c5", "\u2028\u2029", "\x1b[31m\x07", "\x7f" * 5, "\U0001d4b3" * 1000, "👩‍👩‍👧‍👦" * 300),
    *("x\r\nSet-Cookie: stolen=1", "x\nBcc: everybody@example.org", "x%0d%0aLocation:%20//evil.example", "a@b.example\r\nTo: c@d.example", "\r\n.\r\nQUIT"),
    *(
        "../../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "....//....//etc/passwd",
        "%2e%2e%2f",
        "..%c0%af..%c0%af",
        "/proc/self/environ",
        "file:///etc/passwd",
    ),
    *("' OR 1=1 --", "'; DROP TABLE cases; --", "1) UNION SELECT NULL--", "\\'; --", "$$;SELECT pg_sleep(5)--", "%s%s%n", "%(x)s", "{0.__class__}", "{{7*7}}"),
    *("{% include '/etc/passwd' %}", "${jndi:ldap://127.0.0.1/a}", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)"),
    *("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "]]>", "=cmd|' /C calc'!A0", "@SUM(1+1)", "(" * 20_000, "a" * 100_000, "," * 5_000),
    *("-1", "0", "1e400", "NaN", "Infinity", "9" * 400, "0x10", "1_000", "٣٤٥", "1,5", "true", "null", "[]", "{}", "undefined", "-0", "1.0000000000000001"),
    *("9999-12-31", "0000-00-00", "2026-02-30", "2026-11-30T25:61:61Z", "1969-12-31T23:59:59.999999999-23:59", "+32 2 123 45 67;ext=1", "00000000000000000000"),
    *(
        "http://127.0.0.1:5432/",
        "http://169.254.169.254/latest/meta-data",
        "gopher://x",
        "//evil.example",
        "http://[::ffff:7f00:1]/",
        "a" * 64 + "@example.org",
    ),
    *("(a+)+$" + "a" * 40 + "!", "a" * 5_000 + "@", "x@" + "a." * 2_000 + "example", "\t\t\t", " ", "", "\\", '"', "'", "`", ";", "|", "&", "\u0085"),
)


@cache
def real() -> tuple[str, ...]:
    """Naughty strings, telephone numbers and names; none where the data is not there."""
    if not DATA.is_dir():
        return ()
    found = [one for one in json.loads((DATA / "blns.json").read_text("utf-8")) if isinstance(one, str)]
    return (*found, *_cells("phone-numbers.csv"), *_cells("people-by-locale.csv"))


def _cells(name: str) -> list[str]:
    with Path(DATA / name).open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row if cell]


def text(chance: random.Random) -> str:
    """One of all, or a made-up run of any characters."""
    kind = chance.randrange(10)
    if kind < 4 and real():
        return chance.choice(real())
    if kind < 8:
        return chance.choice(MADE)
    return "".join(chr(chance.choice((chance.randrange(0x20), chance.randrange(0x250), chance.randrange(0x10FFFF)))) for _ in range(chance.randrange(1, 200)))


def json_text(chance: random.Random) -> bytes:
    """A body that is no JSON this portal takes, or a strange one."""
    valid = b'{"text":"a lamp is out","answers":{"place":"x"},"contact":{"email":"a@b.example"}}'
    kind = chance.randrange(14)
    deep = chance.choice((33, 100, 5_000, 100_000))
    made = {
        0: lambda: valid[: chance.randrange(len(valid))],
        1: lambda: valid + chance.choice((b",", b"}", b" x", b"\x00", b"//c", valid)),
        2: lambda: b"[" * deep,
        3: lambda: b'{"a":' * deep + b"1" + b"}" * deep,
        4: lambda: b'{"text":%s}' % chance.choice((b"NaN", b"-Infinity", b"1e400", b"01", b"+1", b".5", b"1.", b"0x1", b"9" * 70, b"-", b"1e", b"True")),
        5: lambda: b'{"text":"x","text":"y"}',
        6: lambda: b'{"text":"%s"}' % chance.choice((b"\\ud800", b"\\u0000", b"\\x41", b"\\u12", b"\n", b"\t", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\\")),
        7: lambda: b"".join(bytes((chance.randrange(256),)) for _ in range(chance.randrange(300))),
        8: lambda: chance.choice((b"", b" ", b"null", b"true", b"1", b'"x"', b"[]", b"{}", b"'x'", b"<a/>", b"\xef\xbb\xbf{}", '{"a":1}'.encode("utf-16"))),
        9: lambda: b"{" + b",".join(b'"a%d":%d' % (number, number) for number in range(20_000)) + b"}",
        10: lambda: b'{"text":"' + b"x" * chance.choice((20_001, 262_000, 400_000)) + b'"}',
        11: lambda: b'{"__proto__":{"admin":true},"constructor":1,"status":"closed","agency":"police","role":"admin","case_id":1,"id":1}',
        12: lambda: json.dumps({text(chance): text(chance) for _ in range(5)}).encode("utf-8", "replace"),
        13: lambda: bytes(one ^ (1 << chance.randrange(8)) if chance.random() < 0.05 else one for one in valid),
    }[kind]
    return made()
