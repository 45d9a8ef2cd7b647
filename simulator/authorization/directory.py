"""The one question to Microsoft Graph that access to key vaults needs: an application's object id in this tenant.

Access policies and role assignments name a principal by that id, which differs from tenant to tenant; no address of
ARM's tells it. Only the backup service is known here.
"""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, parse_filter
from simulator.keyvault.access import BACKUP_APPLICATION, backup_principal

NAME = "Backup Management Service"


def service_principals(call: Call) -> Answer:
    """`$filter=appId eq '…'` or `displayName eq '…'`. Raises AzureError 400 on any other filter, and without one."""
    asked = parse_filter(call.query.get("$filter", ""))
    if not asked or asked.keys() - {"appid", "displayname"}:
        raise AzureError(400, "Request_UnsupportedQuery", "The simulator finds service principals by appId or name.")
    known = {"appid": BACKUP_APPLICATION, "displayname": NAME.lower()}
    here = all(known[name] == value.lower() for name, value in asked.items())
    principal = {
        "id": backup_principal(call.world.state.tenant),
        "appId": BACKUP_APPLICATION,
        "displayName": NAME,
        "servicePrincipalType": "Application",
    }
    return Answer(200, {"value": [principal] if here else []})


ROUTES: list[Route] = [("GET", "/v1.0/servicePrincipals", service_principals)]
