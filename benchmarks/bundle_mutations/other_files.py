"""Golden vectors, manifest and monitor that are wrong in themselves, signed by the trusted key."""

import io
import json
import zipfile
from typing import Any

import numpy as np

from bundle_mutations.original import Contents, Original, Random
from bundle_mutations.zip_tricks import add_silently
from heatrouter.agents.golden import parse_golden
from heatrouter.agents.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    MONITOR_FILE,
    parse_manifest,
)


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
            add_silently(archive, "action.npy", member.getvalue())
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
