"""Every error code of the backup service that is known: retry later, mend and how, or unknown and kept whole.

One table (`shared/domain/troubles/`) serves the errors of calls, failed operations, failed jobs and the page of
troubles. Codes come in any case, as names or as the numbers of jobs. This module never hides a code that it does not
know: it keeps it as Azure spelt it, and says where to look.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

from shared.domain.troubles.agent import AGENT
from shared.domain.troubles.configuring import CONFIGURING
from shared.domain.troubles.disks import DISKS
from shared.domain.troubles.entry import Entry, Kind, Known
from shared.domain.troubles.passing import PASSING
from shared.domain.troubles.surroundings import SURROUNDINGS
from shared.domain.troubles.vault import VAULT
from shared.domain.troubles.windows import WINDOWS

#: All of it, by where it goes wrong. Families are asked in this order.
TABLE: Mapping[str, tuple[Entry, ...]] = {
    "What passes by itself": PASSING,
    "What the service refuses about a VM": CONFIGURING,
    "What the service refuses about a vault": VAULT,
    "What stands around the VM": SURROUNDINGS,
    "What goes wrong in the VM's agent and extension": AGENT,
    "What goes wrong inside Windows": WINDOWS,
    "What goes wrong with the VM's disks": DISKS,
}
WHERE_TO_LOOK = (
    "Look the code up in Azure Backup's troubleshooting guide; "
    "where a job failed, read its details and recommendation in the vault"
)
#: A refusal that is told by its text alone: what multi-user authorization answers (terraform-provider-azurerm 31887).
_BY_TEXT = {"resourceguard operation requestid": "ResourceGuard"}

_ALL = tuple(entry for entries in TABLE.values() for entry in entries)
_BY_NAME = {name.lower(): entry for entry in _ALL for name in entry.names if "*" not in name}
_BY_NUMBER = {str(number): entry for entry in _ALL for number in entry.numbers}
_FAMILIES = tuple((name.lower(), entry) for entry in _ALL for name in entry.names if "*" in name)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a code means. `code` is as Azure spelt it; `remedy` is one line, never empty unless nothing is wrong."""

    code: str
    kind: Kind
    sentence: str
    remedy: str
    wait: timedelta | None = None
    known: Known | None = None


def advice_for(code: str, title: str = "") -> Trouble:
    """What is known of a code; UNKNOWN where nothing is.

    `title` is what comes with it: a job's `errorTitle`, which is a name beside its number, or a message. An exact name
    goes before a number, and a number before a family: 320001 comes with the name `ResourceNotFound`.
    """
    entry = _found(code.strip().lower(), title.strip().lower())
    if entry is None:
        return Trouble(code, Kind.UNKNOWN, "Backstop does not know this code", WHERE_TO_LOOK)
    return Trouble(code, entry.kind, entry.sentence, entry.remedy, entry.wait, entry.known)


def remedy_for(code: str, title: str = "") -> str:
    """What a person can do about a code; where to look when it is not known."""
    return advice_for(code, title).remedy


def _found(code: str, title: str) -> Entry | None:
    words = [word for word in (code, title) if word and " " not in word]
    exact = next((_BY_NAME[word] for word in words if word in _BY_NAME), None)
    entry = exact or _BY_NUMBER.get(code) or next(filter(None, map(_family, words)), None)
    if entry is None:
        entry = next((_family(name.lower()) for text, name in _BY_TEXT.items() if text in title), None)
    return entry


def _family(word: str) -> Entry | None:
    return next((entry for pattern, entry in _FAMILIES if fnmatchcase(word, pattern)), None)
