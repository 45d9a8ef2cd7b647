"""The login endpoint, as far as clients ask it without a browser: its own description, and client credentials.

`az login --service-principal` and `az logout` come here (MSAL, with instance discovery off). Any secret will do, as
every token does; there are no users to log in, and nothing that a browser could be sent to.
"""

from urllib.parse import parse_qs

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, Json
from simulator.resources.metadata import LIFETIME, access_token

AUTHORITY = "/{authority}"


def describe(call: Call) -> Answer:
    """What OpenID Connect Discovery 1.0 asks for; the authority is a tenant's id or one of Entra's common names."""
    tenant = call.world.state.tenant
    here = f"{call.base}/{call.params['authority']}"
    return Answer(
        200,
        {
            "issuer": f"{call.base}/{tenant}/v2.0",
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "token_endpoint": f"{here}/oauth2/v2.0/token",
            "jwks_uri": f"{here}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        },
    )


def token(call: Call) -> Answer:
    """A token for client credentials; any other grant is refused. Errors have OAuth's shape (RFC 6749, 5.2)."""
    form = {name: values[0] for name, values in parse_qs(call.raw.decode("utf-8", "replace")).items()}
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "The simulator has client credentials only: no users, no browser.")
    if not form.get("client_id") or not (form.get("client_secret") or form.get("client_assertion")):
        return _refused("invalid_client", "client_id and client_secret are missing.")
    audience = form.get("scope", call.base).removesuffix(".default").removesuffix("/")
    text, _ = access_token(call, audience or call.base)
    return Answer(200, {"token_type": "Bearer", "expires_in": LIFETIME, "access_token": text})


def _refused(error: str, description: str) -> Answer:
    body: Json = {"error": error, "error_description": description}
    return Answer(401 if error == "invalid_client" else 400, body)


ROUTES: list[Route] = [
    ("GET", f"{AUTHORITY}/v2.0/.well-known/openid-configuration", describe),
    ("POST", f"{AUTHORITY}/oauth2/v2.0/token", token),
]
