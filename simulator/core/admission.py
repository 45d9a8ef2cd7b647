"""What Azure asks of every request before it looks at the resource: a token, and an api-version that can be one.

Any version of Azure's form and time is taken, whatever the resource: clients of a dozen years must be served.
"""

import re
from datetime import date

from simulator.core.routing import Call, resource_type
from simulator.core.wire import AzureError

VERSION = re.compile(r"(\d{4})-(\d\d)-(\d\d)(-[A-Za-z][A-Za-z0-9.]*)?", re.ASCII)
#: The years of api-versions that clients were seen to ask for, with one to come.
YEARS = range(2014, 2028)


def admit(call: Call) -> None:
    """Raises AzureError 401 without a bearer token, 400 without an api-version or with one that is none."""
    path = call.path.lower()
    if path.startswith(("/metadata/", "/eventsubscriptions/")):  # asked by machines and webhooks
        return
    if path.endswith(("/v2.0/.well-known/openid-configuration", "/oauth2/v2.0/token")):  # asked for a token
        return
    if not call.headers.get("authorization", "").lower().startswith("bearer "):
        message = "Authentication failed. The 'Authorization' header is missing."
        raise AzureError(401, "AuthenticationFailed", message)
    if path.startswith("/v1.0/"):  # Microsoft Graph, whose version is in its path
        return
    version = call.query.get("api-version")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise AzureError(400, "MissingApiVersionParameter", message)
    written = VERSION.fullmatch(version)
    if written is None or not _is_date(written):
        message = (
            f"The api-version '{version[:100]}' is invalid: it must be of the form YYYY-MM-DD or YYYY-MM-DD-preview."
        )
        raise AzureError(400, "InvalidApiVersionParameter", message)
    if int(written[1]) not in YEARS:
        _, kind = resource_type(call.path)
        message = f"No registered resource provider found for API version '{version}' for type '{kind}'."
        raise AzureError(400, "NoRegisteredProviderFound", message)


def _is_date(written: re.Match[str]) -> bool:
    try:
        date(int(written[1]), int(written[2]), int(written[3]))
    except ValueError:
        return False
    return True
