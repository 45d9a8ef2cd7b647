"""Assignments of Azure Policy (`Microsoft.Authorization/policyAssignments`): kept, listed, shown by Resource Graph.

They are enforced on what the backup service makes for a VM (`simulator/backup/snapshots.py`) and on nothing else.
Shapes are those of the REST documentation (2022-06-01).
"""

from simulator.authorization.extensions import Extension, by_scope
from simulator.core.reading import a_text, an_object, texts
from simulator.core.routing import Call, Route
from simulator.core.state import State
from simulator.core.surroundings import PolicyAssignment
from simulator.core.wire import AzureError, Json


def properties_of(assignment: PolicyAssignment) -> Json:
    """`properties`, the same in ARM and in Resource Graph."""
    return {
        "displayName": assignment.display_name or assignment.name,
        "policyDefinitionId": assignment.definition,
        "scope": assignment.scope,
        "notScopes": assignment.not_scopes,
        "parameters": assignment.parameters,
        "enforcementMode": assignment.enforcement,
        "metadata": {},
    }


def _body(_state: State, assignment: PolicyAssignment) -> Json:
    return {
        "id": assignment.id,
        "name": assignment.name,
        "type": "Microsoft.Authorization/policyAssignments",
        "properties": properties_of(assignment),
    }


def _read(call: Call, identity: str, name: str, scope: str) -> PolicyAssignment:
    given = call.properties
    definition = a_text(given, "policyDefinitionId")
    if not definition:
        message = "The request content was invalid: properties.policyDefinitionId is required."
        raise AzureError(400, "InvalidPolicyAssignment", message)
    mode = a_text(given, "enforcementMode") or "Default"
    return PolicyAssignment(
        id=identity,
        name=name,
        scope=scope,
        definition=definition,
        display_name=a_text(given, "displayName"),
        parameters=an_object(given, "parameters"),
        not_scopes=texts(given, "notScopes"),
        enforcement="DoNotEnforce" if mode.lower() == "donotenforce" else "Default",
    )


def _changed(call: Call, assignment: PolicyAssignment) -> None:
    call.world.state.touch("assignment", assignment.id, call.world.now())


_ASSIGNMENTS = Extension(
    noun="policyAssignments",
    missing="PolicyAssignmentNotFound",
    table=lambda state: state.around.assignments,
    body=_body,
    read=_read,
    chosen=by_scope,
    changed=_changed,
)
ROUTES: list[Route] = _ASSIGNMENTS.routes()
