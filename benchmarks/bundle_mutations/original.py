"""The bundle that every mutation starts from, its keys, and what writes it down again."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from constant_bundle import constant_bundle
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.agents.manifest import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    parse_manifest,
    sha256_of,
)
from heatrouter.agents.monitor import Group, Monitor
from heatrouter.deploy.signing import TrustedKeys, key_id, sign_manifest
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task

PRESET = "energy-web"

Random = np.random.Generator
Contents = dict[str, bytes]


@dataclass(frozen=True)
class Original:
    """A bundle that passes, and the keys.

    Attributes:
        contents: Its files.
        other: Another bundle that passes, signed with the same key.
        district: What it is made for.
        key: The trusted key.
        stranger: One that is not.
    """

    contents: Mapping[str, bytes]
    other: Mapping[str, bytes]
    district: District
    key: Ed25519PrivateKey
    stranger: Ed25519PrivateKey

    @property
    def trusted(self) -> TrustedKeys:
        public = self.key.public_key()
        return TrustedKeys({key_id(public): public})

    def signed(self, contents: Mapping[str, bytes], key: Ed25519PrivateKey) -> Contents:
        return {**contents, SIGNATURE_FILE: sign_manifest(contents[MANIFEST_FILE], key)}

    def resealed(
        self, changes: Mapping[str, bytes], key: Ed25519PrivateKey, **fields: object
    ) -> Contents:
        """With other files or fields of the manifest, hashes and signature made to fit."""
        contents = {**self.contents, **changes}
        manifest = parse_manifest(self.contents[MANIFEST_FILE])
        files = {n: sha256_of(d) for n, d in contents.items() if n not in _UNHASHED}
        manifest = manifest.model_copy(update={"files": files, **fields})
        contents[MANIFEST_FILE] = manifest.to_json()
        return self.signed(contents, key)


_UNHASHED = {MANIFEST_FILE, SIGNATURE_FILE}


def make_original(folder: Path) -> Original:
    """Write two good bundles and read them back."""
    district, task = load_district(PRESET), load_task(PRESET)
    contract = build_contract(district, task)
    neutral = np.array([a.neutral for a in contract.action], dtype=np.float32)
    low, high = contract.bounds("observation")
    group: Group = "plant"
    monitor = Monitor(
        false_alarms_per_day=0.1,
        calibration_days=9,
        groups=(group,) * low.size,
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        span=tuple((high - low).tolist()),
        limits={"plant": 1.0},
        memories_h=(1.0,),
        relations=(),
        drift_limit=1.0,
    )
    first = constant_bundle(folder / "a", district, task, neutral, monitor=monitor)
    second = constant_bundle(folder / "b", district, task, neutral * 0.5 + 1.0, monitor=monitor)
    key, stranger = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    files, other = read_bundle(first).contents, read_bundle(second).contents
    bare = Original(files, other, district, key, stranger)
    return Original(bare.signed(files, key), bare.signed(other, key), district, key, stranger)


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder
