"""The conditions on a VM that `match` and `exclude` are made of.

All conditions of one selector must hold, and an empty one matches every VM. Globs (`*`, `?`, `[...]`) are compared
without case, tag names without case, tag values with case unless the policy says otherwise. What each condition looks
at on a VM stands in `attributes.py`.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Duration, Section, TagTests, Texts, as_tuple

Os = Literal["windows", "linux"]
ImageKind = Literal["any", "marketplace", "custom"]
Encryption = Literal["platform", "customer", "host", "ade"]


def _lower(value: object) -> object:
    folded = as_tuple(value)
    if isinstance(folded, tuple):
        return tuple(each.lower() if isinstance(each, str) else each for each in folded)
    return folded


class Age(Section):
    """How long ago Azure made the VM. A VM whose time of creation Azure does not show meets neither bound."""

    at_least: Duration | None = None
    less_than: Duration | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.at_least is None and self.less_than is None:
            raise ValueError("give `atLeast`, `lessThan` or both")
        if (self.at_least or timedelta()) >= (self.less_than or timedelta.max):
            raise ValueError("`atLeast` must be less than `lessThan`")
        return self


class Selector(Section):
    """Conditions on a VM; `all`, `any` and `not` combine selectors."""

    all: tuple["Selector", ...] | None = None
    any: tuple["Selector", ...] | None = None
    not_: "Selector | None" = Field(default=None, alias="not")
    subscriptions: Texts | None = None
    management_groups: Texts | None = None
    resource_groups: Texts | None = None
    names: Texts | None = None
    locations: Texts | None = None
    tags: TagTests | None = None
    absent_tags: Texts | None = None
    resource_group_tags: TagTests | None = None
    subscription_tags: TagTests | None = None
    effective_tags: TagTests | None = None
    os: Annotated[tuple[Os, ...], BeforeValidator(_lower), Field(min_length=1)] | None = None
    sizes: Texts | None = None
    image: ImageKind | None = None
    image_publishers: Texts | None = None
    image_offers: Texts | None = None
    image_skus: Texts | None = None
    security_types: Texts | None = None
    disk_types: Texts | None = None
    encryption: Annotated[tuple[Encryption, ...], BeforeValidator(_lower), Field(min_length=1)] | None = None
    zones: Texts | None = None
    priorities: Texts | None = None
    power_states: Texts | None = None
    age: Age | None = None

    @model_validator(mode="before")
    @classmethod
    def _lists_to_tuples(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: tuple(item) if key in {"all", "any"} and isinstance(item, list) else item
                for key, item in value.items()
            }
        return value
