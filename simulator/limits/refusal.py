"""What a request is told that a limit keeps out: ARM's, compute's, Recovery Services' and the backup service's words.

Codes and sentences are those that public issues and documentation show; what they leave open is listed in
docs/simulator-differences.md. Nothing is counted here.
"""

import json
import math
from datetime import datetime, timedelta

from typing_extensions import override

from simulator.core.wire import Answer, AzureError, Json

COMPUTE = "The server rejected the request because too many requests have been received for this subscription."
ABSOLUTE = "Operation is blocked as you have reached the limit on number of operations permitted in 24 hours."
TIMEBOUND = (
    "The operation is blocked, as a security precaution, since multiple attempts were made beyond an internal limit."
)


class Throttled(AzureError):
    """429 with `Retry-After` in whole seconds, one at least."""

    def __init__(self, code: str, message: str, wait: timedelta, details: tuple[Json, ...] = ()) -> None:
        super().__init__(429, code, message, details)
        self.seconds = seconds(wait)

    @override
    def answer(self) -> Answer:
        """The error with its header."""
        plain = super().answer()
        return Answer(plain.status, plain.body, plain.headers | {"Retry-After": str(self.seconds)})


class Blocked(AzureError):
    """The backup service's own brake: what to do stands in `additionalInfo`, and no header says when."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(400, code, message)
        self.advice = advice

    @override
    def answer(self) -> Answer:
        """The error with the shape that azure-cli issue 32441 shows."""
        plain = super().answer()
        info = {
            "code": self.code,
            "message": self.message,
            "target": "",
            "details": None,
            "innerError": None,
            "recommendedAction": [self.advice],
        }
        error = plain.body["error"] | {"additionalInfo": [{"type": "UserFacingError", "info": info}]}
        return Answer(plain.status, {"error": error}, plain.headers)


def seconds(wait: timedelta) -> int:
    """A wait as a header tells it: never shorter than it is, and never none."""
    return max(math.ceil(wait / timedelta(seconds=1)), 1)


def by_arm(kind: str, scope: str, principal: str, wait: timedelta, *, tenant: bool, whole: bool) -> Throttled:
    """ARM's own. `whole`: the limit of the whole subscription was met, whoever asks.

    Code and sentence for a subscription: azure-metrics-exporter, apiops issue 612; for a tenant only the code is known.
    """
    of = f"{'tenant' if tenant else 'subscription'} '{scope}'" + ("" if whole else f" actor '{principal}'")
    message = (
        f"Number of '{kind}' requests for {of} exceeded. Please try again after '{seconds(wait)}' seconds after "
        "additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
    )
    return Throttled("TenantRequestsThrottled" if tenant else "SubscriptionRequestsThrottled", message, wait)


def by_compute(policy: str, allowed: int, wait: timedelta, now: datetime) -> Throttled:
    """Compute's: the policy that was met is in the details, JSON in a text (documentation; aks-engine issue 2295)."""
    met: Json = {
        "operationGroup": policy,
        "startTime": now.isoformat(),
        "endTime": (now + wait).isoformat(),
        "allowedRequestCount": allowed,
        "measuredRequestCount": allowed + 1,
    }
    detail = {"code": "TooManyRequests", "target": policy, "message": json.dumps(met)}
    return Throttled("OperationNotAllowed", COMPUTE, wait, (detail,))


def by_provider(action: str, limit: int, period: timedelta, wait: timedelta) -> Throttled:
    """The resource provider's, in ARM's words (azqr issue 34)."""
    message = (
        f"Number of requests for action '{action}' exceeded the limit of '{limit}' for time interval "
        f"'{_clock(period)}'. Please try again after '{seconds(wait)}' seconds."
    )
    return Throttled("ResourceRequestsThrottled", message, wait)


def _clock(period: timedelta) -> str:
    minutes, rest = divmod(int(period.total_seconds()), 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def for_a_day() -> Blocked:
    """What a vault is told that has had its operations of one day (documentation of the backup service's errors)."""
    return Blocked("CloudDosAbsoluteLimitReached", ABSOLUTE, "Please retry the operation after 24 hours.")


def for_hours() -> Blocked:
    """What somebody is told who asks for the same again and again; the code is spelt as the service spells it."""
    return Blocked("CloudDosTimeboudLimitReached", TIMEBOUND, "Please retry after few hours")
