"""``heatrouter tags``: find a plant's tags, show a map, make certificates."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heatrouter.deploy.certificates import PASSWORD_FILE, fingerprint, make_both
from heatrouter.deploy.field_checks import default_field_tags
from heatrouter.deploy.field_settings import OpcUaSettings
from heatrouter.deploy.logs import configure_logging
from heatrouter.deploy.tag_file import load_tags
from heatrouter.envs.contract import Contract
from heatrouter.envs.errors import PlantUnreachableError, ServiceConfigError
from heatrouter.envs.observe import build_contract
from heatrouter.envs.spec.loading import load_district, load_task

if TYPE_CHECKING:
    from heatrouter.deploy.opcua_browse import ServerVariable

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Find a plant's tags, show a map of them, make certificates.",
)

DistrictArgument = Annotated[str, typer.Argument(metavar="PRESET|FILE", help="The district.")]
TaskOption = Annotated[str | None, typer.Option(help="Task; default: the preset's.")]


@app.command()
def wizard(
    district: DistrictArgument,
    *,
    endpoint: Annotated[str, typer.Option(help="OPC UA server.")] = "opc.tcp://127.0.0.1:4840",
    out: Annotated[Path, typer.Option(help="YAML to write; never replaced.")] = Path("tags.yaml"),
    task: TaskOption = None,
    folder: Annotated[
        str | None, typer.Option(help="Folder below Objects to keep to; default: all.")
    ] = None,
    service: Annotated[
        Path | None, typer.Option(help="Service file whose opcua: section is used to connect.")
    ] = None,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="Real seconds per request.")] = 5.0,
) -> None:
    """Browse an OPC UA server and propose which variable is which tag; a person checks the file.

    Example: heatrouter tags wizard energy-web --endpoint opc.tcp://plc:4840 --out tags.yaml
    """
    from heatrouter.deploy.tag_wizard import mapping_text, propose

    configure_logging(json_lines=False, verbose=False)
    contract = _contract(district, task)
    if out.exists():
        msg = f"{out} exists and is not replaced; name another file with --out"
        raise ServiceConfigError(msg)
    security = None if service is None else _security(service)
    variables = asyncio.run(_browse(endpoint, security, folder, timeout_s))
    proposal = propose(contract, variables)
    out.write_text(mapping_text(proposal, contract, endpoint), encoding="utf-8")
    total = len(proposal.matches) + len(proposal.missing)
    typer.echo(f"{len(variables)} variables; {len(proposal.matches)} of {total} tags -> {out}")
    for name in proposal.missing:
        typer.echo(f"  not found: {name}")


@app.command()
def show(
    district: DistrictArgument,
    *,
    protocol: Annotated[str, typer.Option(help="opc.tcp, modbus or replay.")] = "opc.tcp",
    tags: Annotated[Path | None, typer.Option(help="YAML laid over the default map.")] = None,
    task: TaskOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show where every entry of the contract is: node or register, type, unit.

    Example: heatrouter tags show energy-web --protocol modbus
    """
    if protocol not in {"opc.tcp", "modbus", "replay"}:
        msg = f"{protocol!r} is not opc.tcp, modbus or replay"
        raise typer.BadParameter(msg, param_hint="--protocol")
    contract = _contract(district, task)
    base = default_field_tags(f"{protocol}:", contract)
    found = base if tags is None else load_tags(tags, contract, base)
    if as_json:
        typer.echo(found.model_dump_json(indent=1))
        return
    rows = {**found.scalars(), **{f"forecast:{n}": t for n, t in found.forecast.items()}}
    rows |= found.writable()
    width = max(map(len, rows))
    for name, tag in rows.items():
        typer.echo(f"{name:<{width}}  {tag.data_type:<8} {tag.unit:<8} {tag.node}")


@app.command()
def certificates(
    folder: Annotated[Path, typer.Argument(help="New folder for both applications.")],
    *,
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address of the plant; may be repeated.")
    ] = None,
) -> None:
    """Make keys and certificates for service and virtual plant that trust each other.

    Example: heatrouter tags certificates certificates
    """
    made = make_both(folder, host or ["localhost", "127.0.0.1"])
    result = {role: fingerprint(certificate) for role, certificate in made.items()}
    typer.echo(json.dumps({"sha256": result, "password": str(folder / PASSWORD_FILE)}))


def _contract(district: str, task: str | None) -> Contract:
    return build_contract(load_district(district), load_task(task or district))


def _security(path: Path) -> OpcUaSettings | None:
    from heatrouter.deploy.config import load_config

    return load_config(path, {}).opcua


async def _browse(
    endpoint: str, settings: OpcUaSettings | None, folder: str | None, timeout_s: float
) -> "tuple[ServerVariable, ...]":
    from asyncua.client.client import Client

    from heatrouter.deploy.link_supervisor import cause_of
    from heatrouter.deploy.opcua_browse import browse
    from heatrouter.deploy.opcua_link import LOSSES
    from heatrouter.deploy.opcua_security import load_client_security, secure_client

    client = Client(endpoint, timeout=timeout_s)
    try:
        if settings is not None:
            await secure_client(client, load_client_security(settings))
        async with client:
            return await browse(client, folder)
    except LOSSES as error:
        hint = "check the endpoint, and whether the plant is up"
        if settings is None and "No matching endpoints" in cause_of(error):
            hint = "it takes secured sessions only: name a service file with opcua: by --service"
        msg = f"{endpoint} cannot be browsed ({cause_of(error)}); {hint}"
        raise PlantUnreachableError(msg) from error
