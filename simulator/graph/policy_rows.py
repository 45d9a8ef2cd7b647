"""Azure Policy in Resource Graph: table `policyresources` with assignments and definitions.

Columns and names of properties as public queries read them. An assignment to a management group, and a definition of
one, lie upon that group; built-in definitions are the tenant's, so that every query sees them. Pure.
"""

from simulator.authorization.policy_assignments import properties_of
from simulator.authorization.policy_builtin import BUILT_IN
from simulator.core.state import State
from simulator.core.surroundings import PolicyAssignment, PolicyDefinition
from simulator.core.wire import Json
from simulator.graph.groups import upon_key
from simulator.graph.schema import DYNAMIC, TEXT

TABLE = "policyresources"


def subscription_of(identity: str) -> str:
    """The subscription that an id lies in, lower-cased; empty for one of a management group's or of the tenant's."""
    parts = identity.split("/")
    return parts[2].lower() if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


def _row(state: State, identity: str, name: str, kind: str, properties: Json) -> Json:
    row: Json = dict.fromkeys(TEXT, "") | dict.fromkeys(DYNAMIC)
    parts, subscription = identity.split("/"), subscription_of(identity)
    low = [part.lower() for part in parts]
    row |= {"id": identity, "name": name, "type": f"microsoft.authorization/{kind}", "tenantId": state.tenant}
    row |= {"subscriptionId": subscription, "properties": properties, "scope": subscription}
    if subscription and low[3:4] == ["resourcegroups"]:
        row["resourceGroup"] = low[4]
    if "managementgroups" in low:
        row["scope"] = upon_key(parts[low.index("managementgroups") + 1])
    return row


def assignment(state: State, key: str) -> list[Json]:
    """The row of an assignment; none where it is gone."""
    found: PolicyAssignment | None = state.around.assignments.get(key)
    return [_row(state, found.id, found.name, "policyassignments", properties_of(found))] if found else []


def definition(state: State, key: str) -> list[Json]:
    """The row of a definition."""
    found: PolicyDefinition | None = state.around.definitions.get(key) or BUILT_IN.get(key)
    if found is None:
        return []
    properties = {
        "displayName": found.display_name,
        "policyType": found.kind,
        "mode": found.mode,
        "parameters": found.parameters,
        "policyRule": found.rule,
        "metadata": {},
    }
    return [_row(state, found.id, found.name, "policydefinitions", properties)]


def records(state: State, subscription: str) -> list[tuple[str, str]]:
    """(kind, key) of all that lies in a subscription; with an empty one all that lies in none."""
    found = [("assignment", key) for key in state.around.assignments if subscription_of(key) == subscription]
    known = [*state.around.definitions, *([] if subscription else BUILT_IN)]
    return found + [("definition", key) for key in known if subscription_of(key) == subscription]
