"""What Azure's first answer to a write says in its headers: where the operation is followed, and when.

The body of a 202 is empty, and the SDK hands the headers to a hook only.
"""

from collections.abc import Mapping
from typing import Any

from azure.core.pipeline import PipelineResponse

from shared.adapters.azure.arm_errors import retry_after
from shared.domain.azure_answers import Accepted


class FirstAnswer:
    """Use as `raw_response_hook` of one call, then ask `accepted`."""

    def __init__(self) -> None:
        self._headers: Mapping[str, str] = {}

    def __call__(self, response: PipelineResponse[Any, Any]) -> None:
        self._headers = response.http_response.headers

    def accepted(self) -> Accepted:
        """The URL is empty where Azure gave none, as with a 200 that ends at once."""
        url = self._headers.get("Azure-AsyncOperation") or self._headers.get("Location") or ""
        return Accepted(url, retry_after(self._headers))
