"""Keys and signatures: made offline, never overwritten, and only for what they were made of."""

import json
import stat
from pathlib import Path

import pytest
from bundle_mutations.original import Original

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.deploy.signing import (
    KeyFileError,
    generate_keys,
    load_private_key,
    load_trusted_keys,
    sign_manifest,
    verify_signature,
)
from heatrouter.envs.errors import BundleError


def test_a_signature_holds_for_its_manifest_and_key(
    unsigned: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    private, public = keys
    files = read_bundle(unsigned)
    signed = files.with_signature(sign_manifest(files.manifest, load_private_key(private)))
    trusted = load_trusted_keys([public])
    assert verify_signature(signed, trusted) in trusted.keys
    _, stranger, _ = generate_keys(tmp_path / "stranger")
    with pytest.raises(BundleError, match="trusted are"):
        verify_signature(signed, load_trusted_keys([stranger]))
    both = load_trusted_keys([stranger, public])
    assert verify_signature(signed, both) == verify_signature(signed, trusted)


def test_a_signature_is_not_that_of_another_text(
    original: Original, keys: tuple[Path, Path], signed: Path
) -> None:
    """A plain Ed25519 signature over the same bytes is none of ours: its purpose is signed, too."""
    private, public = keys
    key = load_private_key(private)
    files = read_bundle(signed)
    ours = json.loads(sign_manifest(files.manifest, key))
    plain = {**ours, "signature": key.sign(files.manifest).hex()}
    text = (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode()
    with pytest.raises(BundleError, match="not the signature of this manifest"):
        verify_signature(files.with_signature(text), load_trusted_keys([public]))


def test_keys_are_private_and_never_overwritten(tmp_path: Path) -> None:
    private, public, _ = generate_keys(tmp_path / "k")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    with pytest.raises(KeyFileError, match="never overwritten"):
        generate_keys(tmp_path / "k")
    private.unlink()
    with pytest.raises(KeyFileError, match="never overwritten"):
        generate_keys(tmp_path / "k")
    assert public.is_file()


def test_a_passphrase_is_needed_where_there_is_one(tmp_path: Path) -> None:
    private, _, _ = generate_keys(tmp_path / "k", "sesame")
    load_private_key(private, "sesame")
    for wrong in (None, "other"):
        with pytest.raises(KeyFileError, match="passphrase") as caught:
            load_private_key(private, wrong)
        assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_what_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pub"
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=r"odd\.pub"):
        load_trusted_keys([path])
    with pytest.raises(KeyFileError, match=r"gone\.pub"):
        load_trusted_keys([tmp_path / "gone.pub"])


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    path = tmp_path / "ec.pub"
    path.write_bytes(
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    with pytest.raises(KeyFileError, match="no Ed25519 key"):
        load_trusted_keys([path])
