"""The rules for what is dangerous hold, and each finds what it is for."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from pydantic import SecretStr

from portal.settings import Settings
from tests.laws import dangerous
from tests.laws.rooms import ROOT
from tests.long import SETS

#: Rule -> ways to break it.
PLANTED = {
    "raw-sql": (
        "work.sql(f\"SELECT * FROM cases WHERE reference = '{reference}'\")",
        'connection.execute("SELECT " + name)',
        'connection.execute("SELECT %s" % name)',
        'text("SELECT {}".format(name))',
        "work.sql(f\"SELECT {', '.join(names)} FROM cases\")",
        'raw.exec_driver_sql("DELETE FROM " + table.name)',
    ),
    "unpickling": ("import pickle", "from marshal import loads", "import shelve as s", "numpy.load(file, allow_pickle=True)"),
    "yaml-load": ("yaml.load(file)", "yaml.unsafe_load(file)", "yaml.full_load(text)"),
    "naive-time": ("datetime.now()", "datetime.utcnow()", "date.today()", "datetime.fromtimestamp(1)", "datetime.datetime.now()", "datetime.today()"),
    "own-http": ("import requests", "from urllib.request import urlopen", "import http.client", "from httpx2 import Client", "socket.create_connection(x)"),
    "unverified-tls": ("get(url, verify=False)", "context.check_hostname = False", "context.verify_mode = ssl.CERT_NONE", "ssl._create_unverified_context()"),
    "markup": ("Markup(words)", 'Markup(f"<b>{name}</b>")', 'markupsafe.Markup("<b>" + name)'),
    "enqueue": ("queue.enqueue(job)", "queue.enqueue_in(delta, job)", "Queue().enqueue_call(f)"),
    "shell": ("eval(text)", "exec(code)", "os.system(line)", "subprocess.run(line, shell=True)"),
}
#: What looks alike and is right.
FINE = (
    'work.sql("SELECT 1 WHERE a = %s", (a,))',
    'work.sql(f"SELECT {_COLUMNS} FROM cases WHERE id = %s", (id,))',
    "work.sql(f\"SELECT {', '.join(_NAMES)} FROM x{' FOR UPDATE' if held else ''}\")",
    'connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))',
    'cases["a"] + "b"',
    "datetime.now(UTC)",
    "datetime.fromtimestamp(1, UTC)",
    "clock.now()",
    'Markup("<b>")',
    "compiled(text).eval(data=x)",
    "get(url, verify=True)",
)
SECRETS = (
    "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEAvJk3" + "x" * 20,
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2" * 9,
    "whsec_" + "Ab3d" * 10,
    "postgresql://" + "onedoor:hunter2hunter2@db/x",
    "eyJ" + "a" * 30 + ".eyJ" + "b" * 30 + "." + "c" * 43,
)


def test_nothing_dangerous_stands_in_the_tree() -> None:
    assert dangerous.main() == 0


@pytest.mark.parametrize(("rule", "line"), [(rule, line) for rule, lines in PLANTED.items() for line in lines])
def test_every_planted_violation_is_found(rule: str, line: str) -> None:
    (found,) = dangerous.findings(f"def f():\n    {line}\n", "portal/cases/planted.py")
    assert (found.rule, found.line) == (rule, 2)
    assert not dangerous.allowed(found)
    assert str(found).startswith(f"portal/cases/planted.py:2: {rule}: ")


@pytest.mark.parametrize("line", FINE)
def test_what_is_right_is_left_alone(line: str) -> None:
    assert dangerous.findings(f"def f():\n    {line}\n", "portal/cases/planted.py") == []


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_found(secret: str) -> None:
    assert [one.rule for one in dangerous.secret_findings(f"x\n{secret}\n", "README.md")] == ["secret"]


def test_templates_are_read_too() -> None:
    assert [one.line for one in dangerous.template_findings("<p>\n{{ words | safe }}\n{% autoescape false %}", "x.html")] == [2, 3]


def test_the_paper_on_security_names_tests_there_are_and_every_key() -> None:
    paper = (ROOT / "SECURITY.md").read_text("utf-8")
    named = re.findall(r"`((?:tests|portal|deploy)/[^`]*)`", paper)
    assert len(named) > 15
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []
    keys = {name.upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr or name.endswith(("_keys", "_secrets"))}
    assert {name for name in keys if f"`{name}`" not in paper} == set()
    assert set(re.findall(r"\(`([a-z-]+)`", paper)) <= set(SETS)


def test_every_rule_has_a_planted_violation() -> None:
    assert set(PLANTED) | {"secret"} == set(dangerous.RULES)


def test_the_list_of_parts_is_the_lock(tmp_path: object) -> None:
    out = f"{tmp_path}/sbom.json"
    subprocess.run([sys.executable, "deploy/sbom.py", "requirements.lock", out], cwd=ROOT, check=True, capture_output=True)
    with open(out) as file:
        made = json.load(file)
    lock = (ROOT / "requirements.lock").read_text()
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.5")
    assert len(made["components"]) == lock.count("==") - lock.count("'==") - lock.count(" == ") > 50
    assert all(one["purl"].startswith("pkg:pypi/") and one["externalReferences"] for one in made["components"])
    assert sum("licenses" in one for one in made["components"]) > 40
    refs = [one["bom-ref"] for one in made["components"]]
    assert len(set(refs)) == len(refs) and made["dependencies"][0]["dependsOn"] == refs


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("", 2),
        ("{}", 2),
        ('{"dependencies": []}', 2),
        ('{"dependencies": [{"name": "flask", "version": "3", "vulns": []}]}', 2),
        ('{"dependencies": [{"name": "flask", "version": "3", "vulns": []}, {"name": "rq", "skip_reason": "no data"}]}', 2),
        ('{"dependencies": [{"name": "flask", "version": "3", "vulns": []}, {"name": "RQ", "version": "3", "vulns": []}]}', 0),
        ('{"dependencies": [{"name": "flask", "version": "3", "vulns": [{"id": "CVE-1"}]}]}', 1),
    ],
)
def test_not_audited_is_never_clean(said: str, status: int) -> None:
    place = {"__name__": "audit"}
    exec(compile((ROOT / "deploy" / "audit.py").read_text(), "audit.py", "exec"), place)
    judged = place["judged"]
    assert callable(judged)
    assert judged("flask==3 \\\n    --hash=x\nrq==3 \\\n", said)[0] == status
