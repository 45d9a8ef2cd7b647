"""What one simulated Azure's backup service wants or lets pass, where Azures differ: off unless somebody sets it.

Plain values, set through `/_sim/backup` (`control.py`) or by a test.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Settings:
    """`discovery_needed`: a protect is refused until a refresh of its vault has found the VM.

    `cross_subscription`: a vault takes VMs of other subscriptions too (so seen in 2026, unsupported by the documents).
    """

    discovery_needed: bool = False
    cross_subscription: bool = False
