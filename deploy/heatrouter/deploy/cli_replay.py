"""``heatrouter replay``: repeat what a service computed, from its audit log, bit for bit."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from heatrouter.agents.bundle import load_bundle
from heatrouter.agents.onnx_policy import OnnxPolicy
from heatrouter.deploy.audit import audit_segments, read_audit
from heatrouter.deploy.config import ServiceSetup, prepare
from heatrouter.deploy.http_config import HttpConfig
from heatrouter.deploy.model_store import MODELS_FOLDER
from heatrouter.deploy.replay import Act, ReplayResult, recorded_config, replay
from heatrouter.deploy.state_dir import AUDIT_FILE
from heatrouter.envs.arrays import FloatArray
from heatrouter.envs.cli_options import AsJson
from heatrouter.envs.errors import EXIT_FAILURE, BundleError

LOOPBACK_PLANT = "opc.tcp://127.0.0.1:4840"


class BundleFinder:
    """Policies by the digest of what their bundle does.

    Args:
        paths: Where to look: bundles, and folders of bundles.
    """

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._looked: set[Path] = set()
        self._found: dict[str, Act] = {}

    def __call__(self, digest: str) -> Act | None:
        """The policy with this digest, or None."""
        for path in self._paths:
            if path not in self._looked:
                self._looked.add(path)
                for candidate in [path, *(sorted(path.iterdir()) if path.is_dir() else [])]:
                    self._load(candidate)
        return self._found.get(digest)

    def _load(self, path: Path) -> None:
        try:
            bundle = load_bundle(path)
        except BundleError:
            return  # a folder among bundles, or one of another version: said by what is missing
        policy = OnnxPolicy(bundle)

        def act(observation: FloatArray) -> FloatArray:
            action: FloatArray = policy.act(observation.astype(np.float32)[np.newaxis])[0]
            return action

        self._found[bundle.digest] = act


def replay_command(
    source: Annotated[
        Path,
        typer.Argument(metavar="STATE_DIR|AUDIT", help="State folder of a service, or its log."),
    ],
    *,
    bundle: Annotated[
        list[Path] | None,
        typer.Option(help="A bundle that ran, or a folder of them; default: as on record."),
    ] = None,
    district: Annotated[
        str | None, typer.Option(help="Preset or file, where it lies elsewhere now.")
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="Preset or file, where it lies elsewhere now.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Repeat every tick of an audit log and compare it bit for bit.

    From inputs, validity, forecasts and modes on record follow observation, raw action, proposal
    and set-points. Exits 1 at a difference, or where nothing could be repeated.

    Example: heatrouter replay runs/serve
    """
    path = source / AUDIT_FILE if source.is_dir() else source
    moved = {"district": district, "task": task}
    places = list(bundle or [])
    if source.is_dir():
        places.append(source / MODELS_FOLDER)

    def setups(identity: Mapping[str, object]) -> ServiceSetup:
        config = recorded_config(identity)
        if config.bundle is not None and not config.bundle.exists() and bundle:
            config = config.model_copy(update={"bundle": bundle[0]})
        elif config.bundle is not None:
            places.append(config.bundle)
        # How the field was reached is no part of what was computed.
        field: dict[str, object] = {
            "endpoint": LOOPBACK_PLANT,
            "opcua": None,
            "tags": None,
            "trusted_keys": (),
        }
        field["http"] = HttpConfig(enabled=False)
        changes = {name: value for name, value in moved.items() if value is not None}
        return prepare(config.model_copy(update=field | changes))

    result = replay(read_audit(path), setups, BundleFinder(places))
    if as_json:
        typer.echo(json.dumps(_answer(result), indent=2))
    else:
        _show(result, files=len(audit_segments(path)))
    if not result.same:
        raise typer.Exit(EXIT_FAILURE)


def _answer(result: ReplayResult) -> dict[str, object]:
    return {**asdict(result), "same": result.same}


def _show(result: ReplayResult, *, files: int) -> None:
    typer.echo(
        f"{result.records} records in {files} file{'s' if files != 1 else ''}, "
        f"{result.runs} start{'s' if result.runs != 1 else ''} of the service; the chain holds"
    )
    typer.echo(f"{result.ticks} ticks repeated, {result.decisions} actions of the policy computed")
    if result.decisions_taken:
        typer.echo(
            f"{result.decisions_taken} actions taken from the log: their bundle is not at hand, "
            "name it with --bundle"
        )
    if result.passed_over:
        typer.echo(
            f"{result.passed_over} ticks passed over: records before them are lost or archived"
        )
    if result.first is not None:
        typer.echo(f"{result.differences} ticks differ, first: {result.first}")
    elif result.ticks:
        typer.echo("every set-point is the same, bit for bit")
    else:
        typer.echo("nothing could be repeated")
