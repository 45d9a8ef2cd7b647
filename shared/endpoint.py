"""Which ARM endpoints Backstop talks to: Azure's public one, and one on this machine. Nothing else.

That is what keeps a person's token from going astray: it is only ever sent to Azure, and a machine's own address only
ever gets a made-up one.
"""

import ipaddress
from urllib.parse import urlsplit

from shared.errors import SettingsError

PUBLIC_ARM = "https://management.azure.com"


def normalise_endpoint(text: str) -> str:
    """Scheme, host and port of an allowed endpoint, without a trailing slash. SettingsError for any other."""
    refused = SettingsError(
        f"the endpoint {text[:200]!r} is not allowed",
        code="EndpointNotAllowed",
        remedy=f"Use {PUBLIC_ARM}, or http://127.0.0.1:PORT for a simulator on this machine.",
    )
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise refused from None
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise refused
    host = parts.hostname or ""
    if parts.scheme == "https" and host == "management.azure.com" and port in (None, 443):
        return PUBLIC_ARM
    if parts.scheme not in ("http", "https") or not _is_loopback_host(host):
        raise refused
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def is_loopback(endpoint: str) -> bool:
    """Whether a URL leads to this machine."""
    return _is_loopback_host(urlsplit(endpoint).hostname or "")


def _is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(url: str, endpoint: str) -> bool:
    """Whether a URL that an answer gave leads to the very endpoint that gave it."""
    return _origin(url) is not None and _origin(url) == _origin(endpoint)


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    if port is None or not parts.hostname or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port
