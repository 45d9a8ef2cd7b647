"""Azure Policy's definitions and assignments as plain data, whichever tool wrote them down.

REST answers carry a `properties`, the Azure CLI's do not, PowerShell's are spelt with capitals; a list may stand in
`value`. Keys are taken without case, as ARM takes them. Nothing here judges what a definition means.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.errors import SettingsError

_MOST = 5_000
_SET = "policydefinitions"
#: Keys that say nothing about which VMs are meant or what happens to them.
_WITHOUT_EFFECT = frozenset(
    {
        *("id", "name", "type", "displayname", "description", "metadata", "version", "versions", "policytype", "mode"),
        *("identity", "location", "systemdata", "sku", "noncompliancemessages", "resourcegroup", "properties"),
        *("resourceid", "resourcename", "resourcetype", "subscriptionid", "policydefinitionversion", "etag"),
        *("definitionversion", "latestdefinitionversion", "effectivedefinitionversion", "instanceid", "assignmenttype"),
        *("resourcegroupname", "policyassignmentid", "tenantid"),
    }
)


@dataclass(frozen=True, slots=True)
class Definition:
    """`parameters` are the defaults, by lower-cased name; `other` the keys that this version does not know."""

    id: str
    title: str
    condition: Any
    then: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    other: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The last part of the id, by which assignments name it."""
        return last_part(self.id).lower()


@dataclass(frozen=True, slots=True)
class Member:
    """A definition as a part of a set; the values of its `parameters` are expressions over the set's parameters."""

    definition_id: str
    reference: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DefinitionSet:
    """A set of definitions (an initiative); `parameters` are the defaults of its own, by lower-cased name."""

    id: str
    title: str
    members: tuple[Member, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The last part of the id, by which assignments name it."""
        return last_part(self.id).lower()


@dataclass(frozen=True, slots=True)
class Assignment:
    """`parameters` are the values given, by lower-cased name."""

    id: str
    title: str
    definition_id: str
    scope: str
    not_scopes: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    enforced: bool = True
    selectors: tuple[Any, ...] = ()
    overrides: tuple[Any, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def of_set(self) -> bool:
        """Whether it assigns a set of definitions."""
        return "/policysetdefinitions/" in self.definition_id.lower()


@dataclass(slots=True)
class Found:
    """What the documents hold; `skipped` says of each thing that is neither why it was left out."""

    definitions: list[Definition] = field(default_factory=list)
    sets: list[DefinitionSet] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def read(documents: Iterable[tuple[str, Any]]) -> Found:
    """The definitions and assignments in (file name, parsed JSON); SettingsError where there are none at all."""
    found = Found()
    files = []
    for file, document in documents:
        files.append(file)
        for number, each in enumerate(_objects(document)):
            if number >= _MOST:
                raise _refused(f"{file}: more than {_MOST:,} policies")
            _sort(each, file, number, found)
    if not found.definitions and not found.assignments and not found.sets:
        why = f": {found.skipped[0]}" if found.skipped else ""
        raise _refused(f"{', '.join(files)}: no definition or assignment of Azure Policy{why}")
    return found


def last_part(resource_id: str) -> str:
    """The name at the end of a resource's id."""
    return resource_id.rstrip("/").rsplit("/", 1)[-1]


def lowered(mapping: Any) -> dict[str, Any]:
    """The mapping with lower-cased keys; an empty one for anything else."""
    return {str(key).lower(): value for key, value in mapping.items()} if isinstance(mapping, Mapping) else {}


def _objects(document: Any) -> Iterator[Any]:
    if isinstance(document, list):
        yield from document
    elif isinstance(document, Mapping) and isinstance((inner := lowered(document).get("value")), list):
        yield from inner
    else:
        yield document


def _sort(one: Any, file: str, number: int, found: Found) -> None:
    label = f"{file}, number {number + 1}"
    if not isinstance(one, Mapping):
        found.skipped.append(f"{label} is not a JSON object")
        return
    outer = lowered(one)
    inner = outer | lowered(outer.get("properties"))
    title = _text(inner.get("displayname")) or _text(inner.get("name"))
    if _SET in inner:
        found.sets.append(_set(inner, title))
    elif "policyrule" in inner or {"if", "then"} <= inner.keys():
        found.definitions.append(_definition(inner, title))
    elif _text(inner.get("policydefinitionid")):
        found.assignments.append(_assignment(inner, title))
    else:
        found.skipped.append(f"{title or label} is neither a definition nor an assignment")


def _definition(keys: Mapping[str, Any], title: str) -> Definition:
    rule = lowered(keys.get("policyrule")) or keys
    if "if" not in rule or not isinstance(rule.get("then"), Mapping):
        raise _refused(f"the definition '{title[:80]}' has no `if` and `then`")
    known = _WITHOUT_EFFECT | {"policyrule", "parameters", "if", "then"}
    other = tuple(key for key, value in keys.items() if key not in known and value not in (None, [], {}))
    identity = _text(keys.get("id")) or _text(keys.get("name"))
    return Definition(identity, title, rule["if"], lowered(rule["then"]), _defaults(keys), other)


def _set(keys: Mapping[str, Any], title: str) -> DefinitionSet:
    members = []
    for each in map(lowered, _list(keys.get(_SET))):
        values = {name: lowered(value).get("value") for name, value in lowered(each.get("parameters")).items()}
        identity, reference = _text(each.get("policydefinitionid")), _text(each.get("policydefinitionreferenceid"))
        members.append(Member(identity, reference, values))
    if len(members) > _MOST:
        raise _refused(f"the set '{title[:80]}' has more than {_MOST:,} definitions")
    return DefinitionSet(_text(keys.get("id")) or _text(keys.get("name")), title, tuple(members), _defaults(keys))


def _defaults(keys: Mapping[str, Any]) -> dict[str, Any]:
    """The default values of the parameters that have one."""
    described = {name: lowered(parameter) for name, parameter in lowered(keys.get("parameters")).items()}
    return {name: each["defaultvalue"] for name, each in described.items() if "defaultvalue" in each}


def _assignment(keys: Mapping[str, Any], title: str) -> Assignment:
    values = {}
    for name, parameter in lowered(keys.get("parameters")).items():
        given = lowered(parameter)
        if "value" not in given:
            raise _refused(f"the assignment '{title[:80]}' gives the parameter {name} without a `value`")
        values[name] = given["value"]
    identity = _text(keys.get("id"))
    own_scope = identity.lower().find("/providers/microsoft.authorization/policyassignments/")
    known = _WITHOUT_EFFECT | {
        *("policydefinitionid", "scope", "notscopes", "parameters", "enforcementmode", "resourceselectors", "overrides")
    }
    return Assignment(
        id=identity,
        title=title,
        definition_id=_text(keys.get("policydefinitionid")),
        scope=_text(keys.get("scope")) or (identity[:own_scope] if own_scope > 0 else ""),
        not_scopes=tuple(_text(each) for each in _list(keys.get("notscopes"))),
        parameters=values,
        enforced=str(keys.get("enforcementmode") or "Default").lower() not in {"donotenforce", "1"},
        selectors=_list(keys.get("resourceselectors")),
        overrides=_list(keys.get("overrides")),
        other=tuple(key for key, value in keys.items() if key not in known and value not in (None, [], {})),
    )


def _list(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else ()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _refused(what: str) -> SettingsError:
    remedy = "Give the JSON of `az policy assignment list` or `az policy definition show`"
    return SettingsError(" ".join(what.split()), code="NOT_AZURE_POLICY", remedy=remedy)
