"""The plan that was shown last, in a file of the estate's state folder; one for each scope that was planned for.

It is a help for the eye and decides nothing, so a file that cannot be read is told and then replaced.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from shared.adapters.local.store import store_name
from shared.domain.azure_answers import Scope
from shared.domain.policy_tools.plan_diff import Plan, Planned
from shared.errors import PermanentError

VERSION = 1


class LastPlan:
    """The file for one estate and scope."""

    def __init__(self, state: Path, endpoint: str, tenant: str, scope: Scope) -> None:
        parts = [
            "\n".join(sorted(each.lower() for each in ids)) for ids in (scope.subscriptions, scope.management_groups)
        ]
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
        self.path = state / store_name(endpoint, tenant) / f"plan-{digest}.json"

    def load(self) -> Plan | None:
        """The plan, or None where there is none yet. PermanentError where the file holds none."""
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            return _plan(data)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            what = f"the previous plan in {self.path} cannot be read ({type(error).__name__})"
            raise PermanentError(what, code="LAST_PLAN") from None

    def save(self, plan: Plan) -> None:
        """Keep this plan in place of the older one, as a whole. PermanentError where the folder cannot be written."""
        data = {
            "version": VERSION,
            "at": plan.at,
            "policy": {"name": plan.policy_name, "hash": plan.policy_hash},
            "vms": [{"vm": each.vm, "steps": list(each.steps)} for each in plan.vms.values()],
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(handle, "w", encoding="ascii") as stream:
                    json.dump(data, stream)
                Path(name).replace(self.path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            what = f"this plan could not be kept in {self.path}: {error.strerror}"
            raise PermanentError(what, code="LAST_PLAN") from None


def _plan(data: Any) -> Plan:
    if data["version"] != VERSION:
        raise ValueError("another version")
    planned = [Planned(_text(each["vm"]), tuple(dict(step) for step in each["steps"])) for each in data["vms"]]
    policy = data["policy"]
    return Plan(
        _text(data["at"]), _text(policy["name"]), _text(policy["hash"]), {each.vm.lower(): each for each in planned}
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
