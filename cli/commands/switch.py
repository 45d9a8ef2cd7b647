"""`pause` and `resume`: the kill switch that every worker on this store reads before each write."""

from cli.options import Options
from cli.output.console import out, plain
from shared.bootstrap import open_backstop
from shared.domain.compiled_policy import compile_policy
from shared.domain.policy import audit_only

_ANY_POLICY = compile_policy(audit_only())  # the switch must work where the policy file is broken


async def pause(options: Options, reason: str) -> int:
    """From now on no worker on this store writes."""
    async with open_backstop(options.settings(), _ANY_POLICY) as backstop:
        await backstop.pause.pause(reason)
        out().print(plain(f"Paused at {backstop.settings.endpoint}: {await backstop.pause.paused()}", "bold yellow"))
    return 0


async def resume(options: Options) -> int:
    """Workers write again; what was put off comes due within a quarter of an hour."""
    async with open_backstop(options.settings(), _ANY_POLICY) as backstop:
        await backstop.pause.resume()
        out().print(plain(f"Writing is permitted again at {backstop.settings.endpoint}.", "bold green"))
    return 0
