"""The bundle: an exported policy with everything that must agree before it may control a plant.

A folder, or one archive, with these files:

    policy.onnx     observation in, action in physical units out; scaling and clipping in the graph
    manifest.json   contract, task, digests, origin, versions, sha256 of the other files
    golden.npz      observations with the actions and guarded set-points they must lead to
    monitor.json    what the policy has seen, to notice what it has not; may be missing
    signature.json  who vouches for the manifest, and so for all of it; may be missing here

Written once by ``heatrouter export``, checked completely each time that it is loaded. Neither torch
nor the ``onnx`` package is needed. Who may sign is the service's business (``deploy.gate``).
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from heatrouter.agents.bundle_files import BundleFiles, read_bundle
from heatrouter.agents.golden import GoldenVectors, compare_golden, parse_golden
from heatrouter.agents.golden_chain import check_chain
from heatrouter.agents.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    MONITOR_FILE,
    SIGNATURE_FILE,
    Manifest,
    ObservationStatistics,
    Parity,
    TrainingMember,
    TrainingRecord,
    parse_manifest,
    sha256_of,
)
from heatrouter.agents.monitor import Monitor, parse_monitor
from heatrouter.agents.onnx_model import (
    FLOAT_ELEMENT,
    DeclaredValue,
    ModelFacts,
    open_session,
    refuse_unsafe,
)
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError
from heatrouter.envs.spec.district import District

INPUT_NAME: Final = "observation"
OUTPUT_NAME: Final = "action"

__all__ = [
    "GOLDEN_FILE",
    "INPUT_NAME",
    "MANIFEST_FILE",
    "MODEL_FILE",
    "OUTPUT_NAME",
    "Bundle",
    "GoldenVectors",
    "Manifest",
    "ObservationStatistics",
    "Parity",
    "TrainingMember",
    "TrainingRecord",
    "load_bundle",
    "open_bundle",
    "write_bundle",
]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that passed every check.

    Attributes:
        path: The folder or archive it was read from.
        manifest: What it says about itself.
        identity: sha256 of the manifest's bytes, and so of everything in the bundle.
        golden: Its golden vectors.
        monitor: What it has seen; None where it does not say.
        model: The bytes of the model; the file is not read again.
        session: ``onnxruntime.InferenceSession`` of these bytes, which ran the golden vectors.
    """

    path: Path
    manifest: Manifest
    identity: str
    golden: GoldenVectors
    monitor: Monitor | None
    model: bytes
    session: Any

    @property
    def contract(self) -> Contract:
        """What the policy observes and answers."""
        return self.manifest.contract

    @property
    def digest(self) -> str:
        """See :attr:`Manifest.digest`."""
        return self.manifest.digest


def write_bundle(
    folder: Path,
    onnx_model: bytes,
    manifest: Manifest,
    golden: GoldenVectors,
    monitor: Monitor | None = None,
) -> Path:
    """Write a bundle; the folder appears whole or not at all, and only if it loads.

    Args:
        folder: Where it shall be; an older bundle there is replaced.
        onnx_model: The exported graph.
        manifest: Its statements; ``files`` is filled in here.
        golden: Its golden vectors.
        monitor: What the policy has seen, if that is known.

    Returns:
        The folder.

    Raises:
        BundleError: The parts do not fit together, or ``folder`` holds something else.
    """
    if folder.exists() and not (folder / MANIFEST_FILE).is_file() and any(folder.iterdir()):
        msg = f"{folder} exists and is no bundle; name a new folder: nothing else is overwritten"
        raise BundleError(msg)
    contents = {MODEL_FILE: onnx_model, GOLDEN_FILE: golden.to_bytes()}
    if monitor is not None:
        contents[MONITOR_FILE] = monitor.to_json()
    files = {name: sha256_of(data) for name, data in contents.items()}
    manifest = manifest.model_copy(update={"files": files})
    parent = folder.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=parent))
    try:
        for name, data in contents.items():
            (stage / name).write_bytes(data)
        (stage / MANIFEST_FILE).write_bytes(manifest.to_json())
        load_bundle(stage)
        stage.chmod(0o755)
        _replace(stage, folder)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    return folder


def _replace(stage: Path, folder: Path) -> None:
    """Put ``stage`` in the place of ``folder``; a bundle that was there goes last."""
    if not folder.exists():
        stage.rename(folder)
        return
    old = stage.with_name(stage.name + "-old")
    folder.rename(old)
    try:
        stage.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def load_bundle(path: str | Path, district: District | None = None) -> Bundle:
    """Read a bundle and check everything that it says about itself.

    Args:
        path: The folder or the archive.
        district: The district that it shall control; None checks the bundle alone.

    Returns:
        The bundle, with a session that reproduced the golden vectors.

    Raises:
        BundleError: Anything is missing, changed, unsafe, or does not fit; one clear message.
    """
    return open_bundle(read_bundle(path), district)


def open_bundle(files: BundleFiles, district: District | None = None) -> Bundle:
    """Check everything that a bundle says about itself, and nothing but these bytes.

    Args:
        files: Its bytes. Whoever wants a signature verifies it before.
        district: The district that it shall control; None checks the bundle alone.

    Returns:
        The bundle, with a session that reproduced the golden vectors.

    Raises:
        BundleError: Anything is missing, changed, unsafe, or does not fit; one clear message.
    """
    manifest = parse_manifest(files.manifest)
    _check_hashes(manifest, files)
    _check_contract(manifest, district)
    golden = parse_golden(files.contents[GOLDEN_FILE], manifest.contract)
    monitor = None
    if MONITOR_FILE in files.contents:
        monitor = parse_monitor(files.contents[MONITOR_FILE], manifest.contract)
    model = files.contents[MODEL_FILE]
    facts = refuse_unsafe(model)
    _check_declared(facts, manifest.contract)
    session = open_session(model)
    _check_signature(session, manifest.contract)
    _run_golden(session, golden, manifest.contract)
    if district is not None:
        check_chain(manifest, golden, district)
    return Bundle(files.source, manifest, files.identity, golden, monitor, model, session)


def _check_hashes(manifest: Manifest, files: BundleFiles) -> None:
    there = set(files.contents) - {MANIFEST_FILE, SIGNATURE_FILE}
    for name in sorted(there | set(manifest.files)):
        wanted = manifest.files.get(name, "none")
        found = sha256_of(files.contents[name]) if name in there else "none"
        if wanted != found:
            msg = (
                f"{name}: its sha256 is {found[:12]}…, the manifest says {wanted[:12]}…; the file "
                "was changed or cut short: copy or export the bundle again"
            )
            raise BundleError(msg)


def _check_contract(manifest: Manifest, district: District | None) -> None:
    contract, task = manifest.contract, manifest.task
    if manifest.contract_digest != contract.digest:
        msg = (
            f"contract: its digest is {contract.digest[:12]}…, the manifest says "
            f"{manifest.contract_digest[:12]}…; export the run again"
        )
        raise BundleError(msg)
    for what, left, right in (
        ("control_dt_s", contract.control_dt_s, task.control_dt_s),
        ("parametrisation", contract.parametrisation, task.parametrisation),
        ("decoder", contract.parametrisation, manifest.decoder),
    ):
        if left != right:
            msg = (
                f"{what}: the contract says {left!r}, the manifest {right!r}; export the run again"
            )
            raise BundleError(msg)
    if district is not None and district.digest != contract.district_digest:
        msg = (
            f"district: the bundle was made for {contract.district!r} "
            f"({contract.district_digest[:12]}…), it is asked to control {district.name!r} "
            f"({district.digest[:12]}…); name the district it was trained on, or train and export "
            "again"
        )
        raise BundleError(msg)


def _check_declared(facts: ModelFacts, contract: Contract) -> None:
    """What the file says of its input and output; the runtime would correct a wrong size."""
    for kind, found, name, width in (
        ("input", facts.inputs, INPUT_NAME, len(contract.observation)),
        ("output", facts.outputs, OUTPUT_NAME, len(contract.action)),
    ):
        if found != (DeclaredValue(name, FLOAT_ELEMENT, (None, width)),):
            listed = [(value.name, value.element, value.dimensions) for value in found]
            msg = (
                f"{MODEL_FILE}: declares as {kind}s {listed}; the contract asks for one "
                f"{name!r} of 32-bit floats, shape (any, {width}); export the run again"
            )
            raise BundleError(msg)


def _check_signature(session: Any, contract: Contract) -> None:  # noqa: ANN401  # onnxruntime
    inputs = [(node.name, node.type, node.shape) for node in session.get_inputs()]
    outputs = [(node.name, node.type, node.shape) for node in session.get_outputs()]
    for kind, found, name, width in (
        ("input", inputs, INPUT_NAME, len(contract.observation)),
        ("output", outputs, OUTPUT_NAME, len(contract.action)),
    ):
        fits = (
            len(found) == 1
            and found[0][:2] == (name, "tensor(float)")
            and len(found[0][2]) == 2  # environments and channels
            # A name, not a number, is a free batch size.
            and not isinstance(found[0][2][0], int)
            and found[0][2][1] == width
        )
        if not fits:
            msg = (
                f"{MODEL_FILE}: its {kind}s are {found}; the contract asks for one "
                f"{name!r} of 32-bit floats, shape (any, {width}); export the run again"
            )
            raise BundleError(msg)


def _run_golden(session: Any, golden: GoldenVectors, contract: Contract) -> None:  # noqa: ANN401
    try:
        (action,) = session.run([OUTPUT_NAME], {INPUT_NAME: golden.observation})
    except Exception as error:  # onnxruntime's error classes have no common base
        msg = (
            f"{MODEL_FILE}: fails on the golden observations ({str(error).partition(chr(10))[0]}); "
            "export the run again"
        )
        raise BundleError(msg) from error
    compare_golden(np.asarray(action), golden.action, contract, "action")
