from shared.domain.attributes import TAGS, TEXTS, Need, Subject, image_kind
from shared.domain.model import Image
from shared.domain.policy_file.selector import Selector
from shared.domain.policy_file.types import TagTest
from tests.fakes import START, a_vm


def test_every_key_of_a_selector_that_holds_globs_or_tags_stands_in_the_tables() -> None:
    combining = {"all", "any", "not_", "absent_tags", "image", "age"}
    assert set(TEXTS) | set(TAGS) == set(Selector.model_fields) - combining


def test_tags_are_those_of_the_vm_over_its_group_over_its_subscription() -> None:
    vm = a_vm(
        tags={"ENV": "vm", "Own": "vm"},
        group_tags={"Env": "group", "team": "group"},
        subscription_tags={"env": "sub", "TEAM": "sub", "tier": "sub"},
    )
    subject = Subject(vm, START)
    assert subject.effective_tags == {"env": "vm", "own": "vm", "team": "group", "tier": "sub"}
    assert subject.tags == {"env": "vm", "own": "vm"}
    assert subject.group_tags == {"env": "group", "team": "group"}
    assert subject.subscription_tags == {"env": "sub", "team": "sub", "tier": "sub"}


def test_only_what_costs_a_request_of_its_own_is_a_need() -> None:
    needs = {name: attribute.need for table in (TEXTS, TAGS) for name, attribute in table.items() if attribute.need}
    assert needs == {
        "management_groups": Need.SUBSCRIPTION,
        "power_states": Need.POWER_STATE,
        "subscription_tags": Need.SUBSCRIPTION,
        "effective_tags": Need.SUBSCRIPTION,
    }


def test_what_azure_leaves_out_has_azure_s_default() -> None:
    vm = a_vm()
    assert TEXTS["security_types"].values(vm) == ("Standard",)
    assert TEXTS["priorities"].values(vm) == ("Regular",)
    assert TEXTS["os"].values(vm) == ()
    assert TEXTS["zones"].values(vm) == ()


def test_a_subscription_is_known_by_its_id_and_where_it_was_read_by_its_name() -> None:
    vm = a_vm(subscription_name="corp-prod")
    assert TEXTS["subscriptions"].values(vm) == (vm.id.subscription_id, "corp-prod")
    assert TEXTS["subscriptions"].values(a_vm()) == (vm.id.subscription_id,)


def test_an_image_with_a_publisher_is_of_the_marketplace() -> None:
    assert image_kind(a_vm(image=Image("Canonical"))) == "marketplace"
    assert image_kind(a_vm(image=Image(id="/x/images/golden"))) == "custom"
    assert image_kind(a_vm()) == "custom"


def test_the_short_form_of_a_tag_test_stands_for_its_values() -> None:
    assert TagTest.model_validate("prod") == TagTest.model_validate({"is": ["prod"]})
