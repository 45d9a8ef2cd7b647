"""Creating, changing and deleting backup policies, and the operations of a change.

A change of a policy that items are under is taken over to them: accepted with 202, in force when its operation has
ended. Which definitions are possible is in `policy_rules.py`; reading policies in `policies.py`.
"""

import re

from simulator.backup.operations import accepted, find_operation, status_body
from simulator.backup.policies import policy_answer
from simulator.backup.policy_rules import checked, refuse
from simulator.backup.vaults import VAULT, find_vault
from simulator.core.model import BackupPolicy, Vault
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json

#: Portal's rule for names: 3 to 150 letters, digits and hyphens, a letter first.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,149}")
#: Virtual seconds that taking a change over to the items lasts; our own number.
PROPAGATION = 15


def _items_under(vault: Vault, policy: BackupPolicy) -> int:
    return sum(item.policy.lower() == policy.name.lower() for item in vault.items.values())


def put_policy(call: Call) -> Answer:
    """200 with the policy, or 202 where items are under it. Raises AzureError 400, by quota too."""
    world, vault, name = call.world, find_vault(call), call.params["policy"]
    existing = vault.policies.get(name.lower())
    definition = checked(call.properties, existing.version if existing else None)
    if existing is None:
        if not NAME.fullmatch(name):
            refuse("A policy's name has 3 to 150 letters, digits and hyphens, and begins with a letter.")
        world.limits.quotas.add_policy(vault)
        existing = BackupPolicy(name, management=definition["backupManagementType"])
        vault.policies[name.lower()] = existing
    elif existing.management != definition["backupManagementType"]:
        refuse(f"The policy is one for {existing.management}.")
    else:
        world.limits.quotas.edit_policy(vault, world.now())
    policy = existing
    if not _items_under(vault, policy):
        _take(policy, definition)
        world.state.touch("vault", vault.key, world.now())
        return policy_answer(call, vault, policy)
    operation = world.start_operation()

    def finish() -> None:
        _take(policy, definition)
        operation.status, operation.ended = "Succeeded", world.now()
        world.state.touch("vault", vault.key, world.now())

    world.clock.after(PROPAGATION, finish)
    base = f"{vault.id}/backupPolicies/{policy.name}"
    return accepted(call, f"{base}/operations", f"{base}/operationResults", operation)


def _take(policy: BackupPolicy, definition: Json) -> None:
    policy.definition = definition
    policy.version = definition.get("policyType", "V1")


def delete_policy(call: Call) -> Answer:
    """200; 204 where there is none. Raises AzureError 400 where items are under it."""
    world, vault = call.world, find_vault(call)
    policy = vault.policies.get(call.params["policy"].lower())
    if policy is None:
        return Answer(204)
    if _items_under(vault, policy):
        message = "The policy cannot be deleted because there are backup items associated with it."
        raise AzureError(400, "BMSUserErrorPolicyObjectInUse", message)
    del vault.policies[policy.name.lower()]
    world.state.touch("vault", vault.key, world.now())
    return Answer(200)


def get_status(call: Call) -> Answer:
    """The operation of a change; no jobs run for it here."""
    body = status_body(find_operation(call))
    if body["status"] == "Succeeded":
        body["properties"] = {"objectType": "OperationStatusJobsExtendedInfo", "jobIds": [], "failedJobsError": {}}
    return Answer(200, body)


def get_result(call: Call) -> Answer:
    """The policy as it is in force: with the change once the operation has ended. Raises AzureError 404."""
    find_operation(call)
    vault = find_vault(call)
    policy = vault.policies.get(call.params["policy"].lower())
    if policy is None:
        raise AzureError(404, "BMSUserErrorPolicyNotFound", f"Policy '{call.params['policy']}' was not found.")
    return policy_answer(call, vault, policy)


POLICY = f"{VAULT}/backupPolicies/{{policy}}"
ROUTES: list[Route] = [
    ("PUT", POLICY, put_policy),
    ("DELETE", POLICY, delete_policy),
    ("GET", f"{POLICY}/operations/{{operation}}", get_status),
    ("GET", f"{POLICY}/operationResults/{{operation}}", get_result),
]
