"""How Resource Graph says no: a general code and sentence, with what was wrong in the details.

The shape and the codes quoted here are from error messages in public issue threads (2020 to 2026). Only the shape and
the words are here; who refuses what is decided elsewhere.
"""

from datetime import datetime

from simulator.core.wire import AzureError, Json, stamp

INVALID = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error."


class Refusal(Exception):
    """A query that is not answered. `details` are pairs of code and message, the general one first."""

    def __init__(self, *details: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{code}: {message}" for code, message in details))
        self.details = details

    def error(self, now: datetime, correlation: str) -> AzureError:
        """The 400 that Azure answers with."""
        return AzureError(400, "BadRequest", support_text(now, correlation), details_json(self.details))


def invalid_query(code: str, message: str) -> Refusal:
    """A query that is wrong in itself."""
    return Refusal(("InvalidQuery", INVALID), (code, message))


def unsupported(message: str) -> Refusal:
    """A query that Azure may know how to answer and the simulator does not: refused by name, never guessed."""
    return Refusal(("UnsupportedBySimulator", message))


def support_text(now: datetime, correlation: str) -> str:
    """The sentence in front of the details."""
    return (
        f"Please provide below info when asking for support: timestamp = {stamp(now)}, correlationId = {correlation}."
    )


def details_json(details: tuple[tuple[str, str], ...]) -> list[Json]:
    """The details as they go out."""
    return [{"code": code, "message": message} for code, message in details]
