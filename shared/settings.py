"""Every setting, read once from the environment into a frozen value; a bad one is named together with its remedy.

`local.settings.sample.json` lists them with safe defaults. Reading is strict: a mistyped value never falls back to a
default, because the default might write where the person meant not to.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.domain.arm_id import is_subscription_id
from shared.domain.azure_answers import Scope
from shared.endpoint import PUBLIC_ARM, is_loopback, normalise_endpoint
from shared.errors import SettingsError

_QUEUE = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")
_MANAGEMENT_GROUP = re.compile(r"[\w.()-]{1,90}")
_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no", ""}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the composition root needs to know. `enforce` permits writing; the policy's mode must permit it too."""

    endpoint: str = PUBLIC_ARM
    state_dir: Path = Path(".backstop")
    policy_file: str = ""
    policy_dir: str = ""  # a folder that is asked for its `policy.yaml` again and again; not together with the file
    prices_file: str = ""  # what Azure Backup costs; without it nothing is estimated
    scope: Scope = field(default_factory=Scope)
    enforce: bool = False
    events_queue: str = "vm-events"
    reconcile_queue: str = "reconcile"
    sweep_schedule: str = "0 0 */4 * * *"
    report_schedule: str = "0 0 6 * * *"
    health_route: str = "health"
    report_route: str = "report"
    topic_endpoint: str = ""
    topic_key: str = field(default="", repr=False)
    in_azure: bool = False

    @property
    def on_loopback(self) -> bool:
        """Whether the endpoint is a server on this machine, to which no real token is ever sent."""
        return is_loopback(self.endpoint)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings in `BACKSTOP_*`; SettingsError names the key that cannot be used."""
    defaults = Settings()

    def text(key: str, default: str) -> str:
        return environment.get(f"BACKSTOP_{key}", "").strip() or default

    events = _queue("BACKSTOP_EVENTS_QUEUE", text("EVENTS_QUEUE", defaults.events_queue))
    reconcile = _queue("BACKSTOP_RECONCILE_QUEUE", text("RECONCILE_QUEUE", defaults.reconcile_queue))
    if events == reconcile:
        remedy = "Give each queue a name of its own"
        raise SettingsError(f"events and requests would share the queue {events!r}", code="QUEUES", remedy=remedy)
    policy_file, policy_dir = text("POLICY", ""), text("POLICY_DIR", "")
    if policy_file and policy_dir:
        remedy = "Clear BACKSTOP_POLICY or BACKSTOP_POLICY_DIR"
        raise SettingsError("the policy is given twice, as a file and as a folder", code="POLICY", remedy=remedy)
    return Settings(
        endpoint=normalise_endpoint(text("ENDPOINT", PUBLIC_ARM)),
        state_dir=Path(text("STATE", str(defaults.state_dir))),
        policy_file=policy_file,
        policy_dir=policy_dir,
        prices_file=text("PRICES", ""),
        scope=parse_scope(text("SCOPE", "").split(",")),
        enforce=_boolean("BACKSTOP_ENFORCE", text("ENFORCE", "false")),
        events_queue=events,
        reconcile_queue=reconcile,
        sweep_schedule=_schedule("BACKSTOP_SWEEP_SCHEDULE", text("SWEEP_SCHEDULE", defaults.sweep_schedule)),
        report_schedule=_schedule("BACKSTOP_REPORT_SCHEDULE", text("REPORT_SCHEDULE", defaults.report_schedule)),
        health_route=text("HEALTH_ROUTE", defaults.health_route),
        report_route=text("REPORT_ROUTE", defaults.report_route),
        topic_endpoint=text("TOPIC_ENDPOINT", ""),
        topic_key=text("TOPIC_KEY", ""),
        # Set by the platform in every deployed app, never on a laptop.
        in_azure=bool(environment.get("WEBSITE_SITE_NAME")),
    )


def parse_scope(parts: Iterable[str]) -> Scope:
    """Subscription ids and management group names, told apart by their form; SettingsError for anything else."""
    subscriptions: list[str] = []
    groups: list[str] = []
    for part in (each.strip() for each in parts):
        name = part.rsplit("/", 1)[-1]
        if not part:
            continue
        if is_subscription_id(name):
            subscriptions.append(name.lower())
        elif _MANAGEMENT_GROUP.fullmatch(name):
            groups.append(name)
        else:
            raise SettingsError(
                f"the scope {part[:100]!r} is neither a subscription id nor the name of a management group",
                code="SCOPE",
                remedy="Give subscription ids or management group names, separated by commas",
            )
    if subscriptions and groups:
        raise SettingsError(
            "the scope mixes subscriptions and management groups",
            code="SCOPE",
            remedy="Give only subscription ids, or only management group names",
        )
    return Scope(tuple(dict.fromkeys(subscriptions)), tuple(dict.fromkeys(groups)))


def _boolean(key: str, value: str) -> bool:
    if value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise SettingsError(f"{key} is {value!r}", code=key, remedy="Set it to true or false")


def _queue(key: str, value: str) -> str:
    # Storage Queue names: 3 to 63 lower-case letters, digits and single hyphens (Azure Storage documentation).
    if _QUEUE.fullmatch(value) and len(value) <= 63:
        return value
    raise SettingsError(f"{key} is {value!r}", code=key, remedy="Use 3 to 63 lower-case letters, digits or hyphens")


def _schedule(key: str, value: str) -> str:
    if len(value.split()) == 6:
        return value
    raise SettingsError(f"{key} is {value!r}", code=key, remedy="Use six fields, seconds first, such as 0 0 */4 * * *")
