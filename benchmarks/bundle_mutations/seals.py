"""Bundles that nobody with the trusted key has made: damaged, repaired, or signed by others."""

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bundle_mutations.original import Contents, Original, Random
from heatrouter.agents.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    MONITOR_FILE,
    SIGNATURE_FILE,
)
from heatrouter.deploy.signing import sign_manifest

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def damaged(data: bytes, random: Random) -> bytes:
    """A flipped bit, or bytes overwritten, inserted, removed, cut off or added."""
    at = int(random.integers(len(data)))
    run = random.bytes(int(random.integers(1, 64)))
    kind = int(random.integers(6))
    if kind == 0:
        flipped = data[at] ^ (1 << int(random.integers(8)))
        return data[:at] + bytes([flipped]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + run + data[at + len(run) :]
    if kind == 2:
        return data[:at] + run + data[at:]
    if kind == 3:
        return data[:at] + data[at + len(run) :]
    return data[:at] if kind == 4 else data + run


def byte_mutation(original: Original, random: Random) -> Contents:
    name = str(random.choice(sorted(original.contents)))
    return {**original.contents, name: damaged(original.contents[name], random)}


def repaired_mutation(original: Original, random: Random) -> Contents:
    """Somebody changed a file and its hash, but has no key, or not one that counts."""
    name = str(random.choice([MODEL_FILE, GOLDEN_FILE, MONITOR_FILE]))
    changes = {name: damaged(original.contents[name], random)}
    contents = original.resealed(changes, original.stranger)
    if random.random() < 0.5:
        contents[SIGNATURE_FILE] = original.contents[SIGNATURE_FILE]
    return contents


def manifest_mutation(original: Original, random: Random) -> Contents:
    """A statement of the manifest is another; sealed and signed by a stranger, or not signed."""
    fields: dict[str, object] = {
        "name": f"x{random.integers(1 << 30)}",
        "guard_limits_digest": random.bytes(32).hex(),
        "created_utc": f"20{random.integers(10, 99)}-01-01",
        "metrics": {"validation_saving": float(random.random())},
    }
    field = str(random.choice(sorted(fields)))
    contents = original.resealed({}, original.stranger, **{field: fields[field]})
    if random.random() < 0.3:
        del contents[SIGNATURE_FILE]
    elif random.random() < 0.5:
        contents[SIGNATURE_FILE] = original.contents[SIGNATURE_FILE]
    return contents


def signature_mutation(original: Original, random: Random) -> Contents:
    said = json.loads(original.contents[SIGNATURE_FILE])
    manifest = original.contents[MANIFEST_FILE]
    digits = said["signature"]
    kind = int(random.integers(9))
    if kind == 0:
        contents = dict(original.contents)
        del contents[SIGNATURE_FILE]
        return contents
    if kind == 1:
        # By a stranger, under the trusted name.
        forged = json.loads(sign_manifest(manifest, original.stranger))
        return _signature(original, {**said, "signature": forged["signature"]})
    if kind == 2:
        return original.signed(original.contents, Ed25519PrivateKey.generate())
    if kind == 3:
        # Of another bundle, by the right key.
        return {**original.contents, SIGNATURE_FILE: original.other[SIGNATURE_FILE]}
    if kind == 4:
        # The same signature with its second half moved by the order of the group.
        raw = bytes.fromhex(digits)
        moved = int.from_bytes(raw[32:], "little") + ED25519_ORDER * int(random.integers(1, 3))
        return _signature(
            original, {**said, "signature": (raw[:32] + moved.to_bytes(33, "little")[:32]).hex()}
        )
    if kind == 5:
        return _signature(original, {**said, "signature": random.bytes(64).hex()})
    if kind == 6:
        odd: list[object] = [digits.upper(), "", None, [digits], digits[:-2], digits + "00", 7, {}]
        return _signature(original, {**said, "signature": odd[int(random.integers(len(odd)))]})
    if kind == 7:
        return _signature(original, {**said, f"x{random.integers(100)}": 1})
    return _signature(original, {**said, "algorithm": str(random.choice(["none", "rsa", ""]))})


def _signature(original: Original, content: dict[str, object]) -> Contents:
    data = (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()
    return {**original.contents, SIGNATURE_FILE: data}
