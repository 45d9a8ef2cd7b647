"""Where the simulator's answers differ from what Azure published, each with its reason; all else is a failure.

An entry that no answer makes use of any more is a failure too. The wire wins over the documents: what recorded
traffic shows stays as recorded.
"""

from collections.abc import Iterable
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


def unlisted(problems: Iterable[Problem]) -> set[Problem]:
    """The problems for which no reason is listed."""
    return {problem for problem in problems if not any(known.covers(problem) for known in ANSWERS)}


CLASSIC_VMS = "VMs of the older deployment model; no document of ClassicCompute's is at hand"
#: Routes of which no document at hand says how their answers look, and why they are there all the same.
UNPUBLISHED = {
    **{
        f"{scope}/providers/microsoft.authorization/": "no document of Authorization's is at hand"
        for scope in (
            "/subscriptions/{}",
            "/subscriptions/{}/resourcegroups/{}",
            VM,
            VAULT,
            "/subscriptions/{}/resourcegroups/{}/providers/microsoft.keyvault/vaults/{}",
        )
    },
    "/subscriptions/{}/providers/microsoft.keyvault/": "no document of Key Vault's is at hand",
    "/subscriptions/{}/resourcegroups/{}/providers/microsoft.keyvault/": "no document of Key Vault's is at hand",
    "/metadata/": "the cloud's own metadata and a managed identity's token: no resource provider's",
    "/subscriptions/{}/providers/microsoft.classiccompute/virtualmachines": CLASSIC_VMS,
    "/subscriptions/{}/resourcegroups/{}/providers/microsoft.classiccompute/virtualmachines": CLASSIC_VMS,
    "/subscriptions/{}/providers/microsoft.compute/locations/": "behind the header of a VM's operation, for polling",
    "/subscriptions/{}/providers/microsoft.network/": "read by `az vm show -d`; no document of Network's is at hand",
    "/subscriptions/{}/resourcegroups/{}/providers/microsoft.network/": (
        "read by `az vm show -d`; no document of Network's is at hand"
    ),
    "/subscriptions/{}/providers/microsoft.eventgrid/": "no OpenAPI file and no SDK of Event Grid's is at hand",
    "/subscriptions/{}/resourcegroups/{}/providers/microsoft.eventgrid/": (
        "no OpenAPI file and no SDK of Event Grid's is at hand"
    ),
    "/v1.0/serviceprincipals": "Microsoft Graph's: no document of it is at hand",
    "/{}/v2.0/.well-known/": "the login endpoint's description of itself: no resource provider's",
    "/{}/oauth2/v2.0/token": "the login endpoint's token for client credentials: no resource provider's",
    "/eventsubscriptions/{}/validate": "the address that a handshake gives to the receiver: no resource",
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
    ("GET", "/subscriptions/{}/providers/{}", 200): "providers that are there have routes of their own",
    ("DELETE", VM, 200): "a deletion is always accepted first",
    ("PUT", TAGS, 202): "tags are stored at once",
    ("PATCH", TAGS, 202): "tags are stored at once",
    ("DELETE", TAGS, 202): "tags are deleted at once",
}


@dataclass(frozen=True)
class Key:
    """A key that answers to these examples lack. `example` and `key` may hold `*`."""

    example: str
    key: str
    reason: str

    def covers(self, key: str) -> bool:
        """Whether this entry speaks of the key."""
        return fnmatchcase(key.replace("[]", "#"), self.key.replace("[]", "#"))


EXAMPLE_KEYS: tuple[Key, ...] = (
    Key("examples/CreateAVm*", "plan*", "the plan of a marketplace image is not kept"),
    Key("examples/GetVirtualMachine", "resources*", "extensions are told as events only, not kept"),
    *(
        Key("examples/GetVirtualMachineInstanceView*", key, "nobody is at home in the guest: no report of its own")
        for key in (
            "bootDiagnostics*",
            "computerName",
            "os*",
            "extensions*",
            "patchStatus*",
            "assignedHost",
            "platform*",
        )
    ),
    Key("examples/GetVirtualMachineInstanceView*", "vmAgent.extensionHandlers*", "extensions are not kept"),
    Key("examples/GETVault", "properties.privateEndpointConnections*", "private endpoints are not simulated"),
    Key("examples/PUTVault*", "tags", "the example's answer has tags that its request does not ask for"),
    Key("examples/PatchVault_WithCMK2", "identity.userAssigned*", "the example keeps what its request replaces"),
    Key("*/BackupProtectableItems_List", "*.workloadType", "not on the wire (recorded, 2019-20)"),
    Key("*/GetBackupStatus", "error*", "not on the wire where there is no error (recorded, 2025)"),
    Key("*/RecoveryPoints_*", "*recoveryPointMoveReadinessInfo*", "there is no archive tier to move to"),
    Key("*/RecoveryPoints_*", "*.extendedInfo*", "there is no archive tier to come back from"),
    Key("*", "nextLink", "null in the example, and absent on the wire from a last page"),
    Key("examples/ResourcesPropertiesQuery", "data[].count", "the column is `count_`, as its own language names it"),
    Key("examples/GetSubscription*", "*managedByTenants[].tenantId", "no other tenant manages a subscription here"),
)
#: Examples that are answered otherwise: with this status, and why.
EXAMPLE_STATUSES: dict[str, tuple[int, str]] = {
    "AzureIaasVm/ProtectionPolicies_CreateOrUpdate_Simple": (400, "keeps a day; seven are the least since 2022"),
    "examples/ResourcesNextPageQuery": (400, "its skip token is not of this simulator's making"),
}
#: Example files that belong to no operation of the documents at hand that could be served.
OF_NO_OPERATION = {
    "ListOperations.json": "each provider's own operations; no client here asks",
    "PostDeploymentWhatIfOnSubscription.json": "deployments; their OpenAPI file is not at hand",
    "PutDeploymentSubscriptionTemplateSpecsWithId.json": "deployments; their OpenAPI file is not at hand",
}
