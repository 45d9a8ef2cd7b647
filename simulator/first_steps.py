"""What a person types next: shown on a terminal once the simulator answers, and nowhere else.

Words only. The page docs/azure-cli.md has the whole way; line one on standard output stays for machines.
"""

import shlex
from pathlib import Path

CLOUD = "BackstopSimulator"


def first_steps(base: str, cert: Path) -> str:
    """The lines with which the Azure CLI, in another terminal, speaks to this simulator and to nothing else."""
    trusted = shlex.quote(str(cert))
    return f"""
In another terminal, for the Azure CLI and every other client that reads these variables:

  export REQUESTS_CA_BUNDLE={trusted} SSL_CERT_FILE={trusted}
  export AZURE_POD_IDENTITY_AUTHORITY_HOST={base}
  export AZURE_CONFIG_DIR="$(mktemp -d)"        # keeps your own login and settings as they are
  az config set core.instance_discovery=false --only-show-errors
  az cloud register -n {CLOUD} --endpoint-resource-manager {base}
  az cloud set -n {CLOUD}
  az login --identity

Or for Backstop itself: ./backstop plan --policy FILE --endpoint {base}
docs/azure-cli.md goes on from there. Ctrl-C ends the simulator.
"""
