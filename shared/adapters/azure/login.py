"""The login to Azure: the app's own identity inside Azure, whatever `az login` and the environment give elsewhere.

Importing azure.identity takes 0.2 s, so it is imported only when a login is really needed.
"""

import logging
import os

from azure.core.credentials_async import AsyncTokenCredential


def azure_login() -> AsyncTokenCredential:
    """A credential to be closed by whoever asked for it. No token is fetched yet."""
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415 -- see above

    # It logs forty lines of advice when nobody is logged in; the LoginError says the one that counts.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    if "IDENTITY_ENDPOINT" in os.environ:  # inside Azure: its identity and no other way of logging in
        return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))
    return DefaultAzureCredential()
