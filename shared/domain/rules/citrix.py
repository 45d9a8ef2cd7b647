"""Machines of a Citrix catalogue (Machine Creation Services): made from a master image and reset at will.

Off unless asked for, because a catalogue may also hold persistent desktops. Evidence: a tag of Citrix's own.
"""

from shared.domain.model import Vm
from shared.domain.reasons import Reason

_TAGS = frozenset({"citrixprovisioningschemeid", "citrixresource", "citrixvirtualsiteid"})


def check(vm: Vm) -> Reason | None:
    """EXCLUDED_CITRIX where the VM carries one of Citrix's tags."""
    return Reason.EXCLUDED_CITRIX if any(name.lower() in _TAGS for name in vm.tags) else None
