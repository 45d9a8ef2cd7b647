"""Tenants, subscriptions, locations and resource groups."""

from simulator.core.model import ResourceGroup, Subscription
from simulator.core.reading import a_location, a_text, tags
from simulator.core.routing import Call, Route
from simulator.core.state import group_id
from simulator.core.wire import Answer, AzureError, page
from simulator.estate.catalog import BARE_REGION, REGIONS
from simulator.resources.filters import clauses, is_tagged
from simulator.resources.render import group_body, subscription_body

PAGE = 1000


def find_subscription(call: Call) -> Subscription:
    """The subscription in the path. Raises AzureError 404 as Azure words it."""
    wanted = call.params["subscription"].lower()
    found = call.world.state.subscriptions.get(wanted)
    if found is None:
        raise AzureError(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")
    return found


def find_group(call: Call) -> ResourceGroup:
    """The resource group in the path. Raises AzureError 404 as Azure words it."""
    subscription, name = find_subscription(call), call.params["group"]
    group = call.world.state.group(subscription.id, name)
    if group is None:
        raise AzureError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return group


def not_found(resource: str, group: str) -> AzureError:
    """ARM's 404 for a resource in a group that exists (recorded traffic, 2026)."""
    message = f"The Resource '{resource}' under resource group '{group}' was not found."
    return AzureError(404, "ResourceNotFound", message)


def list_tenants(call: Call) -> Answer:
    """The one tenant."""
    tenant = call.world.state.tenant
    row = {"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "Contoso", "tenantCategory": "Home"}
    return Answer(200, {"value": [row]})


def list_subscriptions(call: Call) -> Answer:
    """All subscriptions."""
    state = call.world.state
    rows = [subscription_body(s, state.tenant) for s in state.subscriptions.values()]
    return Answer(200, page(rows, call.query, call.url, PAGE) | {"count": {"type": "Total", "value": len(rows)}})


def get_subscription(call: Call) -> Answer:
    """One subscription."""
    return Answer(200, subscription_body(find_subscription(call), call.world.state.tenant))


def list_locations(call: Call) -> Answer:
    """The generated estate's regions, and those that the subscription's machines and vaults lie in."""
    subscription, state = find_subscription(call).id, call.world.state
    base = f"/subscriptions/{subscription}/locations"
    used = {vm.location for vm in state.vms.of(subscription)}
    used |= {vault.location for vault in state.vaults.of(subscription)}
    names = dict.fromkeys((*REGIONS, BARE_REGION, *sorted(used)))
    rows = [{"id": f"{base}/{name}", "name": name, "displayName": name} for name in names]
    return Answer(200, {"value": rows})


def list_groups(call: Call) -> Answer:
    """All resource groups of the subscription; `$filter` takes tagName and tagValue."""
    wanted, filtering = find_subscription(call).id, clauses(call.query.get("$filter", ""), {"tagname", "tagvalue"})
    rows = [group_body(g) for g in call.world.state.groups.of(wanted) if is_tagged(g.tags, filtering)]
    return Answer(200, page(rows, call.query, call.url, PAGE))


def get_group(call: Call) -> Answer:
    """One resource group."""
    return Answer(200, group_body(find_group(call)))


def put_group(call: Call) -> Answer:
    """Create (201) or update (200). `managedBy` is fixed at creation, as in Azure."""
    subscription, name, body = find_subscription(call), call.params["group"], call.body
    location, given = a_location(body), tags(body)
    state = call.world.state
    group, status = state.group(subscription.id, name), 200
    if group is None:
        made = ResourceGroup(group_id(subscription.id, name), name, subscription.id, location)
        made.managed_by = a_text(body, "managedBy") or None
        group, status = state.add_group(made), 201
    group.tags = given or {}
    state.touch("group", group.id, call.world.now())
    return Answer(status, group_body(group))


ROUTES: list[Route] = [
    ("GET", "/tenants", list_tenants),
    ("GET", "/subscriptions", list_subscriptions),
    ("GET", "/subscriptions/{subscription}", get_subscription),
    ("GET", "/subscriptions/{subscription}/locations", list_locations),
    ("GET", "/subscriptions/{subscription}/resourceGroups", list_groups),
    ("GET", "/subscriptions/{subscription}/resourceGroups/{group}", get_group),
    ("PUT", "/subscriptions/{subscription}/resourceGroups/{group}", put_group),
]
