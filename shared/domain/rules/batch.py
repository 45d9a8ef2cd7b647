"""Nodes of an Azure Batch pool in the user's own subscription: Batch makes and deletes them as the pool resizes.

Evidence, any of which suffices: the resource group that Batch makes (`AzureBatch-<guid>-C` and the like), or both
tags that it puts on a node.
"""

import re

from shared.domain.attributes import Subject
from shared.domain.reasons import Reason

_GROUP = re.compile(r"azurebatch-[0-9a-f]{8}-[0-9a-f-]{27}-[a-z]{1,2}")


def check(subject: Subject) -> Reason | None:
    """EXCLUDED_BATCH on any of the evidence."""
    evidence = ("batchaccountname" in subject.tags and "poolname" in subject.tags) or (
        subject.group.startswith("azurebatch-") and _GROUP.fullmatch(subject.group) is not None
    )
    return Reason.EXCLUDED_BATCH if evidence else None
