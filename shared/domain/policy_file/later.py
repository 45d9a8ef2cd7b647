"""Keys of later versions of the policy file: which of them this version takes without acting on them, and which not.

One that would hold writes back, or send them elsewhere, is refused: its author would count on it. One whose only loss
is that less is done is taken out of the file with a warning, and no policy ever contains it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.policy_file.placed import Node, Path

_LIMITS = ("spec", "limits")


@dataclass(frozen=True, slots=True)
class LaterKey:
    """`values` are those that are taken without effect. `why` follows the key in a message."""

    why: str
    values: tuple[str, ...] = ()
    beside: Mapping[str, str] | None = None  # taken only next to this key with this value


REFUSED = {
    "perVaultPerDay": "not in this version, and without it more would be written than it allows; "
    "take it out and bound each run by `maxActions`",
    "failurePercent": "not in this version, and without it a run would go on where it should stop; "
    "take it out and bound each run by `maxActions`",
}
IN_VAULT: Mapping[str, LaterKey] = {
    "whenFull": LaterKey(
        "no effect yet: of the vaults that fit the first by id is used, and a full one's refusal is reported",
        ("next", "report"),
    ),
    "whenMissing": LaterKey("no effect yet: Backstop makes no vault, and reports where one is missing", ("create",)),
    "redundancy": LaterKey(
        "no effect yet: it describes the vault that `whenMissing: create` will make",
        ("LocallyRedundant", "ZoneRedundant", "GeoRedundant"),
        {"whenMissing": "create"},
    ),
}
_ALONE = "in this version it chooses no vault: say which vaults will do by `select`, with `names` or `tags`"


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be said about the key at `path`."""

    path: Path
    what: str
    refused: bool


def later_keys(root: Node) -> Iterator[Note]:
    """Every key of a later version that the file holds."""
    limits = root.at(_LIMITS)
    for key in limits.inner if limits is not None else ():
        if key in REFUSED:
            yield Note((*_LIMITS, key), REFUSED[str(key)], refused=True)
    rules = root.at(("spec", "rules"))
    for position, rule in (rules.inner if rules is not None else {}).items():
        vault = rule.at(("vault",))
        for key, node in (vault.inner if vault is not None else {}).items():
            later = IN_VAULT.get(str(key))
            if later is None or vault is None or (key == "whenMissing" and node.data not in later.values):
                continue
            path: Path = ("spec", "rules", position, "vault", key)
            if node.data not in later.values:
                yield Note(path, f"must be {' or '.join(later.values)}", refused=True)
            elif later.beside is not None and any(_text(vault, k) != v for k, v in later.beside.items()):
                yield Note(path, _ALONE, refused=True)
            else:
                yield Note(path, later.why, refused=False)


def without(root: Node, paths: list[Path]) -> dict[str, object]:
    """The file's content without the keys at these paths. Takes them out of `root`, too."""
    for path in paths:
        parent = root.at(path[:-1])
        if parent is not None:
            del parent.inner[path[-1]]
            del parent.data[path[-1]]
    data: dict[str, object] = root.data
    return data


def _text(node: Node, key: str) -> object:
    found = node.at((key,))
    return found.data if found is not None else None
