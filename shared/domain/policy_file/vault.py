"""The vault that a rule asks for: which of those that exist will do, and how to make one where none does.

Bounds are Azure's own, with their source beside them, so that an impossible wish fails here and not in Azure.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from shared.domain.policy_file.types import Section, TagTests, Text, Texts, distinct_tags

#: 2 to 50 letters, digits and hyphens, a letter first (Azure's naming rules, 2023).
VAULT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,49}")
LOCATION = "{location}"
_LONGEST_LOCATION = "germanywestcentral"
_HIGHEST_NUMBER = "-99"  # further vaults get a number behind the name
_GROUP_NAME = r"^[\w.()-]{0,89}[\w()-]$"  # 1 to 90 characters, no final dot (Azure's naming rules, 2023)
_MOST_TAGS = 50
_NOT_IN_TAGS = frozenset("<>%&\\?/")

Redundancy = Literal["LocallyRedundant", "ZoneRedundant", "GeoRedundant"]


class VaultSelect(Section):
    """Vaults that will do, by name and tags; an empty one takes any vault of the VM's subscription and region."""

    names: Texts | None = None
    tags: TagTests | None = None


def _tags_that_azure_takes(tags: dict[str, str]) -> dict[str, str]:
    """50 at most, and none of some characters in their names (Azure's documentation of tags, 2025)."""
    if len(tags) > _MOST_TAGS:
        raise ValueError(f"a vault has {_MOST_TAGS} tags at most")
    for name in tags:
        if not _NOT_IN_TAGS.isdisjoint(name):
            raise ValueError(f"the name of a tag holds none of {' '.join(sorted(_NOT_IN_TAGS))}")
    return tags


class NewVault(Section):
    """A vault to be made. `{location}` in the name stands for the region; a name that is taken gets a number behind it.

    Left out, the resource group is that of the first VM that needs the vault.
    """

    name: Annotated[str, Field(max_length=60)] | None = None
    resource_group: Annotated[str, Field(pattern=_GROUP_NAME)] | None = None
    tags: (
        Annotated[
            dict[Text, Annotated[str, Field(max_length=256)]],
            BeforeValidator(distinct_tags),
            AfterValidator(_tags_that_azure_takes),
        ]
        | None
    ) = None
    public_network_access: Literal["Enabled", "Disabled"] = "Enabled"

    @model_validator(mode="after")
    def _name_is_possible(self) -> Self:
        if self.name is not None:
            first = self.name.replace(LOCATION, _LONGEST_LOCATION)
            if any(VAULT_NAME.fullmatch(each) is None for each in (first, f"{first}{_HIGHEST_NUMBER}")):
                what = "2 to 50 letters, digits and hyphens with a letter first, the region and a number included"
                raise ValueError(f"a vault's name has {what}")
        return self


class VaultChoice(Section):
    """Which vault of the VM's region a new protection goes to, and what to do where there is none or it is full.

    `redundancy` is what such a vault must have, existing or new: it cannot change after the first protected item
    (Azure Backup's support matrix, 2023).
    """

    select: VaultSelect = VaultSelect()
    subscription: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")] | None = None
    when_missing: Literal["report", "create"] = "report"
    when_full: Literal["next", "report"] = "next"
    create: NewVault | None = None
    redundancy: Redundancy | None = None
    cross_region_restore: bool | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.create is not None and self.when_missing != "create":
            raise ValueError("`create` belongs to `whenMissing: create`")
        if self.cross_region_restore and self.redundancy != "GeoRedundant":
            raise ValueError("`crossRegionRestore` needs `redundancy: GeoRedundant`")
        return self

    @property
    def new_vault(self) -> NewVault | None:
        """How to make a vault, None where the rule makes none."""
        return (self.create or NewVault()) if self.when_missing == "create" else None


def new_vault_name(choice: VaultChoice, location: str, number: int) -> str:
    """The name of a vault to be made: without a number for 0, then with 2, 3 and so on behind it.

    Where the rule gives none, the first name of `select` that is no glob serves, else `backstop-{location}`.
    """
    names = choice.select.names or ()
    plain = [each for each in names if VAULT_NAME.fullmatch(each) and VAULT_NAME.fullmatch(f"{each}{_HIGHEST_NUMBER}")]
    template = choice.create.name if choice.create is not None and choice.create.name is not None else None
    name = (template or (plain[0] if plain else f"backstop-{LOCATION}")).replace(LOCATION, location)
    return name if number == 0 else f"{name}-{number + 1}"


def new_vault_tags(choice: VaultChoice) -> dict[str, str]:
    """Its tags: those of `create`, and each that `select` asks for by a value."""
    asked = {tag: test.is_[0] for tag, test in (choice.select.tags or {}).items() if test.is_ is not None}
    own = choice.create.tags if choice.create is not None and choice.create.tags is not None else {}
    lowered = {tag.lower() for tag in own}
    return {**own, **{tag: value for tag, value in asked.items() if tag.lower() not in lowered}}
