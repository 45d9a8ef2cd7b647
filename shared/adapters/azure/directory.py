"""The one question to Microsoft Graph that access to key vaults needs: as whom a tenant knows an application.

Policies of key vaults and roles name a principal by its object id, which differs from tenant to tenant. A simulator
answers at its own address. A login without a right in the directory is refused, and then the answer is not known.
"""

import aiohttp
from azure.core.exceptions import ClientAuthenticationError

from shared.adapters.azure.arm_errors import clean
from shared.adapters.azure.connection import Connection
from shared.endpoint import is_loopback
from shared.errors import PermanentError, RetryLaterError

_GRAPH = "https://graph.microsoft.com"
_TIMEOUT = aiohttp.ClientTimeout(total=30)


async def object_id_of(connection: Connection, application_id: str) -> str:
    """The object id of the application's service principal; empty where the tenant has none.

    PermanentError where the login may not ask, RetryLaterError where the directory does not answer.
    """
    base = connection.endpoint if is_loopback(connection.endpoint) else _GRAPH
    wanted = {"$filter": f"appId eq '{application_id}'", "$select": "id"}
    try:
        token = await connection.bearer(f"{_GRAPH}/.default")
        headers = {"Accept-Encoding": "identity", "Authorization": f"Bearer {token or 'made-up'}"}
        request = connection.session.get(
            f"{base}/v1.0/servicePrincipals", params=wanted, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        )
        async with request as response:
            if response.status == 429 or response.status >= 500:
                raise RetryLaterError("the directory is busy", code=f"HTTP {response.status}")
            if response.status != 200:
                raise PermanentError(
                    "the directory does not tell this login who the backup service is",
                    code=f"HTTP {response.status}",
                    remedy="Give the login the right to read service principals (Application.Read.All).",
                )
            body = await response.json()
            return str(next((each["id"] for each in body["value"]), ""))
    except ClientAuthenticationError as error:
        raise PermanentError(f"no token for the directory: {clean(str(error))}", code="NoDirectoryToken") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PermanentError("the directory's answer is malformed", code="MalformedAnswer") from error
    except (aiohttp.ClientError, OSError) as error:
        raise RetryLaterError("the directory does not answer", code="NoAnswer") from error
