"""The options that most verbs share, laid over the `BACKSTOP_*` settings: an option wins."""

import os
from dataclasses import dataclass
from pathlib import Path

from shared.errors import SettingsError
from shared.settings import Settings, from_environment

# Wherever the person stands, so that two runs never forget each other; git ignores it.
STATE = Path(__file__).resolve().parents[1] / ".backstop"


@dataclass(frozen=True, slots=True)
class Options:
    """As given on the command line; an empty text means: as the environment says."""

    policy: str = ""
    scope: tuple[str, ...] = ()
    endpoint: str = ""
    state: str = ""
    as_json: bool = False
    prices: str = ""

    def settings(self, *, enforce: bool = False) -> Settings:
        """The settings for one run. `enforce` comes from the command line only: a laptop writes when told to."""
        environment = {"BACKSTOP_STATE": str(STATE), **os.environ}
        given = {
            "POLICY": self.policy,
            "SCOPE": ",".join(self.scope),
            "ENDPOINT": self.endpoint,
            "STATE": self.state,
            "PRICES": self.prices,
        }
        environment |= {f"BACKSTOP_{key}": value for key, value in given.items() if value}
        if self.policy:
            environment["BACKSTOP_POLICY_DIR"] = ""
        environment["BACKSTOP_ENFORCE"] = "true" if enforce else "false"
        settings = from_environment(environment)
        if settings.in_azure:
            raise SettingsError("the command line does not run inside Azure Functions", code="IN_AZURE")
        return settings
