"""Where the simulator's answers differ from what Azure published, each with its reason; all else is a failure.

An entry that no answer makes use of any more is a failure too. The wire wins over the documents: what recorded
traffic shows stays as recorded.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.contract.spec.contract import VAULT, VM, Problem


@dataclass(frozen=True)
class Difference:
    """`kind` and `place` as a `Problem` has them, `operation` its name; each may hold `*`."""

    operation: str
    kind: str
    place: str
    reason: str

    def covers(self, problem: Problem) -> bool:
        """Whether this entry speaks of the problem."""
        place = problem.place.replace("[]", "#")  # brackets mean something to fnmatch
        return (
            fnmatchcase(problem.operation, self.operation)
            and problem.kind in self.kind.split("|")
            and fnmatchcase(place, self.place.replace("[]", "#"))
        )


ANSWERS = (
    Difference("*", "format", "endTime", "an operation under way shows .NET's DateTime.MinValue (recorded, 2019-26)"),
    Difference("BackupJobs_List", "type|enum", "*.actionsInfo.[]", "a number on the wire (recorded, 2019-20)"),
    Difference("JobDetails_Get", "type|enum", "*.actionsInfo.[]", "a number on the wire (recorded, 2019-20)"),
    Difference(
        "RecoveryPoints_*", "type|enum", "*.recoveryPointTierDetails.[].*", "numbers on the wire (recorded, 2019-20)"
    ),
    Difference(
        "*Item*", "unknown-key", "*.softDeleteRetentionPeriod", "the wire's name; the SDK maps another (recorded, 2026)"
    ),
    Difference("BackupStatus_Get", "unknown-key", "objectType", "on the wire (recorded, 2025)"),
    Difference("Subscriptions_List", "unknown-key", "count", "ARM counts them since 2020; no document has it"),
    Difference("Subscriptions_List", "required", "", "nextLink is called required, and absent from a last page"),
    Difference("Tenants_List", "required", "", "nextLink is called required, and absent from a last page"),
    Difference("GetOperationResult", "status", "", "204 after a vault's deletion: there is no vault left to show"),
)

#: Routes of which no document at hand says how their answers look, and why they are there all the same.
UNPUBLISHED = {
    "/metadata/": "the cloud's own metadata and a managed identity's token: no resource provider's",
    "/subscriptions/{}/providers/microsoft.compute/locations/": "behind the header of a VM's operation, for polling",
    "/subscriptions/{}/providers/microsoft.eventgrid/": "no OpenAPI file and no SDK of Event Grid's is at hand",
}

NEVER_SYNCHRONOUS = "the backup service answers such changes with 202 (recorded, 2019-26)"
NO_BODY = "answered with 204 where there is nothing to show"
TAGS = "/{}/providers/microsoft.resources/tags/default"
#: Successes that the documents allow, and that the simulator has no occasion for.
NEVER = {
    ("PUT", f"{VAULT}/backupfabrics/{{}}/protectioncontainers/{{}}/protecteditems/{{}}", 200): NEVER_SYNCHRONOUS,
    ("DELETE", f"{VAULT}/backupfabrics/{{}}/protectioncontainers/{{}}/protecteditems/{{}}", 200): NEVER_SYNCHRONOUS,
    ("GET", f"{VAULT}/backupjobs/{{}}/operationresults/{{}}", 200): NO_BODY,
    ("GET", f"{VAULT}/backupoperationresults/{{}}", 200): NO_BODY,
    ("DELETE", f"{VAULT}/backuppolicies/{{}}", 202): "a policy without items is deleted at once",
    ("DELETE", VAULT, 200): "202 since 2026; 2019's recordings have 200",
    ("PATCH", VAULT, 202): "tags are changed at once",
    ("DELETE", VM, 200): "a deletion is always accepted first",
    ("PUT", TAGS, 202): "tags are stored at once",
    ("PATCH", TAGS, 202): "tags are stored at once",
    ("DELETE", TAGS, 202): "tags are deleted at once",
}
