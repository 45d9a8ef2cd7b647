import pytest

from shared.endpoint import is_loopback, normalise_endpoint, same_origin
from shared.errors import SettingsError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://management.azure.com", "https://management.azure.com"),
        ("https://management.azure.com/", "https://management.azure.com"),
        ("https://MANAGEMENT.azure.com:443/", "https://management.azure.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("https://localhost:1234", "https://localhost:1234"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_azure_and_this_machine_are_allowed(text: str, expected: str) -> None:
    assert normalise_endpoint(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "management.azure.com",
        "http://management.azure.com",
        "https://management.azure.com:8443",
        "https://management.azure.com.evil.example",
        "https://management.azure.com@evil.example",
        "https://user@management.azure.com",
        "https://management.azure.com/path",
        "https://management.azure.com?x=1",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:8080",
        "http://127.0.0.1:notaport",
        "http://[::ffff:10.0.0.1]",
        "ftp://127.0.0.1",
        "https://management.usgovcloudapi.net",
    ],
)
def test_every_other_endpoint_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        normalise_endpoint(text)
    assert "127.0.0.1" in caught.value.remedy


def test_loopback_is_told_from_azure() -> None:
    assert is_loopback("http://127.0.0.1:1")
    assert is_loopback("http://[::1]:1")
    assert not is_loopback("https://management.azure.com")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://management.azure.com/subscriptions/x?y=z", True),
        ("https://Management.Azure.com:443/x", True),
        ("http://management.azure.com/x", False),
        ("https://management.azure.com:444/x", False),
        ("https://evil.example/https://management.azure.com", False),
        ("https://management.azure.com@evil.example/", False),
        ("/subscriptions/x", False),
        ("https://management.azure.com:x/", False),
        ("", False),
    ],
)
def test_only_a_url_of_the_same_scheme_host_and_port_has_the_same_origin(url: str, same: bool) -> None:
    assert same_origin(url, "https://management.azure.com") is same
