import logging

import pytest
from azure.identity import CredentialUnavailableError
from azure.identity.aio import ChainedTokenCredential, DefaultAzureCredential, ManagedIdentityCredential

from shared.adapters.azure.connection import Connection
from shared.adapters.azure.login import azure_login
from shared.errors import LoginError


async def test_inside_azure_only_the_apps_own_identity_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "made-up")
    async with azure_login() as login:
        assert isinstance(login, ManagedIdentityCredential)


async def test_elsewhere_any_login_of_the_person_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDENTITY_ENDPOINT", raising=False)
    async with azure_login() as login:
        assert isinstance(login, DefaultAzureCredential)


class NotLoggedIn:
    """One of the ways of logging in that this machine does not have."""

    async def get_token(self, *_scopes: str, **_kwargs: object) -> None:
        raise CredentialUnavailableError(message="not\nhere")

    async def close(self) -> None:
        return None


async def test_without_any_login_the_error_is_one_line_and_nothing_else_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await azure_login().close()
    chain = ChainedTokenCredential(NotLoggedIn())  # type: ignore[arg-type]  # as much of one as the chain asks for
    with caplog.at_level(logging.WARNING):
        async with Connection(credential=chain) as connection:
            with pytest.raises(LoginError) as caught:
                await connection.first_contact()
    assert len(str(caught.value).splitlines()) == 1
    assert "az login" in caught.value.remedy
    assert not caplog.records
