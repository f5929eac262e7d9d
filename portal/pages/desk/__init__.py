"""Pages of those who do the work: their list, a task, a case."""

from __future__ import annotations

from portal.pages.desk import asking, case, deciding, money, passing, post, queue, referrals, task

GROUPS = (queue.pages, task.pages, deciding.pages, asking.pages, passing.pages, money.pages, referrals.pages, post.pages, case.pages)
