"""What a definition asks and does about a VM that it applies to: its `then`, and the backup policy it names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.azure_policy.leaf import plain
from shared.domain.azure_policy.unit import Kind, Unit

_PROTECTED_ITEM = "microsoft.recoveryservices/backupprotecteditems"
_BACKUP_POLICY = re.compile(
    r"/subscriptions/(?P<sub>[^/]+)/.*/vaults/(?P<vault>[^/]+)/backupPolicies/(?P<policy>[^/]+)/?", re.IGNORECASE
)


def read_details(unit: Unit) -> None:
    """What the original asks and does about a VM that it applies to."""
    details = {str(key).lower(): value for key, value in _mapping(unit.definition.then.get("details")).items()}
    if "existencecondition" in details:
        unit.tell(Kind.NOT_UNDERSTOOD, "the existence condition: any protection as asked by the rule counts here")
    if "type" in details and str(details["type"]).lower() != _PROTECTED_ITEM:
        unit.tell(Kind.NOT_UNDERSTOOD, f"it looks for a {details['type']}, not for a protected item")
    if unit.effect == "audit" and "type" not in details:
        unit.tell(Kind.NOTE, "the original reports every VM that it applies to, this rule those without a backup")
    choices = {each.group(0): each for each in map(_backup_policy, unit.parameters.values()) if each is not None}
    template = details.get("deployment")
    if len(choices) == 1:
        (choice,) = choices.values()
        unit.asks["vault"] = {"select": {"names": [plain(choice["vault"])]}}
        unit.asks["backupPolicy"] = {"name": choice["policy"]}
        unit.tell(Kind.WIDER, f"a VM under another backup policy than {choice['policy']} is reported; any does there")
        only = f"VMs of the subscription {choice['sub']} only can be put into the vault {choice['vault']}"
        unit.tell(Kind.NARROWER, only)
    elif choices:
        unit.tell(Kind.NOT_UNDERSTOOD, "several backup policies are named: the vault's DefaultPolicy is taken")
    elif (unit.builtin is not None and unit.builtin.vault == "existing") or _mentions(template, "backuppolicyid"):
        named = "backuppolicyid" in unit.parameters
        lacks = "is not the id of a backup policy" if named else "has no value"
        unit.tell(Kind.OPEN, f"the parameter backupPolicyId {lacks}: any vault of the VM's region, DefaultPolicy")
    if (unit.builtin is not None and unit.builtin.vault == "new") or _makes_vault(template):
        if "vault" in unit.asks:
            unit.tell(Kind.NARROWER, "no vault is made; a VM without a vault in its region is reported")
        else:
            unit.asks["vault"] = {"whenMissing": "create"}
            unit.tell(Kind.NOTE, _ONE_VAULT)


_ONE_VAULT = (
    "a vault is made where the VM's subscription has none in its region; the original makes one for each resource group"
)


def _backup_policy(value: Any) -> re.Match[str] | None:
    return _BACKUP_POLICY.fullmatch(value.strip()) if isinstance(value, str) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _walk(value: Any) -> Iterator[Any]:
    stack = [value]
    while stack:
        each = stack.pop()
        yield each
        if isinstance(each, Mapping):
            stack += each.values()
        elif isinstance(each, list):
            stack += each


def _makes_vault(template: Any) -> bool:
    return any(
        str(each.get("type", "")).lower() == "microsoft.recoveryservices/vaults"
        for each in _walk(template)
        if isinstance(each, Mapping)
    )


def _mentions(template: Any, parameter: str) -> bool:
    wanted = f"parameters('{parameter}')"
    return any(wanted in each.lower() for each in _walk(template) if isinstance(each, str))
