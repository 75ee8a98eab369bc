"""``heatrouter model``: sign, verify and exchange the bundles that a control service runs."""

import getpass
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heatrouter.deploy.model_asking import ask_or_change
from heatrouter.deploy.model_requests import ModelAction, ModelRequest
from heatrouter.deploy.model_store import ModelStore, StoredModel
from heatrouter.deploy.state_dir import StateDir
from heatrouter.envs.errors import EXIT_FAILURE, BundleError, ServiceConfigError

if TYPE_CHECKING:
    # Loaded by the commands that need it: onnxruntime and cryptography take their time.
    from heatrouter.agents.bundle_files import BundleFiles
    from heatrouter.deploy.gate import Admitted

PASSPHRASE_VARIABLE = "HEATROUTER_KEY_PASSPHRASE"  # noqa: S105  # the name, not the thing
app = typer.Typer(
    name="model",
    help="Sign, verify and exchange the bundles that a control service runs.\n\n"
    "Example: heatrouter model activate my-bundle --key keys/release.pub",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

StateOption = Annotated[
    Path, typer.Option(help="The state folder of the service (`heatrouter serve --state-dir`).")
]
KeyOption = Annotated[
    list[Path] | None,
    typer.Option("--key", help="Public key to believe; repeatable. Default: $HEATROUTER_TRUSTED."),
]
UserOption = Annotated[
    str | None, typer.Option(help="Who asks; it goes into the audit log. Default: your login.")
]
ReasonOption = Annotated[str, typer.Option(help="Why; it goes into the audit log.")]
WaitOption = Annotated[
    float, typer.Option(min=0.0, help="Real seconds to wait for the service's answer.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
BundleArgument = Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder or archive.")]
DistrictOption = Annotated[
    str | None, typer.Option(help="Preset or file. Default: the one it was made for.")
]


@app.command()
def keygen(
    stem: Annotated[Path, typer.Argument(metavar="STEM", help="Makes STEM.key and STEM.pub.")],
    *,
    json_output: JsonOption = False,
) -> None:
    """Make a pair of keys: the private one signs, services are given the public one.

    The private key is encrypted where $HEATROUTER_KEY_PASSPHRASE is set.

    Example: heatrouter model keygen keys/release
    """
    from heatrouter.deploy.signing import generate_keys

    private, public, name = generate_keys(stem, os.environ.get(PASSPHRASE_VARIABLE))
    content = {"private": str(private), "public": str(public), "key_id": name}
    _show(content, f"{public}: key {name}; keep {private} to yourself", json_output=json_output)


@app.command()
def sign(
    bundle: BundleArgument,
    *,
    key: Annotated[Path, typer.Option(help="Private key, STEM.key of `model keygen`.")],
    archive: Annotated[
        Path | None, typer.Option(help="Write the signed bundle as one file (.zip), too.")
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Check a bundle and vouch for it: writes signature.json into its folder.

    Example: heatrouter model sign my-bundle --key keys/release.key --archive my-bundle.zip
    """
    from heatrouter.agents.bundle_files import pack_archive, read_bundle
    from heatrouter.agents.manifest import SIGNATURE_FILE
    from heatrouter.deploy.gate import admit_files
    from heatrouter.deploy.signing import load_private_key, sign_manifest

    files = read_bundle(bundle)
    admit_files(files, None, None)
    private = load_private_key(key, os.environ.get(PASSPHRASE_VARIABLE))
    signature = sign_manifest(files.manifest, private)
    target = bundle if archive is None and bundle.is_file() else archive
    if bundle.is_dir():
        _replace_bytes(bundle / SIGNATURE_FILE, signature)
    if target is not None:
        _replace_bytes(target, pack_archive(files.with_signature(signature).contents))
    signer = json.loads(signature)["key_id"]
    content = {"bundle": str(bundle), "identity": files.identity, "key_id": signer}
    _show(
        content,
        f"{bundle}: {files.identity[:16]} signed with key {signer}",
        json_output=json_output,
    )


@app.command()
def verify(
    bundle: BundleArgument,
    *,
    key: KeyOption = None,
    district: DistrictOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let a bundle through the gate: signature, hashes, contents, golden vectors, district.

    Example: heatrouter model verify my-bundle --key keys/release.pub
    """
    admitted = _admit(bundle, key, district)
    manifest = admitted.bundle.manifest
    content = {
        "bundle": str(bundle),
        "identity": admitted.bundle.identity,
        "digest": admitted.bundle.digest,
        "name": manifest.name,
        "district": manifest.contract.district,
        "signed_by": admitted.signed_by,
        "golden_vectors": int(admitted.bundle.golden.observation.shape[0]),
        "monitor": admitted.bundle.monitor is not None,
    }
    text = (
        f"ok: {manifest.name} for {manifest.contract.district}, {admitted.bundle.identity[:16]}, "
        f"signed by {admitted.signed_by}"
    )
    _show(content, text, json_output=json_output)


@app.command(name="list")
def list_models(
    *, state_dir: StateOption = Path("runs/serve"), json_output: JsonOption = False
) -> None:
    """Show the bundles of a service: in force, previous, challenger, and others.

    Example: heatrouter model list --state-dir runs/serve
    """
    store = ModelStore(state_dir)
    index = store.index()
    roles = {index.previous: "previous", index.challenger: "challenger", index.champion: "in force"}
    models = store.models()
    if json_output:
        rows = [{**asdict(found), "role": roles.get(found.name, "")} for found in models]
        typer.echo(json.dumps({"index": index.model_dump(), "models": rows}))
        return
    for found in models:
        typer.echo(_row(found, roles.get(found.name, "")))
    if index.champion is None:
        typer.echo("in force: the bundle of the configuration")


@app.command()
def activate(
    bundle: Annotated[
        str, typer.Argument(metavar="BUNDLE", help="Folder, archive, or name in `model list`.")
    ],
    *,
    key: KeyOption = None,
    district: DistrictOption = None,
    challenger: Annotated[
        bool, typer.Option("--challenger", help="Let it watch in shadow instead.")
    ] = False,
    state_dir: StateOption = Path("runs/serve"),
    user: UserOption = None,
    reason: ReasonOption = "",
    wait_s: WaitOption = 60.0,
    json_output: JsonOption = False,
) -> None:
    """Put a verified bundle in force; a running service takes it without missing a tick.

    Example: heatrouter model activate my-bundle --key keys/release.pub --reason "winter retraining"
    """
    store = ModelStore(state_dir)
    source = Path(bundle)
    if not source.exists() and store.folder(bundle).is_dir():
        source = store.folder(bundle)
    admitted = _admit(source, key, district)
    StateDir(state_dir).create()
    name = store.install(admitted.files)
    action: ModelAction = "challenge" if challenger else "activate"
    _ask(state_dir, action, name, user, reason, wait_s, json_output=json_output)


@app.command()
def rollback(
    *,
    state_dir: StateOption = Path("runs/serve"),
    user: UserOption = None,
    reason: ReasonOption = "",
    wait_s: WaitOption = 60.0,
    json_output: JsonOption = False,
) -> None:
    """Go back to the bundle that was in force before.

    Example: heatrouter model rollback --reason "clips too often"
    """
    _ask(state_dir, "rollback", None, user, reason, wait_s, json_output=json_output)


@app.command()
def withdraw(
    *,
    state_dir: StateOption = Path("runs/serve"),
    user: UserOption = None,
    reason: ReasonOption = "",
    wait_s: WaitOption = 60.0,
    json_output: JsonOption = False,
) -> None:
    """End the challenger in shadow.

    Example: heatrouter model withdraw --reason "comparison is over"
    """
    _ask(state_dir, "withdraw", None, user, reason, wait_s, json_output=json_output)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="Name of the registered model.")],
    *,
    registry: Annotated[
        str, typer.Option(help="http(s)://host:port of an MLflow server, or a file store's folder.")
    ],
    alias: Annotated[str, typer.Option(help="Such as champion or challenger.")] = "champion",
    out: Annotated[Path, typer.Option(help="Archive to write; an older one is replaced.")],
    key: KeyOption = None,
    district: DistrictOption = None,
    json_output: JsonOption = False,
) -> None:
    """Fetch a signed bundle from an MLflow registry, as bytes and without MLflow.

    Example: heatrouter model pull energy-web --registry http://mlflow:5000 --key keys/release.pub --out new.zip
    """  # noqa: E501  # an example is one line
    from heatrouter.agents.bundle_files import pack_archive
    from heatrouter.deploy.mlflow_pull import pull as fetch

    pulled = fetch(registry, name, alias)
    admitted = _admit_files(pulled.files, key, district)
    _replace_bytes(out, pack_archive(pulled.files.contents))
    content = {
        "model": name,
        "alias": alias,
        "version": pulled.version,
        "identity": admitted.bundle.identity,
        "signed_by": admitted.signed_by,
        "archive": str(out),
    }
    text = (
        f"{out}: {name} version {pulled.version}, {admitted.bundle.identity[:16]}, signed by "
        f"{admitted.signed_by}"
    )
    _show(content, text, json_output=json_output)


# --- common ---


def _admit(path: Path, keys: list[Path] | None, district: str | None) -> "Admitted":
    from heatrouter.agents.bundle_files import read_bundle

    return _admit_files(read_bundle(path), keys, district)


def _admit_files(files: "BundleFiles", keys: list[Path] | None, district: str | None) -> "Admitted":
    from heatrouter.agents.manifest import parse_manifest
    from heatrouter.deploy.gate import admit_files
    from heatrouter.deploy.signing import load_trusted_keys, verify_signature
    from heatrouter.envs.spec.loading import load_district

    trusted = load_trusted_keys(_keys(keys))
    # Before the manifest is believed about its district.
    verify_signature(files, trusted)
    name = district or parse_manifest(files.manifest).contract.district
    return admit_files(files, trusted, load_district(name))


def _row(found: StoredModel, role: str) -> str:
    saving = "" if found.saving is None else f"{100 * found.saving:.1f} %"
    return f"{found.name}  {role:<10}  {found.title:<24}  {found.created_utc}  {saving}"


def _keys(keys: list[Path] | None) -> list[Path]:
    named = keys or [
        Path(part) for part in os.environ.get("HEATROUTER_TRUSTED", "").split(os.pathsep) if part
    ]
    if not named:
        msg = "no key to believe: name one with --key, or set HEATROUTER_TRUSTED"
        raise ServiceConfigError(msg)
    return named


def _ask(
    state_dir: Path,
    action: ModelAction,
    name: str | None,
    user: str | None,
    reason: str,
    wait_s: float,
    *,
    json_output: bool,
) -> None:
    asker = user if user is not None else getpass.getuser()
    request = ModelRequest(action=action, name=name, user=asker, reason=reason)
    answer = ask_or_change(StateDir(state_dir), request, wait_s)
    _show(answer, str(answer["outcome"]), json_output=json_output)
    if not answer["accepted"]:
        raise typer.Exit(EXIT_FAILURE)


def _replace_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; beside its folder, which may hold nothing else."""
    stage = path.resolve().parent.with_name(f".{path.name}.part")
    try:
        stage.write_bytes(data)
        stage.replace(path)
    except OSError as error:
        stage.unlink(missing_ok=True)
        msg = f"{path}: {error.strerror}; name a file that you may write"
        raise BundleError(msg) from error


def _show(content: Mapping[str, object], text: str, *, json_output: bool) -> None:
    typer.echo(json.dumps(content) if json_output else text)
