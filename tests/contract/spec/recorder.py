"""A client of the simulator that holds every answer it gets against the contract, and remembers which it got."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.contract.spec.contract import Problem, problems, route_of
from tests.simulator.client import Client, Reply


@dataclass
class Recorder(Client):
    """As `Client`. `seen` counts answers by route and status; `found` holds what was wrong with them."""

    seen: dict[tuple[tuple[str, str], int], int] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        reply = await super().ask(method, path, body, headers)
        self._judge(method, path, reply)
        return reply

    async def send_form(self, path: str, form: dict[str, str]) -> None:
        """A form by POST, as OAuth has them; the path goes out as it is."""
        async with self.http.post(self.base + path, data=form) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            self._judge("POST", path, Reply(answer.status, await answer.json(), headers))

    def _judge(self, method: str, path: str, reply: Reply) -> None:
        asked = "/".join(unquote(part).replace("/", "%2F") for part in urlsplit(path).path.split("/"))
        if not asked.startswith("/_sim/"):
            key = route_of(method, asked)
            if key is not None:
                self.seen[key, reply.status] = self.seen.get((key, reply.status), 0) + 1
            key = key or (method, asked)
            self.found += problems(key, reply.status, reply.headers, reply.body)
