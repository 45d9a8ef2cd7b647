"""What the app answers over HTTP: its health, and the latest report.

Health is open to everybody. So it says what is wrong by a code only; the sentence with its names is in the log.
"""

import json
from dataclasses import dataclass

from handlers.opening import opened
from shared.errors import BackstopError
from shared.reporting.reporter import CSV, HTML, JSON

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_FORMATS = {
    "html": (HTML, "text/html"),
    "csv": (CSV, "text/csv"),
    "json": (JSON, "application/json"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; the body is UTF-8."""

    status: int
    body: bytes
    mimetype: str = "text/plain"


async def health() -> Answer:
    """200 with the policy's name, mode and hash, and whether writing is permitted and paused; 503 with a code.

    `policyProblem` tells that the policy in its place is not the one in force, by code, place and time alone.
    """
    try:
        async with opened("health") as backstop:
            policy = (await backstop.policies.newest()).policy
            problem = backstop.policies.problem
            return _json(
                200,
                {
                    "status": "ok",
                    "policy": {"name": policy.metadata.name, "mode": policy.spec.mode.value, "hash": policy.hash},
                    "mayWrite": backstop.reconciler.may_write,
                    "paused": policy.spec.paused or bool(await backstop.pause.paused()),
                    "policyProblem": problem
                    and {"code": problem.code, "place": problem.place, "since": problem.since.isoformat()},
                },
            )
    except BackstopError as error:
        return _json(503, {"status": "unusable", "code": error.code or type(error).__name__})


async def latest_report(form: str) -> Answer:
    """The kept report in one of its forms; 400 for another form, 404 before the first report, 503 with a code."""
    if form not in _FORMATS:
        return Answer(400, f"format must be one of {', '.join(_FORMATS)}\n".encode())
    name, mimetype = _FORMATS[form]
    try:
        async with opened("latest_report") as backstop:
            content = await backstop.findings.load_report(name)
    except BackstopError as error:
        return _json(503, {"status": "unusable", "code": error.code or type(error).__name__})
    if content is None:
        return Answer(404, b"there is no report yet: the first one is made on the report's schedule\n")
    return Answer(200, content, mimetype)


def _json(status: int, data: dict[str, object]) -> Answer:
    return Answer(status, json.dumps(data).encode() + b"\n", "application/json")
