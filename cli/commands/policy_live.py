"""What the estate lacks for a policy, for `policy check --live`. It reads VMs, vaults and backup policies."""

from cli.options import Options
from cli.output.console import err
from shared.bootstrap import open_survey
from shared.domain.compiled_policy import compile_policy
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.placed import shown
from shared.domain.policy_tools import live as policy_live


async def lacking(policy: EnforcementPolicy, options: Options) -> list[str]:
    """A sentence for each thing that the policy's VMs ask for and the estate does not have."""
    settings, compiled = options.settings(), compile_policy(policy)
    demands: dict[policy_live.Place, policy_live.Demand] = {}
    async with open_survey(settings) as survey:
        with err().status(f"Holding the policy {shown(policy.metadata.name)} against the estate"):
            now = survey.clock.now()
            vaults = await survey.inventory.vaults(settings.scope)
            async for vm in survey.inventory.vms(settings.scope, compiled.needs):
                policy_live.demand(compiled, vm, vaults, now, demands)
            asked = {each.vault.id.key: each.vault for each in demands.values() if each.vault is not None}
            held = {key: await survey.backup.backup_policies(vault.id.text) for key, vault in asked.items()}
    return list(policy_live.lacking(compiled, demands.values(), held))
