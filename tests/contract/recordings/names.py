"""Names that Azure invents (operations, jobs, recovery points), as recorded and as the simulator invented them.

A name is bound where it is first seen: in a header, or in a body that is compared. From then on the recorded name in
a request is replaced by the simulated one, and an answer that says another is a difference.
"""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

#: What nobody chose by hand: uuids, long numbers, long runs of base64.
INVENTED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{12,}|[A-Za-z0-9+_-]{40,}={0,2}", re.IGNORECASE
)
_SUBSCRIPTION = re.compile(r"/subscriptions/[^/\s\"]+", re.IGNORECASE)
_SIGNED = {"t", "c", "s", "h"}


class Names:
    """Recorded name → simulated name, compared without case."""

    def __init__(self) -> None:
        self._simulated: dict[str, str] = {}
        self._recorded: dict[str, str] = {}
        #: Addresses that the simulator gave out, by their path in lower case.
        self._addresses: dict[str, str] = {}
        #: Recorded names that came with an answer of which the simulator has none.
        self._foreign: set[str] = set()

    def bind(self, recorded: str, simulated: str) -> None:
        """Bind two names; those that are bound already, or are no invented ones, stay as they are."""
        old, new = recorded.lower(), simulated.lower()
        fit = INVENTED.fullmatch(recorded) and INVENTED.fullmatch(simulated)
        if fit and old not in self._simulated and new not in self._recorded:
            self._simulated[old], self._recorded[new] = simulated, recorded

    def bind_paths(self, recorded: str, simulated: str) -> None:
        """Bind the names at the same places of two paths that are alike otherwise."""
        old, new = recorded.split("/"), simulated.split("/")
        if len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                self.bind(one, other)

    def known(self, recorded: str) -> bool:
        return recorded.lower() in self._simulated

    def to_simulated(self, text: str) -> str:
        """A recorded text with every bound name replaced."""
        return INVENTED.sub(lambda found: self._simulated.get(found[0].lower(), found[0]), text)

    def request(self, body: Any) -> Any:
        """A recorded request's body, ready to be sent."""
        if isinstance(body, dict):
            return {key: self.request(value) for key, value in body.items()}
        if isinstance(body, list):
            return [self.request(value) for value in body]
        return self.to_simulated(body) if isinstance(body, str) else body

    def remember(self, address: str) -> None:
        """An address in a header of the simulator's."""
        self._addresses[urlsplit(address).path.lower()] = address

    def target(self, base: str, path: str, query: str) -> str:
        """Where a recorded request goes; a signed address is used as the simulator gave it."""
        here = self.to_simulated(path)
        if _SIGNED & set(parse_qs(query)) and here.lower() in self._addresses:
            return self._addresses[here.lower()]
        return f"{base}{here}?{self.to_simulated(query)}"

    def shun(self, text: str) -> None:
        """Every name in this recorded text that is not bound belongs to something that is not simulated."""
        self._foreign |= {found.lower() for found in _invented(text) if not self.known(found)}

    def foreign(self, path: str) -> bool:
        """Whether a recorded path names something that is not simulated."""
        return any(found.lower() in self._foreign for found in _invented(path))


def _invented(text: str) -> list[str]:
    """The invented names in a text, but for those of subscriptions."""
    found: list[str] = INVENTED.findall(_SUBSCRIPTION.sub("/", text))
    return found
