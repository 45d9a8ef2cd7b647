"""ARM resource ids: parsed strictly, compared whole and without case.

Azure returns one id in several spellings (`/resourcegroups/`, `/Subscriptions/`, upper-cased resource groups in VM
lists), so nothing in Backstop compares id texts directly; and names alone are never compared, because twins with one
name live in different resource groups.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# Characters ARM forbids in resource names; a strict pattern keeps event bodies from steering requests elsewhere.
_NAME = r"[^/\\\s\"'\[\]:|<>+=;,?*@&%#\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,90}"
_VM = re.compile(
    rf"/subscriptions/(?P<sub>{_GUID})/resourcegroups/(?P<rg>{_NAME})"
    rf"/providers/microsoft\.(?:classic)?compute/virtualmachines/(?P<name>{_NAME})",
    re.IGNORECASE,
)
_CLASSIC = "/providers/microsoft.classiccompute/virtualmachines/"
_SUBSCRIPTION = re.compile(_GUID, re.IGNORECASE)
_PREFIX = re.compile(
    r"/subscriptions/(?P<sub>[^/]+)/resourcegroups/(?P<rg>[^/]+)/providers/(?P<rest>.+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ArmId:
    """A resource id inside a resource group. Equality and hash use the lower-cased text only."""

    key: str
    text: str = field(compare=False)
    subscription_id: str = field(compare=False)
    resource_group: str = field(compare=False)
    name: str = field(compare=False)

    def __str__(self) -> str:
        return self.text

    @property
    def classic(self) -> bool:
        """Whether this is a VM of the older deployment model: `Microsoft.ClassicCompute/virtualMachines`."""
        return _CLASSIC in self.key


@lru_cache(maxsize=4096)
def parse_vm_id(text: str) -> ArmId:
    """The id of a `Microsoft.Compute/virtualMachines`, or of the classic kind that Azure Backup protects as well.

    ValueError for anything else, sub-resources included.
    """
    match = _VM.fullmatch(text)
    if match is None:
        raise ValueError(f"not the id of a virtual machine: {text[:200]!r}")
    return ArmId(text.lower(), text, match["sub"].lower(), match["rg"], match["name"])


@lru_cache(maxsize=4096)
def parse_id(text: str) -> ArmId:
    """Any id of a resource inside a resource group; ValueError otherwise. `name` is the last segment."""
    text = text.rstrip("/")
    match = _PREFIX.fullmatch(text)
    if match is None:
        raise ValueError(f"not the id of a resource in a resource group: {text[:200]!r}")
    return ArmId(text.lower(), text, match["sub"].lower(), match["rg"], match["rest"].rsplit("/", 1)[-1])


def vault_id_of(resource_id: str) -> str:
    """The id of the vault that a protected item, backup policy or job id lies in, spelt as given."""
    match = re.match(
        r"(/subscriptions/[^/]+/resourcegroups/[^/]+/providers/[^/]+/vaults/[^/]+)", resource_id, re.IGNORECASE
    )
    if match is None:
        raise ValueError(f"not inside a Recovery Services vault: {resource_id[:200]!r}")
    return match[1]


def is_subscription_id(text: str) -> bool:
    """True for a GUID, the only form of a subscription's id."""
    return _SUBSCRIPTION.fullmatch(text) is not None
