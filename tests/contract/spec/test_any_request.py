"""Whatever is sent, the answer is Azure's: JSON, an error in ARM's shape, and never a 500.

Starts from every request of the walk and spoils it: method, path, query, headers, and the body at any depth.
"""

import asyncio
import copy
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.server import running
from tests.contract.spec.contract import ERROR, OAUTH_ERROR, served
from tests.contract.spec.recorder import Recorder
from tests.contract.spec.schemas import errors
from tests.contract.spec.walk import Walk
from tests.reference import reference_path
from tests.simulator.client import Reply
from tests.simulator.conftest import TOKEN

QUERY = "api-version=2026-10-01"
WAYS = ("method", "path", "query", "headers", "bytes")
METHODS = ("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND")
SEGMENTS = (
    "..",
    ".",
    "",
    "%00",
    "%2F",
    "%2e%2e%2f",
    "%FF%FE",
    "%C3%BC",
    "a" * 10_000,
    "%3B",
    "null",
    "'",
    "{x}",
    "~",
    "*",
)
VERSIONS = (
    "2026-10-01",
    "2014-04-01-preview",
    "",
    "latest",
    "banana",
    "1999-01-01",
    "2026-13-45",
    "2026-10-01' or 1",
    "٢٠٢٦-10-01",
)
OPTIONS = (
    "$filter",
    "$skipToken",
    "$top",
    "$expand",
    "statusOnly",
    "t",
    "c",
    "s",
    "h",
    "api-version",
    "resource",
    "id",
)
TEXTS = (
    "",
    "x",
    "name eq 'x'",
    "a eq 'b' and",
    "startTime eq 'x'",
    "-1",
    "1e9",
    "AAAA",
    "%00",
    "é",
    "'" * 50,
    "x" * 5_000,
)
HEADERS = {
    "Accept": ("text/html", "*/*", ""),
    "Content-Type": ("text/plain", "application/json; charset=utf-16", "multipart/form-data", ";;"),
    "If-Match": ("*", '"x"'),
    "Range": ("bytes=0-1",),
    "x-ms-client-request-id": ("x" * 3_000, "é".encode().decode("latin-1"), ""),
    "Metadata": ("true", "no"),
    "Authorization": ("", "Basic x", "Bearer", "Bearer ", "bearer a.b.c", "Bearer \xff"),
    "Expect": ("100-continue",),
}
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, "", "x", "é\x00", "x" * 3_000, [], {}, [None], ["x"], [{}], [[]], {"x": None},
    {"": {"": []}},
    "2026-01-01T00:00:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "/subscriptions/x", "/", ";;;;",
)  # fmt: skip
BODIES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":1e999}',
    b'{"properties":NaN}',
    b"{}" * 2,
)


@dataclass
class Corpus(Recorder):
    """Remembers each request of the walk, once for each route, kind of body and status."""

    requests: dict[str, tuple[str, str, Any]] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        reply = await super().ask(method, path, body, headers)
        if not path.startswith("/_sim") and "/_sim/" not in path:
            kind = f"{method} {sorted(body) if isinstance(body, dict) else ''} {reply.status}"
            parts = urlsplit(path)
            noun = "/".join(parts.path.split("/")[-2:])
            self.requests.setdefault(f"{kind} {noun}", (method, path.removeprefix(self.base), body))
        return reply


@dataclass
class Served:
    """A simulator in a thread of its own, and what to send to it."""

    port: int
    requests: list[tuple[str, str, Any]]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Served]:
    reference_path("spec")
    ready, over, made = threading.Event(), threading.Event(), []

    async def serve() -> None:
        async with running(vms=60, seed=5) as (base, world), aiohttp.ClientSession(headers=TOKEN) as client:
            corpus = Corpus(base, client)
            await Walk(corpus, world).all()
            made.append(Served(urlsplit(base).port or 0, list(corpus.requests.values())))
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(60)
    yield made[0]
    over.set()
    thread.join()


def spoil(rng: Random, body: Any) -> Any:
    """The body with one part of it replaced."""
    body = copy.deepcopy(body)
    value, place = body, None
    holder: Any = None
    while isinstance(value, dict | list) and value and (holder is None or rng.randrange(4)):
        places: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        holder, place = value, rng.choice(places)
        value = holder[place]
    if holder is None:
        return rng.choice(VALUES)
    holder[place] = rng.choice(VALUES)
    return body


def request(rng: Random, known: list[tuple[str, str, Any]]) -> tuple[str, str, dict[str, str], bytes]:
    """A request of the walk, spoilt in one or more ways."""
    method, path, body = rng.choice(known)
    ways = set(rng.choices(WAYS if body is None else (*WAYS, *["body"] * 5), k=rng.randint(1, 3)))
    parts = urlsplit(path)
    segments, query = parts.path.split("/"), [parts.query] if parts.query else []
    headers, version = dict(TOKEN), "2026-10-01"
    if "method" in ways:
        method = rng.choice(METHODS)
    if "path" in ways:
        place = rng.randint(1, len(segments))
        segments[place : place + rng.randrange(3)] = [rng.choice(SEGMENTS)]
    if "query" in ways:
        version = rng.choice(VERSIONS)
        query += [f"{rng.choice(OPTIONS)}={quote(rng.choice(TEXTS))}"]
    if "headers" in ways:
        name = rng.choice(sorted(HEADERS))
        headers[name] = rng.choice(HEADERS[name])
    if "body" in ways:
        body = spoil(rng, body)
    raw = b"" if body is None else json.dumps(body).encode()
    if "bytes" in ways:
        raw = rng.choice(BODIES)
    if "api-version" not in parts.query:
        query.insert(0, f"api-version={quote(version)}")
    target = "/".join(quote(each, safe="%;{}'~*$.") for each in segments) + "?" + "&".join(query).replace(" ", "%20")
    return method, target.replace("{", "%7B").replace("}", "%7D"), headers, raw


def send(port: int, method: str, target: str, headers: dict[str, str], raw: bytes) -> tuple[int, str, bytes]:
    """Status, content type and body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, target, raw or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-type", ""), answer.read()
    finally:
        connection.close()


@settings(max_examples=1_000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**64))
def test_any_request_gets_an_answer_of_azures_shape(simulator: Served, seed: int) -> None:
    method, target, headers, raw = request(Random(seed), simulator.requests)
    status, kind, body = send(simulator.port, method, target, headers, raw)
    assert status < 500, (method, target, headers, raw[:500], body[:500])
    if body:
        assert kind.startswith("application/json"), (method, target, kind)
        read = json.loads(body)
        asked = [each for each in target.partition("?")[0].split("/") if each]
        login = method == "POST" and len(asked) == 4 and asked[1:] == ["oauth2", "v2.0", "token"]
        assert status < 400 or errors("backup", OAUTH_ERROR if login else ERROR, read) == [], (method, target, read)
    else:
        assert status < 400 or method == "HEAD", (method, target)


def prefixes(requests: list[tuple[str, str, Any]]) -> dict[str, str]:
    """Every beginning of every path, once for each form that it can have."""
    words = {word for _, path in served() for word in path.split("/")} - {"{}"}
    found: dict[str, str] = {}
    for _, path, _ in requests:
        segments = urlsplit(path).path.split("/")
        for length in range(2, len(segments) + 1):
            form = "/".join(part if part.lower() in words else "{}" for part in segments[:length])
            found.setdefault(form.lower(), "/".join(segments[:length]))
    return found


def test_a_path_that_stops_half_way_gets_an_answer_of_azures_shape(simulator: Served) -> None:
    known = prefixes(simulator.requests)
    assert len(known) > 100
    for path in known.values():
        for method in ("GET", "PUT", "DELETE"):
            status, kind, body = send(simulator.port, method, f"{quote(path, safe='/%;')}?{QUERY}", TOKEN, b"{}")
            assert (status < 500, kind.startswith("application/json") or not body) == (True, True), (method, path, body)


def test_the_walk_gives_requests_to_spoil_for_every_method(simulator: Served) -> None:
    assert len(simulator.requests) > 200
    assert {method for method, _, _ in simulator.requests} == {"GET", "PUT", "POST", "PATCH", "DELETE"}
