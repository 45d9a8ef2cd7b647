"""How long the function app takes to import, and how much memory it takes, in fresh processes."""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 5
_PROBE = """
import json, sys, time
def memory():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
start = time.perf_counter()
import function_app
print(json.dumps({"ms": (time.perf_counter() - start) * 1000, "mib": memory(),
                  "sdk": sorted(name for name in sys.modules if name.startswith(("azure.mgmt", "azure.storage")))}))
"""


@dataclass(frozen=True, slots=True)
class ColdStart:
    """Medians of `RUNS` fresh processes: milliseconds of `import function_app`, MiB resident after it."""

    milliseconds: float
    mebibytes: float
    python: str


def measure() -> ColdStart:
    """Import the app in fresh processes, after one that warms the file cache. Needs Linux, for the memory."""
    results = [_once() for _ in range(RUNS + 1)][1:]
    return ColdStart(
        statistics.median(each["ms"] for each in results),
        statistics.median(each["mib"] for each in results),
        ".".join(str(part) for part in sys.version_info[:3]),
    )


def _once() -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", _PROBE], cwd=ROOT, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result
