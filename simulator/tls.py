"""The simulator's own certificate: Azure's clients send a token over TLS alone, so the local Azure must speak it.

A self-signed end certificate for this machine's own names: whoever trusts it trusts nothing else by it, since it can
sign no other. It is kept and used again, so that a terminal that trusts it goes on doing so. Files that the simulator
did not write are never overwritten. Its validity is in real time, as clients check it by their own clocks.
"""

import datetime as dt
import ipaddress
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

OWNER = "Backstop simulator"
NAMES = ("localhost", "127.0.0.1", "::1")
#: Days: how long a new one holds, and how long an old one must still hold to be used again.
LASTING, LEFT = dt.timedelta(days=365), dt.timedelta(days=7)


class CertificateError(Exception):
    """The folder cannot serve: one line for the person."""


def server_context(folder: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS: the folder's `cert.pem` and `key.pem` (mode 0600), made where there are none.

    Raises CertificateError where the folder cannot be read or written, or holds files of somebody else's.
    """
    cert, key = folder / "cert.pem", folder / "key.pem"
    try:
        if not _usable(cert, key):
            folder.mkdir(parents=True, exist_ok=True)
            _make(cert, key)
        key.chmod(0o600)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        raise CertificateError(f"{cert} and {key} do not fit each other: {error.reason}") from None
    except OSError as error:
        where = error.filename or folder
        raise CertificateError(f"no certificate in {folder}: {where}: {os.strerror(error.errno or 0)}") from None
    return context


def _usable(cert: Path, key: Path) -> bool:
    """Whether what lies there may be used again; CertificateError where it must be neither used nor overwritten."""
    refused = f"{cert.parent} holds a certificate or key of somebody else's; give another --cert-dir"
    if not cert.exists():
        if key.exists():
            raise CertificateError(refused)
        return False
    try:
        found = x509.load_pem_x509_certificate(cert.read_bytes())
    except ValueError:
        raise CertificateError(refused) from None
    if found.issuer != _owner() or found.subject != _owner():
        raise CertificateError(refused)
    now = dt.datetime.now(dt.UTC)
    lasts = found.not_valid_before_utc <= now and found.not_valid_after_utc >= now + LEFT
    return lasts and _names(found) == set(NAMES) and _fits(found, key)


def _names(found: x509.Certificate) -> set[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in names}


def _fits(found: x509.Certificate, key: Path) -> bool:
    """Whether the key is the certificate's. One that is missing or unreadable is not."""
    try:
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return private.public_key() == found.public_key()


def _owner() -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, OWNER)])


def _make(cert: Path, key: Path) -> None:
    """A new pair. The certificate goes first: if the key does not follow, the next start knows it for ours."""
    private = ec.generate_private_key(ec.SECP256R1())
    public, now = private.public_key(), dt.datetime.now(dt.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(NAMES[0])]
    names += [x509.IPAddress(ipaddress.ip_address(name)) for name in NAMES[1:]]
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_owner())
        .issuer_name(_owner())
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))  # a client's clock may be behind
        .not_valid_after(now + LASTING)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, encipher_only=False, decipher_only=False, **usage), critical=True
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
    )
    encoding = serialization.Encoding.PEM
    _write(cert, builder.sign(private, hashes.SHA256()).public_bytes(encoding), 0o644)
    plain = private.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(key, plain, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable to others where `mode` says so."""
    half = path.with_suffix(f".{os.getpid()}.new")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123  # its mode
        file.write(content)
    half.replace(path)
