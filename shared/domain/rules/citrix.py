"""Machines of a Citrix catalogue (Machine Creation Services): made from a master image and reset at will.

Off unless asked for, because a catalogue may also hold persistent desktops. Evidence: a tag of Citrix's own.
"""

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason

_TAGS = frozenset({"citrixprovisioningschemeid", "citrixresource", "citrixvirtualsiteid"})


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_CITRIX where the VM carries one of Citrix's tags."""
    return Reason.EXCLUDED_CITRIX if not _TAGS.isdisjoint(subject.tags) else None
