"""The command `portal`: a table of commands, each imported only when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import click

from portal.errors import Refusal, Unavailable, Unsafe


@dataclass(frozen=True)
class Line:
    """One command: where it is, and what `portal --help` says of it."""

    place: str
    says: str
    #: Uses the servers of the portal that runs on DATA, unless the environment names others.
    adopts: bool = True

    @property
    def module(self) -> str:
        """Module it lies in."""
        return self.place.partition(":")[0]


#: In the order of the help page: what runs, what prepares, what tells, what reckons.
COMMANDS: dict[str, Line] = {
    "up": Line("portal.cli.up:up", "Start everything on this machine.", adopts=False),
    "web": Line("portal.cli.web:web", "Serve the pages and the API."),
    "work": Line("portal.cli.work:work", "Do what RQ wakes us for, on one queue."),
    "sweep": Line("portal.cli.sweep:sweep", "Find what is due and see that it is done."),
    "mail": Line("portal.cli.mail:mail", "Take mail in."),
    "simulated-agencies": Line("portal.cli.simulated_agencies:simulated_agencies", "Play the agencies' own systems, for trying out.", adopts=False),
    "simulated-payments": Line("portal.cli.simulated_payments:simulated_payments", "Play a provider of card payments, for trying out.", adopts=False),
    "simulated-texts": Line("portal.cli.simulated_texts:simulated_texts", "Play a carrier of text messages, for trying out.", adopts=False),
    "simulated-scanner": Line("portal.cli.simulated_scanner:simulated_scanner", "Play a virus scanner, for trying out.", adopts=False),
    "development-sign-in": Line("portal.cli.development_sign_in:development_sign_in", "Sign sample people in, for trying out.", adopts=False),
    "mailbox": Line("portal.cli.mailbox:mailbox", "Keep outgoing mail on this machine, or look at it.", adopts=False),
    "texts": Line("portal.cli.texts:texts", "List text messages of this machine, or write one.", adopts=False),
    "migrate": Line("portal.cli.migrate:migrate", "Bring the database to the newest form."),
    "publish": Line("portal.cli.publish:publish", "Store the definitions as they are now."),
    "check": Line("portal.cli.check:check", "Check every definition.", adopts=False),
    "schema": Line("portal.cli.schema:schema", "Print the schema of definitions.", adopts=False),
    "settings": Line("portal.cli.settings_list:settings", "List what an operator can set.", adopts=False),
    "doctor": Line("portal.cli.doctor:doctor", "Say what is wrong here and what to do about it."),
    "people": Line("portal.cli.people:people", "List the sample people of the development sign-in.", adopts=False),
    "token": Line("portal.cli.token:token", "Print a bearer token for a sample person.", adopts=False),
    "journeys": Line("portal.cli.journeys:journeys", "Show a journey.", adopts=False),
    "calendars": Line("portal.cli.calendars:calendars", "Show calendars, their versions and what changed."),
    "why": Line("portal.cli.why:why", "Say why a case's promises are due when they are."),
    "replan": Line("portal.cli.replan:replan", "Bring open cases to a changed calendar, or look at it first."),
    "move": Line("portal.cli.move:move", "Bring running cases to another version of their journey."),
    "clock": Line("portal.cli.clock:clock", "Reckon with a calendar.", adopts=False),
    "kpi": Line("portal.cli.kpi:kpi", "Print indicators."),
    "chance": Line("portal.cli.chance:chance", "List running cases that may miss their date."),
    "find": Line("portal.cli.find:find", "List the services a sentence may mean; learn from where requests ended."),
    "replay": Line("portal.cli.replay:replay", "Read a historical log through the same registry."),
    "rebuild": Line("portal.cli.rebuild:rebuild", "Make the figures again from the events alone."),
    "backup": Line("portal.cli.backup:backup", "Back the database up, and what lies beside it."),
    "restore": Line("portal.cli.restore:restore", "Make a backup the database, without repeating what has left since."),
    "verify": Line("portal.cli.verify:verify", "Check that no event was changed or is missing."),
}


class Commands(click.Group):
    """Reads the table; a command whose file is not there yet does not exist."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Names in the table's order."""
        return [name for name, line in COMMANDS.items() if find_spec(line.module)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, imported now; the running portal's settings come first."""
        line = COMMANDS.get(name)
        if line is None or find_spec(line.module) is None:
            return None
        if line.adopts:
            _adopt()
        found = getattr(import_module(line.module), line.place.partition(":")[2])
        return found if isinstance(found, click.Command) else None

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's own words: asking each command for its help would import them all."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].says) for name in self.list_commands(context)])

    def invoke(self, context: click.Context) -> object:
        """A refusal is told in its own words, without a trace."""
        try:
            return super().invoke(context)
        except Unsafe as unsafe:
            raise click.ClickException(str(unsafe)) from unsafe
        except Refusal as refused:
            raise click.ClickException(_told(refused)) from refused


def _told(refused: Refusal) -> str:
    """Its own words; but where nobody named a database and no portal runs here, that is the reason."""
    import os

    if isinstance(refused, Unavailable) and "DATABASE_URL" not in os.environ:
        return f"No portal runs on DATA={os.environ.get('DATA', 'var')}: start it with `make run`, or set DATABASE_URL and REDIS_URL."
    return refused.detail


@cache
def _adopt() -> None:
    import os

    from portal.local.running import adopt

    adopt(os.environ.get("DATA", "var"))


@click.group(cls=Commands)
@click.version_option(package_name="onedoor")
def main() -> None:
    """One door for every request to government: run it, prepare it, ask it."""
