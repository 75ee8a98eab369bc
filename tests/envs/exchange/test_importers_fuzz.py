"""Whatever a file holds, an importer answers with a district or with a DistrictError."""

import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from tests.envs.exchange.esdl_files import coupled, town
from tests.envs.exchange.pandapipes_files import ring, written

from heatrouter.envs.errors import DistrictError
from heatrouter.envs.exchange.assembly import Choices
from heatrouter.envs.exchange.importing import import_source

POISON = ("", "0", "-1", "1e30", "nan", "inf", "abc", "1e-12", "DN7", "é", "a b", "&#x0;", "<")
VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1e30, 1e-9, "", "abc", [], {}, 3, 7, 13, 2.5, "ju",
    math.nan, math.inf,
)  # fmt: skip


def answers(text: str, file: Path) -> None:
    file.write_text(text, encoding="utf-8")
    refused = None
    try:
        import_source(str(file), Choices())
    except DistrictError as error:
        refused = error
    assert refused is None or (refused.mistakes and str(refused))


@pytest.mark.parametrize("seed", range(3))
def test_esdl_changed_at_random(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    sources = [
        town().text(),
        coupled(heatTransferCoefficient=5e4).text(),
        coupled("HeatPump", power=1e6, COP=4.0).text(),
    ]
    for _ in range(60):
        text = rng.choice(sources)
        for _ in range(rng.randint(1, 5)):
            quoted = [*re.finditer(r'="([^"]*)"', text)]
            assets = [*re.finditer(r"<asset .*?</asset>", text, re.DOTALL)]
            if not quoted or not assets:
                break
            value, asset = rng.choice(quoted), rng.choice(assets)
            match rng.randrange(5):
                case 0:
                    text = text[: value.start(1)] + rng.choice(POISON) + text[value.end(1) :]
                case 1:
                    other = rng.choice(quoted)[1]
                    text = text[: value.start(1)] + other + text[value.end(1) :]
                case 2:
                    at = rng.randrange(len(text))
                    text = text[:at] + rng.choice('<>"/= \x00&;é') + text[at + rng.randint(0, 2) :]
                case 3:
                    text = text[: asset.start()] + text[asset.end() :]
                case _:
                    text = text[: asset.end()] + asset.group() + text[asset.end() :]
        answers(text, tmp_path / "f.esdl")


@pytest.mark.parametrize("seed", range(3))
def test_pandapipes_changed_at_random(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    for _ in range(60):
        tables = ring()
        tables["valve"] = [{"junction": 1, "element": 2, "et": "ju", "opened": True}]
        tables["sink"] = [{"junction": 3, "mdot_kg_per_s": 0.1, "in_service": True}]
        tables["circ_pump_mass"] = [
            {
                "flow_junction": 4,
                "return_junction": 14,
                "mdot_flow_kg_per_s": 0.3,
                "t_flow_k": 350.0,
            }
        ]
        for _ in range(rng.randint(1, 4)):
            rows = tables[rng.choice([*tables])]
            if not rows:
                continue
            row = rng.choice(rows)
            match rng.randrange(4):
                case 0:
                    rows.remove(row)
                case 1:
                    rows.append(dict(row))
                case _:
                    row[rng.choice([*row])] = rng.choice(VALUES)
        text = written(tables)
        if rng.random() < 0.2:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice('{}[]",:\\x') + text[at + 1 :]
        answers(text, tmp_path / "f.json")


@pytest.mark.parametrize("text", ["", "{}", "[]", "<", "<a/>", "{", "\x00", "[" * 5000, "{" * 5000])
def test_files_of_another_kind(text: str, tmp_path: Path) -> None:
    with pytest.raises(DistrictError):
        import_source(_written(tmp_path / "f", text), Choices())


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    """A small file that would be a huge one."""
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {c} "{f"&{p};" * 10}">' for p, c in zip("abcdef", "bcdefg", strict=True)
    )
    text = (
        town().text().replace("<esdl:EnergySystem", f"<!DOCTYPE x [{entities}]><esdl:EnergySystem")
    )
    with pytest.raises(DistrictError, match="document type"):
        import_source(_written(tmp_path / "f.esdl", text), Choices())


def _written(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    return str(file)
