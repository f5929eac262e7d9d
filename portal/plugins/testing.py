"""For the tests of agency teams: a class of tests that proves an adapter, rule by rule (services/README.md shows its five lines). Needs pytest."""

from __future__ import annotations

import pytest

from portal.plugins.agency import Adapter, Answer, Delivery
from portal.plugins.proofs import RULES, Trial, faults, sample


class AgencyRules:
    """Inherit from it and name the adapter; `receipts` are answers of the real far side that mean yes, `delivery` one of yours."""

    adapter: Adapter
    receipts: tuple[Answer, ...] = ()
    delivery: Delivery = sample("agency")

    @pytest.mark.parametrize("rule", sorted(RULES))
    def test_rule(self, rule: str) -> None:
        """One rule of the contract."""
        assert faults(rule, Trial(self.adapter, self.delivery, self.receipts)) == [], RULES[rule].__doc__
