"""The naive route: an ORM class a table, one object a row, one commit. The same body is read by the same schema and the same rows are written."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, request
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Session

from portal.api.cases import Start
from portal.db import new_id
from tests.bench.rows import Written, written


class Model(DeclarativeBase):
    """Classes are mapped onto the portal's own tables."""


def naive(url: str, reference: str) -> Flask:
    """The route; what it writes is what the request of `reference` wrote. No permission, no journey, no clocks, no chain: a lower bound of an ORM's cost."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), pool_size=8)
    with engine.connect() as connection:
        like = written(connection, reference)
    classes = {table: type(table.name, (Model,), {"__table__": table}) for table in like}
    app, schema = Flask("naive"), Start()
    app.extensions["onedoor"] = type("Opened", (), {"engine": engine})()

    @app.post("/cases")
    def start() -> tuple[Response, int]:
        schema.load(request.get_json())
        with Session(engine) as session:
            new = _renewed(like, request.headers["Idempotency-Key"])
            session.add_all(classes[table](**row) for table, rows in new.items() for row in rows)
            session.commit()
        return jsonify({"reference": reference, "status": "received"}), 201

    return app


def _renewed(like: Written, key: str) -> Written:
    ids: dict[UUID, UUID] = {}
    name = str(new_id())[-14:]
    return {table: [{column: _new(column, value, ids, name, key) for column, value in row.items()} for row in rows] for table, rows in like.items()}


def _new(column: str, value: Any, ids: dict[UUID, UUID], reference: str, key: str) -> Any:
    if isinstance(value, UUID):
        return ids.setdefault(value, new_id())
    if column == "reference":
        return reference
    if column == "key_hash":
        return sha256(key.encode()).digest()
    return value
