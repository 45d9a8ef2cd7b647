"""Bad weather by name, and a file of rules: what `--faults` takes.

A profile names each share of all requests. Rules are asked one after the other, so each one's rate is that of the
requests which those before it have left.
"""

import json
from pathlib import Path
from typing import Any

from simulator.core.wire import Json

#: Share of all requests: reset after the request has taken effect, 5xx, 429.
SHARES = {"light": (0.005, 0.01, 0.05), "heavy": (0.02, 0.05, 0.20)}
NAMES = ("none", *SHARES)
#: What Azure asks to wait, mostly little; sometimes it does not say, or says it as a date.
RETRY_AFTER = [5, 11, 17, 30, 60, 372, "date:25", "date:90", "absent", "malformed"]
#: Each event this often, and so many virtual seconds after its write: far enough apart to come in any order.
EVENTS = {
    "light": {"duplicates": 0.3, "copies": 2, "delaySeconds": [1, 60]},
    "heavy": {"duplicates": 1.0, "copies": 3, "delaySeconds": [1, 240]},
}


def profile(name: str) -> Json:
    """`{"rules", "events"}` of a profile. KeyError for a name that is none."""
    if name == "none":
        return {"rules": [], "events": {}}
    resets, errors, throttled = SHARES[name]
    rules: list[Json] = [
        {"fault": "reset", "when": "after", "rate": resets},
        {"fault": "error", "status": [500, 502, 503, 504], "retryAfter": ["absent", 7], "rate": errors / (1 - resets)},
        {"fault": "throttle", "retryAfter": RETRY_AFTER, "rate": throttled / (1 - resets - errors)},
    ]
    return {"rules": rules, "events": EVENTS[name]}


def load(named: str) -> Json:
    """A profile, or a JSON file that holds a list of rules or such an object. ValueError with the reason."""
    if named in NAMES:
        return profile(named)
    try:
        content: Any = json.loads(Path(named).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{named} is neither a profile ({', '.join(NAMES)}) nor a file: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{named} is no JSON: {error}") from None
    return content if isinstance(content, dict) else {"rules": content}
