"""All crash lists, and what must have one."""

from __future__ import annotations

from portal.jobs.tasks import TASKS
from portal.outbox.claims import KINDS
from portal.reactions import FIRES
from tests.storm.crash.administration import ADMINISTRATION
from tests.storm.crash.background import BACKGROUND
from tests.storm.crash.card import CARD
from tests.storm.crash.channels import CHANNELS
from tests.storm.crash.closing import CLOSING
from tests.storm.crash.consents import CONSENTS
from tests.storm.crash.counter import COUNTER
from tests.storm.crash.desk import DESK
from tests.storm.crash.doors import DOORS
from tests.storm.crash.fees import FEES
from tests.storm.crash.files import FILES
from tests.storm.crash.letters import LETTERS
from tests.storm.crash.pages import PAGES
from tests.storm.crash.queues import QUEUES
from tests.storm.crash.rare import RARE
from tests.storm.crash.reach import REACH
from tests.storm.crash.referrals import REFERRALS
from tests.storm.crash.run import UseCase
from tests.storm.crash.saved import SAVED
from tests.storm.crash.sharing import SHARING

USE_CASES: tuple[UseCase, ...] = (
    *DOORS,
    *CLOSING,
    *ADMINISTRATION,
    *PAGES,
    *SAVED,
    *COUNTER,
    *DESK,
    *FEES,
    *CARD,
    *CHANNELS,
    *REACH,
    *FILES,
    *REFERRALS,
    *LETTERS,
    *QUEUES,
    *CONSENTS,
    *RARE,
    *SHARING,
    *BACKGROUND,
)

#: Routes that take a body and write nothing.
READ_ONLY = {
    "tasks.preview": "shows a letter",
    "administration.preview_hours": "reckons dates and writes nothing",
    "eligibility.tell": "reckons with answers that are not kept",
    "front_pages.results": "looks for services",
    "cases_pages.unlock": "proves who asks, in a cookie",
    "cases_pages.leave": "forgets a cookie",
    "code_pages.ask": "one more code leaves; asked again, the one before is good no more",
    "code_pages.enter": "spends the code and begins the session in one commit; who heard nothing asks for another",
    "sign_in_pages.ended": "rows of sessions go in one statement; the provider says it again",
    "sign_in_pages.sign_out": "one row of a session goes; sent again, it has gone",
    "account_pages.end": "as sign_in_pages.sign_out",
    "account_pages.end_others": "rows of sessions go in one statement; sent again, they have gone",
    "sessions.end": "as sign_in_pages.sign_out",
    "sessions.end_all": "as account_pages.end_others",
    "desk_entry_pages.find_service": "looks for services",
    "desk_entry_pages.begin": "an empty form in one unit; begun again where nobody heard of it, the first lapses",
    "desk_entry_pages.take_up": "as later_pages.take_up, and one consent more",
    "later_pages.take_up": "a cookie, and one event that it was opened; opened again, one more",
    "form_pages.begin": "an empty draft, one row; begun again where nobody heard of it",
    "form_pages.begin_with_words": "as form_pages.begin",
}
#: Routes whose crash points are tried elsewhere, and where.
ELSEWHERE = {
    "following.unfollow": "one row of one's own; asked again it is gone (404)",
    "worklists.delete_view": "one row of one's own; asked again it is gone (404)",
    "desk_sharing_pages.remove_view": "as worklists.delete_view",
    "moves.start": "tests/ledger/test_moves.py: killed in a batch, it goes on",
    "moves.confirm": "tests/ledger/test_moves.py",
    "moves.undo": "tests/ledger/test_moves.py",
    "administration.move_dates": "tests/ledger/test_replan.py: what was done stays done, and doing it again goes on",
    "admin_hours_pages.bring": "as administration.move_dates: the same verb",
    "desk_post_pages.take": "tests/storm/crash/letters.py: the same verbs",
    "desk_incoming_pages.write_down": "as letters.receive_letter: the same unit, and a scan in the store that is tidied away where no row names it",
    "desk_presence_pages.begin": "as presence.begin: the same verb, once for the key of its form",
    "desk_presence_pages.answer": "as presence.give_answers",
    "desk_presence_pages.withdraw": "as presence.withdraw",
    "desk_contacts_pages.keep": "as contacts.keep_contact",
    "desk_contacts_pages.judge": "as contacts.judge_contact",
    "desk_post_pages.posted": "as desk_post_pages.take",
    "desk_post_pages.returned": "as desk_post_pages.take",
    "desk_post_pages.again": "as desk_post_pages.take",
    "rights_pages.pay": "tests/storm/crash/card.py: the same verb",
    "admin_journeys_pages.settle": "tests/ledger/test_moves.py: the same verbs",
}


def demanded(routes: set[str]) -> set[str]:
    """What must have a crash list: routes that write, kinds of timers and of rows that leave, jobs."""
    wanted = {f"route {name}" for name in routes - READ_ONLY.keys() - ELSEWHERE.keys()}
    return wanted | {f"timer {kind}" for kind in FIRES} | {f"outbox {kind}" for kind in KINDS} | {f"job {name}" for name in TASKS}


def covered() -> set[str]:
    """What has one."""
    return {one for case in USE_CASES for one in case.covers}
