"""Pages of those who do the work: their list, a task, a case."""

from __future__ import annotations

from portal.pages.desk import (
    asking,
    at_task,
    case,
    cash,
    contacts,
    deciding,
    entry,
    incoming,
    matters,
    money,
    passing,
    post,
    presence,
    queue,
    rare,
    referrals,
    sealing,
    sharing,
    task,
)

GROUPS = (
    queue.pages,
    entry.pages,
    presence.pages,
    task.pages,
    deciding.pages,
    asking.pages,
    passing.pages,
    money.pages,
    cash.pages,
    referrals.pages,
    post.pages,
    incoming.pages,
    contacts.pages,
    case.pages,
    sealing.pages,
    rare.pages,
    matters.pages,
    sharing.pages,
    at_task.pages,
)
