"""A collector of traces in a process of its own (OTLP over HTTP): keeps each body it is sent as a file, and answers like one.

Run as `python -m tests.stories.collector PORT FOLDER`.
"""

from __future__ import annotations

import gzip
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(ThreadingHTTPServer):
    """Where bodies go."""

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.folder, self.number = folder, count()


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        part = self.server.folder / f"{next(self.server.number):06}.part"
        part.write_bytes(body)
        part.rename(part.with_suffix(".spans"))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def spans(folder: Path) -> list[dict[str, Any]]:
    """All that came, flat: trace, id, parent, name, part, and the attributes."""
    found = []
    for file in sorted(folder.glob("*.spans")):
        for group in ExportTraceServiceRequest.FromString(file.read_bytes()).resource_spans:
            part = next(one.value.string_value for one in group.resource.attributes if one.key == "onedoor.part")
            for one in (span for scope in group.scope_spans for span in scope.spans):
                said = {each.key: each.value.string_value or each.value.int_value for each in one.attributes}
                ids = {"trace": one.trace_id.hex(), "id": one.span_id.hex(), "parent": one.parent_span_id.hex()}
                found.append({**ids, "name": one.name, "part": part, "attributes": said, "failed": one.status.code == 2})
    return found


if __name__ == "__main__":
    Collector(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
