"""Everything that the simulated Azure answers: one line for each module that has routes."""

from itertools import chain

from simulator.authorization import directory, locks, policy_assignments, role_assignments
from simulator.backup import (
    backups,
    cancellation,
    discovery,
    items,
    operations,
    policies,
    policy_changes,
    protection,
    recovery_points,
    restores,
    status,
    usages,
    vault_creation,
    vault_deletion,
    vault_settings,
    vaults,
)
from simulator.core.routing import Route
from simulator.events import api as event_grid
from simulator.graph import api as resource_graph
from simulator.keyvault import vaults as key_vaults
from simulator.resources import classic, inventory, login, machines, metadata, network, subscriptions, tags

SERVICES = (
    backups,
    cancellation,
    classic,
    directory,
    discovery,
    event_grid,
    inventory,
    items,
    key_vaults,
    locks,
    login,
    machines,
    metadata,
    network,
    operations,
    policies,
    policy_assignments,
    policy_changes,
    protection,
    recovery_points,
    resource_graph,
    restores,
    role_assignments,
    status,
    subscriptions,
    tags,
    usages,
    vault_creation,
    vault_deletion,
    vault_settings,
    vaults,
)


def all_routes() -> list[Route]:
    """The routes of all services."""
    return list(chain.from_iterable(service.ROUTES for service in SERVICES))
