"""What `/services` takes and gives."""

from __future__ import annotations

from marshmallow import fields

from portal.api.paging import Page
from portal.api.schemas import LANGUAGE, Schema, words


class InLanguage(Schema):
    """Query of one service."""

    language = fields.String(load_default=None, validate=LANGUAGE, metadata={"description": "Language of titles; absent: the portal's own."})


class Search(InLanguage, Page):
    """Query of the catalogue."""

    text = fields.String(load_default=None, validate=words(2000), metadata={"description": "What somebody says they need, in any language."})


class Law(Schema):
    """Where a duty comes from."""

    title = fields.String()
    article = fields.String(allow_none=True)
    url = fields.String(allow_none=True)


class _About(Schema):
    """What is said of a service everywhere."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    channels = fields.List(fields.String(), required=True)
    life_event = fields.Boolean(required=True)
    danger = fields.Boolean(required=True)
    language = fields.String(required=True, metadata={"description": "Language of the texts."})


class Summary(_About):
    """A service in a list."""

    agency = fields.String(required=True)
    score = fields.Float(allow_none=True, metadata={"description": "Fit to `text`, 0 to 1; null where none was given."})
    why = fields.List(fields.String(), required=True, metadata={"description": "The words of the text that spoke for it, the heaviest first."})


class Services(Schema):
    """A page of services; with `text` the best come first and there is one page."""

    items = fields.List(fields.Nested(Summary), required=True)
    next = fields.String(required=True, allow_none=True)
    advice = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "enum": ["straight", "choose", "people", None],
            "description": "With `text`: go straight to the first, let the person choose among the best few, or let people find the door.",
        },
    )


class Option(Schema):
    """One value of a choice."""

    id = fields.String(required=True)
    title = fields.String(required=True)


class Question(Schema):
    """One field of a service."""

    id = fields.String(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    hint = fields.String(allow_none=True)
    required = fields.Boolean(required=True)
    options = fields.List(fields.Nested(Option))
    max_length = fields.Integer()
    minimum = fields.Integer(allow_none=True)
    maximum = fields.Integer(allow_none=True)
    when = fields.String(allow_none=True, metadata={"description": "CEL over `answers`; the question is asked only where it is true."})


class Promise(Schema):
    """A standard."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["law", "promise", "agreement"]})
    within = fields.String(required=True)
    covers = fields.String(required=True)
    profile = fields.String(required=True)
    starts = fields.String(required=True, metadata={"enum": ["receipt", "competent"]})
    law = fields.Nested(Law, allow_none=True)


class Fee(Schema):
    """What a citizen pays, in minor units of the currency (ISO 4217)."""

    amount = fields.Integer(required=True, allow_none=True, metadata={"description": "Null: it depends on the answers; POST .../eligibility tells it."})
    currency = fields.String(required=True)
    title = fields.String(allow_none=True)
    least = fields.Integer(required=True, allow_none=True)
    most = fields.Integer(required=True, allow_none=True)
    depends_on = fields.List(fields.String(), required=True, metadata={"description": "What it depends on."})
    law = fields.Nested(Law, required=True, allow_none=True)
    refund_on = fields.List(fields.String(), required=True, metadata={"description": "When it goes back by itself: `withdrawal`, `refusal`."})


class AgencyName(Schema):
    """Who does it."""

    id = fields.String(required=True)
    title = fields.String(required=True)


class Whole(_About):
    """A service."""

    agency = fields.Nested(AgencyName, required=True)
    version = fields.Integer(required=True)
    fields_ = fields.List(fields.Nested(Question), data_key="fields", attribute="fields", required=True)
    standards = fields.List(fields.Nested(Promise), required=True)
    law = fields.Nested(Law, required=True)
    fee = fields.Nested(Fee, allow_none=True, required=True)
    lately = fields.Dict(allow_none=True, required=True, metadata={"description": "How long cases like it took lately; null until there are figures."})
