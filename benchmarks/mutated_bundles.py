"""Ten thousand bundles that must not run: how many does the gate let through?

Every mutation starts from a complete, signed bundle of a real district. Some are left as they are,
as a damaged disk or a careless hand would; some have their hashes repaired, as somebody would who
has no key; some are signed anew with a key that nobody trusts; and those whose content is illegal
in itself are signed with the trusted key, as a broken release would be.

Example: python benchmarks/mutated_bundles.py --count 10000 --json runs/gate.json
"""

import argparse
import io
import json
import shutil
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from constant_bundle import constant_bundle
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import helper, numpy_helper

from heatrouter.agents.bundle_files import LIMITS, pack_archive, read_bundle
from heatrouter.agents.golden import parse_golden
from heatrouter.agents.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    MONITOR_FILE,
    SIGNATURE_FILE,
    parse_manifest,
    sha256_of,
)
from heatrouter.agents.monitor import Group, Monitor
from heatrouter.deploy.gate import admit
from heatrouter.deploy.signing import TrustedKeys, key_id, sign_manifest
from heatrouter.envs.errors import BundleError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.loading import load_district, load_task

PRESET = "energy-web"
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493

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


# --- bytes ---


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


# --- signature ---


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


# --- contents that are illegal, signed by the trusted key ---


def model_mutation(original: Original, random: Random) -> Contents:
    model = onnx.load_from_string(original.contents[MODEL_FILE])
    data = _MODELS[int(random.integers(len(_MODELS)))](model, random)
    return original.resealed({MODEL_FILE: data}, original.key)


def _bytes(model: onnx.ModelProto) -> bytes:
    return bytes(model.SerializeToString())


def _external(model: onnx.ModelProto, random: Random) -> bytes:
    tensor = model.graph.initializer[int(random.integers(2))]
    paths = ["../../secret", "/etc/passwd", "golden.npz", f"w{random.integers(1000)}.bin", ""]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", str(random.choice(paths))
    if random.random() < 0.5:
        # Said in one place only.
        tensor.data_location = onnx.TensorProto.DEFAULT
    return _bytes(model)


def _foreign_operator(model: onnx.ModelProto, random: Random) -> bytes:
    domain = str(random.choice(["com.microsoft", "ai.onnx.ml", "x.y", "ai.onnx.training"]))
    model.graph.node[int(random.integers(2))].domain = domain
    if random.random() < 0.5:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    return _bytes(model)


def _foreign_opset(model: onnx.ModelProto, random: Random) -> bytes:
    model.opset_import.append(helper.make_opsetid(f"d{random.integers(1 << 20)}", 1))
    return _bytes(model)


def _odd_operator(model: onnx.ModelProto, random: Random) -> bytes:
    kinds = ["RandomNormal", "Loop", "If", "Scan", "ImageDecoder", "StringNormalizer", "Bernoulli"]
    kind = str(random.choice(kinds))
    model.graph.node.append(helper.make_node(kind, ["observation"], [f"u{random.integers(99)}"]))
    return _bytes(model)


def _branch(model: onnx.ModelProto, random: Random) -> bytes:
    body = helper.make_graph([], "body", [], [])
    name = str(random.choice(["Tanh", "Loop", "If", "Identity"]))
    model.graph.node.append(helper.make_node(name, ["observation"], ["u"], body=body))
    return _bytes(model)


def _functions(model: onnx.ModelProto, random: Random) -> bytes:
    if random.random() < 0.5:
        function = model.functions.add()
        function.name, function.domain = f"f{random.integers(99)}", ""
    else:
        model.training_info.add()
    return _bytes(model)


def _two_readers(model: onnx.ModelProto, random: Random) -> bytes:
    """What one protobuf reader sees and another does not."""
    kind = int(random.integers(4))
    node = model.graph.node[int(random.integers(2))]
    if kind == 0:
        # The foreign domain, and after it the same field as a number, which readers drop.
        node.domain = "com.microsoft"
        node.MergeFromString(b"\x38\x00")
        return _bytes(model)
    if kind == 1:
        node.op_type = "RandomNormal"
        node.MergeFromString(b"\x20\x00")
        return _bytes(model)
    data = _bytes(model)
    if kind == 2:
        # A field number beyond 32 bits, which some readers cut down to `functions`.
        return data + b"\xca\x81\x80\x80\x10" + b"\x00"
    return data + b"\x02\x00"  # field 0


def _wrong_shape(model: onnx.ModelProto, random: Random) -> bytes:
    kind = int(random.integers(6))
    value = model.graph.input[0] if random.random() < 0.5 else model.graph.output[0]
    tensor = value.type.tensor_type
    if kind == 0:
        tensor.shape.dim[1].dim_value += int(random.integers(1, 9))
    elif kind == 1:
        tensor.shape.dim[0].dim_value = int(random.integers(1, 9))
    elif kind == 2:
        tensor.elem_type = onnx.TensorProto.DOUBLE
    elif kind == 3:
        del tensor.shape.dim[1]
    elif kind == 4:
        model.graph.output[0].name = model.graph.node[1].output[0] = f"o{random.integers(99)}"
    else:
        model.graph.node.append(helper.make_node("Tanh", ["action"], ["second"]))
        model.graph.output.append(helper.make_tensor_value_info("second", 1, None))
    return _bytes(model)


def _wrong_weights(model: onnx.ModelProto, random: Random) -> bytes:
    """Weights that do not reproduce the golden vectors."""
    tensor = model.graph.initializer[1]
    values = numpy_helper.to_array(tensor).copy()
    at = int(random.integers(values.size))
    values[at] = random.choice([np.nan, np.inf, values[at] * 1.01 + 0.5, -1e30])
    tensor.raw_data = values.tobytes()
    return _bytes(model)


def _no_model(model: onnx.ModelProto, random: Random) -> bytes:
    data = _bytes(model)
    bare = onnx.ModelProto()
    kinds = [
        b"",
        random.bytes(200),
        data[: int(random.integers(1, len(data) - 1))],
        data + data,
        bytes(16 * 1024 * 1024 + 1),
        _bytes(bare),
        b"\x80\x04\x95",
    ]
    # The large one costs time; it is as good once in a while.
    weights = np.array([1.0, 1.0, 3.0, 1.0, 0.05, 1.0, 1.0])
    return kinds[int(random.choice(len(kinds), p=weights / weights.sum()))]


_MODELS: list[Callable[[onnx.ModelProto, Random], bytes]] = [
    _external,
    _foreign_operator,
    _foreign_opset,
    _odd_operator,
    _branch,
    _functions,
    _two_readers,
    _wrong_shape,
    _wrong_weights,
    _no_model,
]


def golden_mutation(original: Original, random: Random) -> Contents:
    """Golden vectors that are wrong, or an archive that plays tricks; signed by the trusted key."""
    contract = parse_manifest(original.contents[MANIFEST_FILE]).contract
    golden = parse_golden(original.contents[GOLDEN_FILE], contract)
    arrays: dict[str, Any] = {
        "observation": golden.observation,
        "action": golden.action.copy(),
        "set_points": golden.set_points.copy(),
    }
    kind = int(random.integers(10))
    row = int(random.integers(4))
    if kind in {0, 1}:
        name = ("action", "set_points")[kind]
        low, high = contract.bounds("action" if kind == 0 else "set_points")
        column = int(random.integers(low.size))
        step = 0.05 * (high - low)[column]
        arrays[name][row, column] += step if random.random() < 0.5 else -step
    elif kind == 2:
        arrays["action"][row, 0] = random.choice([np.nan, np.inf, -np.inf])
    elif kind == 3:
        name = str(random.choice(sorted(arrays)))
        arrays[name] = arrays[name][: int(random.integers(4))]
    elif kind == 4:
        name = str(random.choice(sorted(arrays)))
        arrays[name] = arrays[name].astype(random.choice(["float16", "int32", "complex64"]))
    elif kind == 5:
        del arrays[str(random.choice(sorted(arrays)))]
    elif kind == 6:
        arrays[f"x{random.integers(99)}"] = np.zeros((4, 1))
    elif kind == 7:
        arrays["action"] = np.array([{"a": row}], dtype=object)
    data = io.BytesIO()
    np.savez(data, **arrays)
    if kind == 8:
        with zipfile.ZipFile(data, "a") as archive:
            member = io.BytesIO()
            np.save(member, golden.action + 1.0)
            _add_silently(archive, "action.npy", member.getvalue())
    elif kind == 9:
        header = io.BytesIO()
        huge = {
            "descr": "<f4",
            "fortran_order": False,
            "shape": (1 << int(random.integers(30, 60)), 4),
        }
        np.lib.format.write_array_header_1_0(header, huge)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for name in arrays:
                archive.writestr(f"{name}.npy", header.getvalue() + b"\x00" * 16)
    return original.resealed({GOLDEN_FILE: data.getvalue()}, original.key)


def statement_mutation(original: Original, random: Random) -> Contents:
    """Statements that contradict each other or the district, signed by the trusted key."""
    manifest = parse_manifest(original.contents[MANIFEST_FILE])
    contract, task = manifest.contract, manifest.task
    channel = contract.observation[int(random.integers(len(contract.observation)))]
    moved = channel.model_copy(update={"high": channel.high + 1.0 + float(random.random())})
    other = contract.model_copy(
        update={"observation": tuple(moved if c is channel else c for c in contract.observation)}
    )
    elsewhere = contract.model_copy(update={"district_digest": random.bytes(32).hex()})
    fields: list[dict[str, object]] = [
        {"contract_digest": random.bytes(32).hex()},
        {"guard_limits_digest": random.bytes(32).hex()},
        {"decoder": "absolute"},
        {"decoder_version": int(random.integers(2, 99))},
        {"contract": other, "contract_digest": other.digest},
        {"contract": elsewhere, "contract_digest": elsewhere.digest},
        {"task": task.model_copy(update={"control_dt_s": 60.0 * float(random.integers(1, 14))})},
        {"schema_version": int(random.integers(2, 99))},
    ]
    return original.resealed({}, original.key, **fields[int(random.integers(len(fields)))])


def text_mutation(original: Original, random: Random) -> Contents:
    """Another text of the manifest, signed by the trusted key."""
    text = original.contents[MANIFEST_FILE].decode()
    content = json.loads(text)
    kind = int(random.integers(7))
    if kind == 0:
        text = text.replace(": ", ":  ", int(random.integers(1, 50)))
    elif kind == 1:
        content[f"x{random.integers(999)}"] = int(random.integers(99))
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    elif kind == 2:
        del content[str(random.choice(sorted(set(content) - {"metrics", "versions"})))]
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    elif kind == 3:
        text = "[" * int(random.integers(1000, 200_000))
    elif kind == 4:
        text = text.replace("{", '{"name": "a",', 1)  # a name twice
    elif kind == 5:
        content["metrics"] = {"saving": float("nan")}
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    else:
        content["files"][f"../x{random.integers(99)}"] = "0" * 64
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
    contents = {**original.contents, MANIFEST_FILE: text.encode()}
    return original.signed(contents, original.key)


def monitor_mutation(original: Original, random: Random) -> Contents:
    """A monitor that fits nothing, signed by the trusted key."""
    content = json.loads(original.contents[MONITOR_FILE])
    kind = int(random.integers(6))
    if kind == 0:
        content["span"][int(random.integers(len(content["span"])))] = 0.0
    elif kind == 1:
        content[str(random.choice(["low", "high", "span", "groups"]))].pop()
    elif kind == 2:
        content["limits"] = {}
    elif kind == 3:
        content["relations"] = [
            {"channel": f"c{random.integers(99)}", "predictors": [], "weights": [], "offset": 0.0,
             "scales": [1.0]}
        ]  # fmt: skip
    elif kind == 4:
        content["false_alarms_per_day"] = float(random.integers(1, 9))
    else:
        content[f"x{random.integers(99)}"] = 1
    data = json.dumps(content).encode()
    return original.resealed({MONITOR_FILE: data}, original.key)


# --- structure of folder and archive ---


def folder_mutation(original: Original, random: Random, folder: Path) -> Path:
    """A folder with a file too few, too many, or something that is no file."""
    write_folder(folder, original.contents)
    kind = int(random.integers(5))
    name = str(random.choice([MANIFEST_FILE, MODEL_FILE, GOLDEN_FILE]))
    if kind == 0:
        (folder / name).unlink()
    elif kind == 1:
        (folder / f"x{random.integers(999)}.bin").write_bytes(random.bytes(10))
    elif kind == 2:
        (folder / name).unlink()
        (folder / name).mkdir()
    elif kind == 3:
        (folder / name).unlink()
        (folder / name).symlink_to(folder / f"gone{random.integers(99)}")
    else:
        (folder / name).write_bytes(bytes(LIMITS[name] + 1) if random.random() < 0.02 else b"")
    return folder


def archive_mutation(original: Original, random: Random, folder: Path) -> Path:
    """An archive that is damaged, or shows different readers different things."""
    path = folder.with_suffix(".zip")
    good = pack_archive(original.contents)
    kind = int(random.integers(9))
    if kind <= 2:
        path.write_bytes(damaged(good, random))
        return path
    if kind == 3:
        path.write_bytes(random.bytes(int(random.integers(1, 99))) + good)
        return path
    data = io.BytesIO()
    compression = zipfile.ZIP_DEFLATED if kind == 4 else zipfile.ZIP_STORED
    with zipfile.ZipFile(data, "w", compression) as archive:
        names = [name for name in LIMITS if name in original.contents]
        if kind == 5:
            names = [str(name) for name in random.permutation(names)]
            archive.comment = b"x"
        for name in names:
            archive.writestr(name, original.contents[name])
        if kind == 6:
            again = str(random.choice(names))
            _add_silently(archive, again, original.other[again])
        elif kind == 7:
            tricks = ["../policy.onnx", "/policy.onnx", "..\\policy.onnx", "a/policy.onnx", "x/"]
            name = str(random.choice(tricks)) + str(random.integers(99))
            archive.writestr(name, original.other[MODEL_FILE])
        elif kind == 8:
            _add_silently(archive, f"policy.onnx\x00{random.integers(99)}", b"x")
    path.write_bytes(data.getvalue())
    return path


def _add_silently(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a name that is there already, which the library warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, data)


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder


# --- the count ---

IN_MEMORY: dict[str, Callable[[Original, Random], Contents]] = {
    "bytes": byte_mutation,
    "bytes, hashes repaired": repaired_mutation,
    "manifest, resealed": manifest_mutation,
    "signature": signature_mutation,
    "model, signed": model_mutation,
    "golden vectors, signed": golden_mutation,
    "statements, signed": statement_mutation,
    "text of the manifest, signed": text_mutation,
    "monitor, signed": monitor_mutation,
}
ON_DISK: dict[str, Callable[[Original, Random, Path], Path]] = {
    "folder": folder_mutation,
    "archive": archive_mutation,
}
FAMILIES = (*IN_MEMORY, *ON_DISK)


@dataclass
class Outcome:
    """Mutations of one family."""

    made: int = 0
    refused: int = 0
    accepted: int = 0
    crashed: int = 0


def run_mutations(
    folder: Path, count: int, seed: int, original: Original | None = None
) -> tuple[dict[str, Outcome], list[str], Counter[str]]:
    """Show the gate `count` mutations, the families in turn.

    Returns:
        Outcome by family; what was not refused as it should; and each refusal's first words.
    """
    original = original or make_original(folder)
    trusted = original.trusted
    good = write_folder(folder / "good", original.contents)
    admit(good, trusted, original.district)
    outcomes = {family: Outcome() for family in FAMILIES}
    wrong: list[str] = []
    reasons: Counter[str] = Counter()
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        outcome = outcomes[family]
        random = np.random.default_rng((seed, number))
        path = folder / "mutant"
        if family in IN_MEMORY:
            contents = IN_MEMORY[family](original, random)
            while contents == original.contents:
                contents = IN_MEMORY[family](original, random)
            write_folder(path, contents)
        else:
            path = ON_DISK[family](original, random, path)
        outcome.made += 1
        try:
            admit(path, trusted, original.district)
        except BundleError as error:
            outcome.refused += 1
            reasons[f"{family}: {str(error).replace(str(path), 'PATH')[:60]}"] += 1
        except Exception as error:  # noqa: BLE001  # what this is here to find
            outcome.crashed += 1
            wrong.append(f"{number} {family}: {error!r}")
        else:
            outcome.accepted += 1
            wrong.append(f"{number} {family}: accepted")
    return outcomes, wrong, reasons


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reasons", action="store_true", help="print why they were refused")
    parser.add_argument("--json", type=Path, help="write the counts")
    options = parser.parse_args()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, wrong, reasons = run_mutations(Path(folder), options.count, options.seed)
    for family, outcome in outcomes.items():
        print(f"{family:<30} {outcome.made:>6} made {outcome.refused:>6} refused "
              f"{outcome.accepted:>3} accepted {outcome.crashed:>3} crashed")  # fmt: skip
    accepted = sum(outcome.accepted for outcome in outcomes.values())
    crashed = sum(outcome.crashed for outcome in outcomes.values())
    print(f"{options.count} mutations, {accepted} accepted, {crashed} crashed, "
          f"{len(reasons)} kinds of refusal, {time.perf_counter() - begin:.0f} s")  # fmt: skip
    if options.reasons:
        for reason, number in sorted(reasons.items()):
            print(f"{number:>6} {reason}")
    for line in wrong[:20]:
        print(line)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "count": options.count,
            "seed": options.seed,
            "accepted": accepted,
            "crashed": crashed,
            "families": {name: vars(outcome) for name, outcome in outcomes.items()},
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if accepted or crashed else 0


if __name__ == "__main__":
    sys.exit(main())
