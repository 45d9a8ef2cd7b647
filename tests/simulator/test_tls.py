"""The simulator's certificate: made once, used again, never at the cost of somebody else's files."""

import datetime as dt
import os
import ssl
import stat
import sys
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import simulator.tls
from simulator.server import running
from simulator.tls import CertificateError, server_context


def pair(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "cert.pem").read_bytes(), (folder / "key.pem").read_bytes()


def somebody_elses(folder: Path) -> None:
    """A pair for another name, valid for ten years."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=contoso.example")
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=3650))
    (folder / "cert.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_client_that_trusts_it_is_served_under_each_of_its_names(tmp_path: Path, host: str) -> None:
    tls, trusting = server_context(tmp_path), ssl.create_default_context(cafile=tmp_path / "cert.pem")
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
    async with running(vms=0, tls=tls) as (base, _), aiohttp.ClientSession() as http:
        assert base.startswith("https://127.0.0.1:")
        asked = base.replace("127.0.0.1", host)
        async with http.get(f"{asked}/metadata/endpoints?api-version=2022-09-01", ssl=trusting) as answer:
            assert (await answer.json())["resourceManager"] == asked


async def test_a_client_that_does_not_trust_it_is_not_served(tmp_path: Path) -> None:
    async with running(vms=0, tls=server_context(tmp_path)) as (base, _), aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"{base}/metadata/endpoints?api-version=2022-09-01")


def test_whoever_trusts_it_trusts_no_other_by_it(tmp_path: Path) -> None:
    server_context(tmp_path)
    cert = x509.load_pem_x509_certificate(pair(tmp_path)[0])
    assert cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert cert.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is False
    names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1", "::1"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")
def test_the_key_is_its_owner_s_alone_even_where_it_was_not(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        server_context(tmp_path)
    finally:
        os.umask(before)
    key = tmp_path / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.chmod(0o644)
    server_context(tmp_path)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_good_pair_is_used_again(tmp_path: Path) -> None:
    server_context(tmp_path / "new" / "folder")
    made = pair(tmp_path / "new" / "folder")
    server_context(tmp_path / "new" / "folder")
    assert pair(tmp_path / "new" / "folder") == made
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} == {"cert.pem", "key.pem"}


def test_a_pair_that_ends_soon_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator.tls, "LASTING", dt.timedelta(days=6))
    server_context(tmp_path)
    made = pair(tmp_path)
    monkeypatch.undo()
    server_context(tmp_path)
    assert pair(tmp_path)[0] != made[0]


def test_a_pair_for_other_names_is_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator.tls, "NAMES", ("localhost", "127.0.0.2"))
    server_context(tmp_path)
    made = pair(tmp_path)
    monkeypatch.undo()
    server_context(tmp_path)
    assert pair(tmp_path)[0] != made[0]


@pytest.mark.parametrize("damage", ["absent", "garbage", "another"])
def test_a_key_that_does_not_fit_is_made_anew_with_its_certificate(tmp_path: Path, damage: str) -> None:
    server_context(tmp_path)
    cert, key = pair(tmp_path)
    (tmp_path / "key.pem").unlink()
    if damage == "garbage":
        (tmp_path / "key.pem").write_bytes(key[:40])
    elif damage == "another":
        server_context(tmp_path / "other")
        (tmp_path / "key.pem").write_bytes(pair(tmp_path / "other")[1])
    server_context(tmp_path)
    assert pair(tmp_path)[0] != cert
    assert pair(tmp_path)[1] != key


@pytest.mark.parametrize("case", ["certificate", "garbage", "key alone"])
def test_files_of_somebody_else_s_are_neither_used_nor_overwritten(tmp_path: Path, case: str) -> None:
    somebody_elses(tmp_path)
    if case == "garbage":
        (tmp_path / "cert.pem").write_bytes(b"precious")
    elif case == "key alone":
        (tmp_path / "cert.pem").unlink()
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(CertificateError, match="of somebody else's; give another --cert-dir"):
        server_context(tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateError) as told:
        server_context(tmp_path / "file" / "folder")
    assert str(told.value).startswith(f"no certificate in {tmp_path / 'file' / 'folder'}: ")
    assert "Not a directory" in str(told.value)
    assert "\n" not in str(told.value)
