"""Answers that Azure gives when it is busy or broken: 429 and 5xx, with every kind of Retry-After. Pure.

A gateway's 502 is an HTML page: the one place where Azure's front answers no JSON.
"""

import random
from datetime import datetime, timedelta
from email.utils import format_datetime

from simulator.core.wire import Answer, AzureError
from simulator.faults.kinds import ServerError, Throttle
from simulator.faults.rule import RetryAfters

CODES = {500: "InternalServerError", 503: "ServerBusy", 504: "GatewayTimeout"}
MESSAGES = {
    500: "Encountered an internal server error.",
    503: "The server is busy. Please try again later.",
    504: "The gateway did not receive a response from 'Microsoft.RecoveryServices' within the specified time period.",
}
GATEWAY_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
)


def throttled(rule: Throttle, rng: random.Random, now: datetime) -> Answer:
    """429 in ARM's shape."""
    message = "The request was throttled: the number of requests exceeded the limit. Please try again later."
    answer = AzureError(429, rule.code, message).answer()
    return Answer(answer.status, answer.body, answer.headers | retry_after(rule.retry_after, rng, now))


def failed(rule: ServerError, rng: random.Random, now: datetime) -> Answer:
    """A 5xx; the body of a 502 is GATEWAY_PAGE as text, and not JSON."""
    status = rng.choice(rule.status)
    headers = retry_after(rule.retry_after, rng, now)
    if status == 502:
        return Answer(502, GATEWAY_PAGE, headers)
    message = MESSAGES.get(status, "The service is temporarily unavailable.")
    answer = AzureError(status, CODES.get(status, "ServiceUnavailable"), message).answer()
    return Answer(status, answer.body, answer.headers | headers)


def retry_after(choices: RetryAfters, rng: random.Random, now: datetime) -> dict[str, str]:
    """The header, one of the choices; `now` is the moment that the answer's own `Date` will tell."""
    chosen = rng.choice(choices)
    if chosen == "absent":
        return {}
    if chosen == "malformed":
        return {"Retry-After": "soon"}
    if isinstance(chosen, str):
        moment = now.replace(microsecond=0) + timedelta(seconds=int(chosen.removeprefix("date:")))
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"Retry-After": f"{chosen:g}" if chosen < 10**6 else str(int(chosen))}
