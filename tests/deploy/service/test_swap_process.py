"""Exchange of bundles between real worker processes, under questions that do not stop."""

import asyncio
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from constant_bundle import constant_bundle

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.deploy.signing import generate_keys, load_private_key, sign_manifest
from heatrouter.deploy.swap_worker import SwapWorker
from heatrouter.deploy.worker_link import WorkerLink
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import BundleError
from heatrouter.envs.spec.district import District
from heatrouter.envs.spec.task import Task

PATIENCE_S = 5.0  # of a loaded machine


@pytest.fixture(scope="module")
def other(
    tmp_path_factory: pytest.TempPathFactory, district: District, task: Task, neutral: np.ndarray
) -> Path:
    """Another bundle of the same contract, signed; the key lies beside it."""
    folder = tmp_path_factory.mktemp("other")
    moved = (neutral + 1.0).astype(np.float32)
    bundle = constant_bundle(folder / "bundle", district, task, moved, name="other")
    private, _, _ = generate_keys(folder / "release")
    signature = sign_manifest(read_bundle(bundle).manifest, load_private_key(private))
    (bundle / "signature.json").write_bytes(signature)
    return bundle


def link_to(path: Path, contract: Contract, *keys: Path) -> WorkerLink:
    return WorkerLink(
        path,
        contract_digest=contract.digest,
        n_action=len(contract.action),
        clock=time.monotonic,
        district="energy-web",
        trusted_keys=keys,
    )


async def test_no_question_is_lost_while_the_policy_is_exchanged(
    bundle: Path, other: Path, contract: Contract, neutral: np.ndarray
) -> None:
    first = link_to(bundle, contract)
    await first.open()
    worker = SwapWorker(first)
    observation = np.zeros(len(contract.observation), dtype=np.float32)
    old = first._process
    assert old is not None
    second = link_to(other, contract, other.parent / "release.pub")
    loading = asyncio.create_task(second.open())
    answers: list[float] = []
    while not loading.done():
        answers.append((await worker.decide(observation, PATIENCE_S)).action[0])
        await asyncio.sleep(0.005)
    await loading
    assert second.about is not None
    assert second.about.signed_by is not None
    before = worker.bundle_digest
    worker.replace(second)
    assert worker.bundle_digest == before, "what is in force is still the old one's decision"
    decision = await worker.decide(observation, PATIENCE_S)
    assert worker.bundle_digest == second.bundle_digest != before
    np.testing.assert_allclose(answers, neutral[0])
    np.testing.assert_allclose(decision.action, neutral + 1.0)
    assert worker.poll() is None
    await worker.close()
    assert old.poll() is not None, "the old process has ended"


async def test_an_unsigned_bundle_does_not_start_where_keys_are_named(
    bundle: Path, other: Path, contract: Contract
) -> None:
    with pytest.raises(BundleError, match="not signed"):
        await link_to(bundle, contract, other.parent / "release.pub").open()


async def test_a_bundle_with_other_rules_in_its_task_is_refused(
    other: Path, contract: Contract
) -> None:
    link = WorkerLink(
        other,
        contract_digest=contract.digest,
        n_action=len(contract.action),
        clock=time.monotonic,
        rules="0" * 64,
    )
    with pytest.raises(BundleError, match="other parameters of the rules"):
        await link.open()


async def test_a_crash_does_not_change_the_policy(
    bundle: Path, other: Path, contract: Contract, tmp_path: Path
) -> None:
    place = shutil.copytree(bundle, tmp_path / "bundle")
    worker = link_to(place, contract)
    await worker.open()
    shutil.rmtree(place)
    shutil.copytree(other, place)
    assert worker._process is not None
    worker._process.kill()
    end = time.monotonic() + 60.0
    while worker.restarts == 0 and time.monotonic() < end:
        worker.poll()
        await asyncio.sleep(0.02)
    assert worker._hello is not None
    with pytest.raises(Exception, match="holds another bundle"):
        await asyncio.wait_for(asyncio.shield(worker._hello), 60.0)
    assert not worker.ready
    await worker.close()
