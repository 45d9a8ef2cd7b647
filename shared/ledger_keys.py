"""Under which keys the ledger keeps what: one place, so that no two things ever share a key.

Keys of VMs and vaults are lower-cased ids.
"""

VAULT_PREFIX = "vault|"
REFUSED_PREFIX = "refused|"


def protect_key(vm_key: str) -> str:
    """The ledger's key for a VM's protect PUT."""
    return f"protect|{vm_key}"


def undelete_key(vm_key: str) -> str:
    """The ledger's key for the PUT that undeletes a VM's item; it stays until the item is active again."""
    return f"undelete|{vm_key}"


def under_key(vm_key: str) -> str:
    """The ledger's key for the PUT that resumes a VM's item or changes its backup policy."""
    return f"under|{vm_key}"


def discover_key(vm_key: str) -> str:
    """The ledger's key for the discovery that a refused protect asked for."""
    return f"discover|{vm_key}"


def search_key(vault_id: str) -> str:
    """The ledger's key for the latest discovery of a vault."""
    return f"search|{vault_id.lower()}"


def backup_key(vm_key: str) -> str:
    """The ledger's key for a VM's on-demand backup POST."""
    return f"backup|{vm_key}"


def spread_key(vm_key: str) -> str:
    """The ledger's key for the moment to which a VM's first backup is put off."""
    return f"spread|{vm_key}"


def left_key(vm_key: str) -> str:
    """The ledger's key for the moment until which a VM's first backup is left to a scheduled one."""
    return f"left|{vm_key}"


def vault_key(vault_id: str) -> str:
    """The ledger's key for a vault that Backstop makes."""
    return f"{VAULT_PREFIX}{vault_id.lower()}"


def refused_key(vault_id: str) -> str:
    """The ledger's key for when Azure refused to make a vault: all VMs that want it would ask the same again."""
    return f"{REFUSED_PREFIX}{vault_id.lower()}"


def policy_key(vault_id: str, name: str) -> str:
    """The ledger's key for a change of a backup policy that Azure takes over to its items."""
    return f"policy|{vault_id.lower()}|{name.lower()}"


def failing_key(key: str) -> str:
    """The ledger's key for when an operation began to fail for a passing reason."""
    return f"failing|{key}"
