"""Ledgers of simulated times, keys, and what is in them."""

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heatrouter.envs.cli import main

TARIFF = Path(__file__).parents[3] / "configs" / "settlement" / "energy-web.tariff.yaml"


@dataclass(frozen=True)
class KeyFiles:
    private: Path
    public: Path


def make_keys(folder: Path, name: str) -> KeyFiles:
    key = Ed25519PrivateKey.generate()
    files = KeyFiles(folder / f"{name}.pem", folder / f"{name}.pub.pem")
    files.private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files.public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return files


def settled(folder: Path, *options: str) -> Path:
    path = folder / "run.ledger.jsonl"
    arguments = ["settle", "energy-web", "--tariff", str(TARIFF), "--out", str(path), *options]
    assert main([*arguments, "--json"]) == 0
    return path


def bodies(path: Path) -> list[dict[str, object]]:
    return [json.loads(line)["body"] for line in path.read_text().splitlines()]
