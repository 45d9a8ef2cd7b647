"""Role assignments (`Microsoft.Authorization/roleAssignments`): who may do what, kept and listed, enforced by nobody.

Only what the backup service may read of key vaults follows from them (`simulator/keyvault/access.py`). Shapes are those
of the REST documentation (2022-04-01).
"""

import re

from simulator.authorization.extensions import Extension, by_scope, untold
from simulator.core.reading import a_text
from simulator.core.routing import Call, Route
from simulator.core.state import State
from simulator.core.surroundings import RoleAssignment
from simulator.core.wire import AzureError, Json

_OF_PRINCIPAL = re.compile(r"(?:principalId eq '([^']+)'|assignedTo\('([^']+)'\))", re.IGNORECASE)


def _body(_state: State, role: RoleAssignment) -> Json:
    return {
        "id": role.id,
        "name": role.name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": role.role,
            "principalId": role.principal,
            "principalType": role.principal_type,
            "scope": role.scope,
        },
    }


def _read(call: Call, identity: str, name: str, scope: str) -> RoleAssignment:
    role, principal = a_text(call.properties, "roleDefinitionId"), a_text(call.properties, "principalId")
    if not role or not principal:
        message = "properties.roleDefinitionId and properties.principalId are required."
        raise AzureError(400, "InvalidCreateRoleAssignmentRequest", message)
    kind = a_text(call.properties, "principalType") or "ServicePrincipal"
    return RoleAssignment(identity, name, scope, role, principal, kind)


def _chosen(text: str, state: State, scope: str, found: list[RoleAssignment]) -> list[RoleAssignment]:
    """By scope, or by principal (`principalId eq '…'`, `assignedTo('…')`; no group is looked into), or by both."""
    one, _, rest = text.partition(" and ")
    asked = _OF_PRINCIPAL.fullmatch(one.strip())
    if asked is None:
        return by_scope(text, state, scope, found)
    principal = (asked[1] or asked[2]).lower()
    return by_scope(rest, state, scope, [each for each in found if each.principal.lower() == principal])


_ROLES = Extension(
    noun="roleAssignments",
    missing="RoleAssignmentNotFound",
    table=lambda state: state.around.roles,
    body=_body,
    read=_read,
    chosen=_chosen,
    changed=untold,
)
ROUTES: list[Route] = _ROLES.routes()
