"""What clients ask before any resource: the cloud's endpoints, and a managed identity's token.

The token is an unsigned JWT; nothing here checks one. It exists because clients read the tenant from it.
"""

import base64
import json

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError

#: Seconds that a token holds.
LIFETIME = 86400


def endpoints(call: Call) -> Answer:
    """The cloud's endpoints, all of them this server: one object, but a list in the api-versions that gave one.

    Suffixes are of a domain that resolves nowhere, so that no client strays to the real cloud's data planes.
    """
    cloud = {
        "name": "BackstopSimulator",
        "resourceManager": call.base,
        "microsoftGraphResourceId": call.base,
        "graphAudience": call.base,
        "authentication": {
            "loginEndpoint": call.base,
            "audiences": [call.base],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graph": call.base,
        "portal": call.base,
        "suffixes": {
            "storage": "storage.invalid",
            "keyVaultDns": "vault.invalid",
            "acrLoginServer": "registry.invalid",
            "sqlServerHostname": "sql.invalid",
        },
    }
    return Answer(200, [cloud] if "2019-05-01" <= call.query.get("api-version", "") < "2022-09-01" else cloud)


def access_token(call: Call, audience: str) -> tuple[str, int]:
    """A token for whoever asks, and the second (Unix time) at which it ends."""
    now, tenant = int(call.world.now().timestamp()), call.world.state.tenant
    claims = {"aud": audience, "tid": tenant, "iat": now, "exp": now + LIFETIME, "oid": tenant, "appid": tenant}
    # What stands for a signature is base64 too: clients decode it, though none here checks it.
    texts = [*(json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)), b"simulated"]
    encoded = [base64.urlsafe_b64encode(text).decode().rstrip("=") for text in texts]
    return ".".join(encoded), now + LIFETIME


def token(call: Call) -> Answer:
    """An access token, as a managed identity's endpoint gives it."""
    if call.headers.get("metadata", "").lower() != "true":
        raise AzureError(400, "InvalidRequest", "Required metadata header not specified")
    audience = call.query.get("resource", call.base)
    text, ends = access_token(call, audience)
    return Answer(
        200,
        {
            "access_token": text,
            "client_id": call.world.state.tenant,
            "expires_in": str(LIFETIME),
            "expires_on": str(ends),
            "resource": audience,
            "token_type": "Bearer",
        },
    )


ROUTES: list[Route] = [
    ("GET", "/metadata/endpoints", endpoints),
    ("GET", "/metadata/identity/oauth2/token", token),
]
