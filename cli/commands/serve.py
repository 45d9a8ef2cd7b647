"""`serve`: the function app on the local host, until interrupted."""

import os
from collections.abc import Mapping

from cli.host.host import LocalHost
from cli.options import Options
from cli.output.console import err, out, plain
from shared import telemetry


async def run(options: Options, *, port: int, enforce: bool) -> int:
    """Listens on 127.0.0.1. Without --enforce it only looks and reports, whatever the policy's mode."""
    settings = options.settings(enforce=enforce)
    os.environ |= {
        "BACKSTOP_ENDPOINT": settings.endpoint,
        "BACKSTOP_POLICY": settings.policy_file,
        "BACKSTOP_POLICY_DIR": settings.policy_dir,
        "BACKSTOP_STATE": str(settings.state_dir),
        "BACKSTOP_SCOPE": ",".join(settings.scope.subscriptions or settings.scope.management_groups),
        "BACKSTOP_ENFORCE": str(settings.enforce).lower(),
    }
    telemetry.configure(json_lines=not err().is_terminal, level=os.environ.get("BACKSTOP_LOG", "INFO").upper())
    async with LocalHost(port=port, on_event=_tell) as host:
        out().print(plain(f"Serving at {host.url}", "bold"))
        out().print(plain(f"  Event Grid webhook  {host.webhook_url('vm_written')}"), soft_wrap=True)
        for function, url in host.routes.items():
            out().print(plain(f"  {function:<19} {url}"), soft_wrap=True)
        await host.serve_forever()
    return 0


def _tell(kind: str, details: Mapping[str, object]) -> None:
    if kind in {"failed", "poisoned"}:
        err().print(plain(f"{kind}: {', '.join(f'{key} {value}' for key, value in details.items())}", "yellow"))
