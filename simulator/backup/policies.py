"""Reading the backup policies of a vault; a new one has DefaultPolicy, EnhancedPolicy and HourlyLogBackup.

Creating and changing them is in `policy_changes.py`.
"""

from simulator.backup.render import policy_body
from simulator.backup.vaults import PAGE, VAULT, find_vault
from simulator.core.model import IAAS, BackupPolicy, Vault
from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, Json, page, parse_filter


def _body(call: Call, vault: Vault, policy: BackupPolicy) -> Json:
    count = sum(item.policy.lower() == policy.name.lower() for item in vault.items.values())
    return policy_body(vault, policy, count, call.world.now())


def policy_answer(call: Call, vault: Vault, policy: BackupPolicy) -> Answer:
    """200 with the policy."""
    return Answer(200, _body(call, vault, policy))


def list_policies(call: Call) -> Answer:
    """`$filter` takes backupManagementType."""
    vault = find_vault(call)
    wanted = parse_filter(call.query.get("$filter", "")).get("backupmanagementtype", "").lower()
    rows = [_body(call, vault, p) for p in vault.policies.values() if wanted in ("", p.management.lower())]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def get_policy(call: Call) -> Answer:
    """One backup policy."""
    vault = find_vault(call)
    policy = vault.policies.get(call.params["policy"].lower())
    if policy is None:
        raise AzureError(404, "BMSUserErrorPolicyNotFound", f"Policy '{call.params['policy']}' was not found.")
    return policy_answer(call, vault, policy)


def named(vault: Vault, policy_id: str) -> BackupPolicy:
    """The VM backup policy that a request's `policyId` means. Raises AzureError 400 where this vault has none such."""
    prefix, _, name = policy_id.rpartition("/")
    policy = vault.policies.get(name.lower())
    if prefix.lower() != f"{vault.key}/backuppolicies" or policy is None or policy.management != IAAS:
        message = (
            f"The backup policy '{policy_id}' does not exist in vault '{vault.name}' or is not for virtual machines."
        )
        raise AzureError(400, "BMSUserErrorPolicyNotFound", message)
    return policy


ROUTES: list[Route] = [
    ("GET", f"{VAULT}/backupPolicies", list_policies),
    ("GET", f"{VAULT}/backupPolicies/{{policy}}", get_policy),
]
