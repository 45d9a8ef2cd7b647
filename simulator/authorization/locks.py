"""Management locks as resources (`Microsoft.Authorization/locks`). What they forbid is in `lock_effects.py`.

Shapes are those of the REST documentation (2016-09-01 and 2020-05-01).
"""

from simulator.authorization.extensions import Extension, by_scope, untold
from simulator.core.reading import a_text
from simulator.core.routing import Call, Route
from simulator.core.state import State
from simulator.core.surroundings import Level, Lock
from simulator.core.wire import AzureError, Json

LEVELS: dict[str, Level] = {"cannotdelete": "CanNotDelete", "readonly": "ReadOnly"}


def _body(_state: State, lock: Lock) -> Json:
    notes = {"notes": lock.notes} if lock.notes else {}
    return {
        "id": lock.id,
        "name": lock.name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": lock.level, **notes},
    }


def _read(call: Call, identity: str, name: str, scope: str) -> Lock:
    level = LEVELS.get(a_text(call.properties, "level").lower())
    if level is None:
        raise AzureError(400, "LockLevelInvalid", "properties.level must be CanNotDelete or ReadOnly.")
    return Lock(identity, name, scope, level, a_text(call.properties, "notes"))


_LOCKS = Extension(
    noun="locks",
    missing="LockNotFound",
    table=lambda state: state.around.locks,
    body=_body,
    read=_read,
    chosen=by_scope,
    changed=untold,
)
ROUTES: list[Route] = _LOCKS.routes()
