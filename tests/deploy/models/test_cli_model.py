"""``heatrouter model`` on real files, with no service running."""

import json
from pathlib import Path

import pytest
from bundle_mutations.original import Original, write_folder
from typer.testing import CliRunner

from heatrouter.agents.bundle_files import read_bundle
from heatrouter.deploy.audit import read_audit
from heatrouter.deploy.cli_model import app
from heatrouter.deploy.cli_serve import bundle_in_force
from heatrouter.deploy.config import ServiceConfig
from heatrouter.deploy.model_store import ModelStore
from heatrouter.deploy.state_dir import StateDir
from heatrouter.envs.errors import HeatrouterError


def run(*arguments: str | Path) -> dict[str, object]:
    """Run a command that succeeds, and read its JSON; errors come as they were raised."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
    if isinstance(result.exception, HeatrouterError):
        raise result.exception
    assert result.exit_code == 0, result.output
    content = json.loads(result.output)
    assert isinstance(content, dict)
    return content


def test_from_keys_to_a_bundle_in_force_and_back(
    unsigned: Path, original: Original, tmp_path: Path
) -> None:
    made = run("keygen", tmp_path / "release")
    private, public, state = (tmp_path / n for n in ("release.key", "release.pub", "state"))
    signed = run("sign", unsigned, "--key", private, "--archive", tmp_path / "a.zip")
    assert signed["key_id"] == made["key_id"]
    verified = run("verify", tmp_path / "a.zip", "--key", public)
    assert verified["signed_by"] == made["key_id"]
    assert verified["identity"] == read_bundle(unsigned).identity

    other = write_folder(
        tmp_path / "b", {n: d for n, d in original.other.items() if n != "signature.json"}
    )
    run("sign", other, "--key", private)
    for bundle in (tmp_path / "a.zip", other):
        run("activate", bundle, "--key", public, "--state-dir", state, "--user", "anna")
    first, second = (read_bundle(path).identity[:16] for path in (unsigned, other))
    store = ModelStore(state)
    assert (store.index().champion, store.index().previous) == (second, first)
    run("rollback", "--state-dir", state, "--user", "anna", "--reason", "clips too often")
    assert store.index().champion == first
    run("activate", second, "--key", public, "--challenger", "--state-dir", state)
    listed = run("list", "--state-dir", state)
    models = listed["models"]
    assert isinstance(models, list)
    roles = {row["name"]: row["role"] for row in models}
    assert roles == {first: "in force", second: "challenger"}
    run("withdraw", "--state-dir", state)
    assert store.index().challenger is None

    events = [(r.event, r.user) for r in read_audit(StateDir(state).audit_path)]
    assert events[:3] == [
        ("bundle activate", "anna"),
        ("bundle activate", "anna"),
        ("bundle rollback", "anna"),
    ]
    config = ServiceConfig.model_validate({"bundle": unsigned, "state_dir": state})
    assert bundle_in_force(config).bundle == store.folder(first)


def test_nothing_unsigned_or_foreign_is_activated(
    unsigned: Path, signed: Path, keys: tuple[Path, Path], tmp_path: Path
) -> None:
    _, public = keys
    state = tmp_path / "state"
    for bundle, words in ((unsigned, "not signed"), (signed, "trusted are")):
        with pytest.raises(HeatrouterError, match=words):
            run("activate", bundle, "--key", public, "--state-dir", state)
    with pytest.raises(HeatrouterError, match="no key to believe"):
        run("verify", signed)
    assert not ModelStore(state).models()


def test_a_bundle_that_would_not_pass_is_not_signed(
    unsigned: Path, keys: tuple[Path, Path]
) -> None:
    (unsigned / "policy.onnx").write_bytes(b"nothing")
    with pytest.raises(HeatrouterError, match="sha256"):
        run("sign", unsigned, "--key", keys[0])
    assert not (unsigned / "signature.json").exists()


def test_beside_a_real_plant_only_signed_bundles_run(
    unsigned: Path, keys: tuple[Path, Path]
) -> None:
    remote = {
        "bundle": unsigned,
        "endpoint": "opc.tcp://10.0.0.7:4840",
        "opcua": {"security_policy": "none"},
    }
    with pytest.raises(ValueError, match="only signed bundles run"):
        ServiceConfig.model_validate(remote)
    ServiceConfig.model_validate(remote | {"trusted_keys": [keys[1]]})
    ServiceConfig.model_validate(remote | {"allow_unsigned": True})
    ServiceConfig.model_validate(remote | {"policy": False, "district": "energy-web"})
    for here in ("127.0.0.1", "localhost", "[::1]"):
        ServiceConfig.model_validate(remote | {"endpoint": f"opc.tcp://{here}:4840"})
