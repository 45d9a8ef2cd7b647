"""Who sent a request, as events tell it: the claims of the bearer token under their long names.

Events show the claims that the token holds, never the token. Checks no signature. A token that is no JWT belongs to
a caller of its own all the same: the same token always has the same ids.
"""

import base64
import binascii
import json
import uuid

from simulator.core.routing import Call
from simulator.core.wire import Json
from simulator.events.event import Caller

MICROSOFT = "http://schemas.microsoft.com/identity/claims"
XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
#: Token claims that events name otherwise (documentation of Azure subscriptions as source, and activity logs).
NAMES = {
    "acr": "http://schemas.microsoft.com/claims/authnclassreference",
    "amr": "http://schemas.microsoft.com/claims/authnmethodsreferences",
    "family_name": f"{XMLSOAP}/surname",
    "given_name": f"{XMLSOAP}/givenname",
    "idp": f"{MICROSOFT}/identityprovider",
    "oid": f"{MICROSOFT}/objectidentifier",
    "scp": f"{MICROSOFT}/scope",
    "sub": f"{XMLSOAP}/nameidentifier",
    "tid": f"{MICROSOFT}/tenantid",
    "unique_name": f"{XMLSOAP}/name",
    "upn": f"{XMLSOAP}/upn",
}
#: The estate's people, whoever they are, act under one account of their own.
PEOPLE = {"name": "Estate Owner", "upn": "owner@contoso.example", "scp": "user_impersonation"}


def caller_of(call: Call) -> Caller:
    """The caller of this request."""
    tenant = call.world.state.tenant
    token = call.headers.get("authorization", "").partition(" ")[2].strip()
    held = _claims(token)
    if held is None:
        person = call.headers.get("x-sim-actor") == "estate"
        held = {
            "aud": "https://management.core.windows.net/",
            "iss": f"https://sts.windows.net/{tenant}/",
            "appid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"appid:{token}")),
            "oid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"oid:{token}")),
            "tid": tenant,
            "ver": "1.0",
        } | (PEOPLE if person else {})
    claims = {NAMES.get(name, name): _text(value) for name, value in held.items()}
    evidence: Json = {
        "role": "Contributor",
        "roleAssignmentScope": "/".join(call.path.split("/")[:3]),
        "principalType": "User" if "upn" in held or "scp" in held else "ServicePrincipal",
    }
    if "oid" in held:
        evidence["principalId"] = str(held["oid"]).replace("-", "")
    return Caller(
        claims=claims,
        evidence=evidence,
        client_request=call.headers.get("x-ms-client-request-id") or str(uuid.uuid4()),
        address=str(held.get("ipaddr", "203.0.113.7")),
        api_version=call.query.get("api-version", "2026-04-01"),
    )


def _claims(token: str) -> Json | None:
    """What a JWT holds; None where the token is none."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        read = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return None
    return read if isinstance(read, dict) else None


def _text(value: object) -> str:
    """Events have every claim as a string; lists joined by commas, as the documented `rsa,mfa`."""
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value)
