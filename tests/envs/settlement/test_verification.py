"""What `verify` finds: any changed byte, anything left out, moved, added or made up."""

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.envs.settlement.ledgers import KeyFiles, bodies, make_keys

from heatrouter.envs.cli import main
from heatrouter.envs.errors import ConfigError
from heatrouter.envs.hashchain import ChainError, ChainWriter
from heatrouter.envs.settlement.chain_files import verify_files
from heatrouter.envs.settlement.signing import SigningUnavailableError, read_public_key
from heatrouter.envs.settlement.verification import VerifiedLedger, verify_ledger

Body = dict[str, Any]


def rewritten(path: Path, records: list[Body]) -> Path:
    """The same records in a new chain that holds: what a forger would hand out."""
    with ChainWriter(path, sync_interval_s=None) as writer:
        for record in records:
            writer.append(record)
    return path


def test_what_was_written_is_valid(day: Path, short: Path, keys: KeyFiles) -> None:
    unsigned = verify_files([day])
    assert isinstance(unsigned, VerifiedLedger)
    assert (unsigned.signed_by, unsigned.records) == (None, 1 + 24 * 8 + 1)
    key = read_public_key(keys.public)
    signed = verify_files([short], key)
    assert isinstance(signed, VerifiedLedger)
    assert (signed.signed_by, signed.signature_checked) == (key, True)
    assert signed.records == 1 + 2 * 8 + 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte_is_found_and_its_entry_named(
    short: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(short.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1), label="position")
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]), label="byte")
    line = content[:at].count(b"\n") + 1
    content[at] = other
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(content)
    with pytest.raises(ChainError) as found:
        verify_files([changed])
    assert (found.value.line, found.value.seq) == (line, line - 1)
    assert f"line {line}, record {line - 1}" in str(found.value)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_ledger_that_was_cut_off_anywhere_is_found(
    short: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = short.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1), label="length")
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(content[:at])
    if at == 0:
        with pytest.raises(ConfigError, match="is empty"):
            verify_files([cut])
        return
    with pytest.raises(ChainError) as found:
        verify_files([cut])
    assert found.value.line == content[:at].count(b"\n") + 1


@pytest.mark.parametrize(
    ("harm", "line"),
    [
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], 5),
        (lambda lines: [*lines[:4], *lines[3:]], 5),
        (lambda lines: [*lines[:7], *lines[8:]], 8),
        (lambda lines: lines[1:], 1),
        (lambda lines: [*lines, lines[-1]], 20),
        (lambda lines: lines[:-1], 19),
        (lambda lines: lines[:-2], 18),
    ],
    ids=["reordered", "duplicated", "left out", "no head", "appended", "unsigned", "no totals"],
)
def test_lines_moved_about(
    short: Path, tmp_path: Path, harm: Callable[[list[bytes]], list[bytes]], line: int
) -> None:
    lines = short.read_bytes().splitlines(keepends=True)
    assert len(lines) == 19
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"".join(harm(lines)))
    with pytest.raises(ChainError) as found:
        verify_ledger(changed)
    assert (found.value.line, found.value.seq) == (line, line - 1)


def _drop_delivery(records: list[Body]) -> None:
    del records[5]


def _cheaper(records: list[Body]) -> None:
    records[3]["parts"][0]["amount_eur"] = "0"


def _more_heat(records: list[Body]) -> None:
    records[3]["metered_kwh"] = "1000"


def _other_hour(records: list[Body]) -> None:
    records[3]["begin_utc"] = "2003-01-15T05:00:00Z"


def _total(records: list[Body]) -> None:
    records[-1]["amount_eur"] = "0.01"


def _invoice(records: list[Body]) -> None:
    records[-1]["payments"][2]["invoice_eur"] = "0"


def _tariff(records: list[Body]) -> None:
    records[0]["tariff"]["origins"][0]["price_eur_per_mwh"] = 1.0


def _reference(records: list[Body]) -> None:
    records[0]["reference_co2_kg_per_mwh"] = "400"


def _no_number(records: list[Body]) -> None:
    records[3]["exergy_kwh"] = "1e9"


def _unknown_origin(records: list[Body]) -> None:
    records[3]["parts"][0]["origin"] = "nobody"


@pytest.mark.parametrize(
    ("forge", "line", "cause"),
    [
        (_drop_delivery, 6, "the one to town_garden in interval 1 has to be here"),
        (_cheaper, 4, "the tariff says"),
        (_more_heat, 4, "1000 kWh were delivered"),
        (_other_hour, 4, "not at 2003-01-15T00:00:00"),
        (_total, 18, "amount_eur that is not the sum"),
        (_invoice, 18, r"payments\[2\] that is not the sum"),
        (_tariff, 1, "not the one of its digest"),
        (_reference, 1, "counts CO2 against 400"),
        (_no_number, 4, "exergy_kwh"),
        (_unknown_origin, 4, "unknown: nobody"),
    ],
)
def test_a_chain_written_anew_does_not_hide_it(
    short: Path, tmp_path: Path, forge: Callable[[list[Body]], None], line: int, cause: str
) -> None:
    records = copy.deepcopy(bodies(short)[:-1])
    records[0]["public_key"] = None
    verify_ledger(rewritten(tmp_path / "honest.jsonl", records))
    forge(records)
    with pytest.raises(ChainError, match=cause) as found:
        verify_ledger(rewritten(tmp_path / "forged.jsonl", records))
    assert found.value.line == line


def test_only_the_key_tells_who_wrote_it(short: Path, tmp_path: Path, keys: KeyFiles) -> None:
    wanted = read_public_key(keys.public)
    records = copy.deepcopy(bodies(short))
    unsigned = [{**records[0], "public_key": None}, *records[1:-1]]
    path = rewritten(tmp_path / "unsigned.jsonl", unsigned)
    assert verify_ledger(path).signed_by is None
    with pytest.raises(ChainError, match="is signed by nobody"):
        verify_ledger(path, wanted)
    stranger = read_public_key(make_keys(tmp_path, "stranger").public)
    with pytest.raises(ChainError, match="not by the key"):
        verify_ledger(short, stranger)
    # A signature of another ledger does not fit, nor one whose digits were made up.
    records[0]["controller"] = "mpc"
    with pytest.raises(ChainError, match="signs another root"):
        verify_ledger(rewritten(tmp_path / "moved.jsonl", records))
    records = copy.deepcopy(bodies(short))
    records[-1]["signature"] = "0" * 128
    with pytest.raises(ChainError, match="is no signature of the key") as found:
        verify_ledger(rewritten(tmp_path / "made-up.jsonl", records))
    assert found.value.line == len(records)


def test_without_the_package_that_checks(
    short: Path, keys: KeyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = read_public_key(keys.public)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    assert verify_ledger(short).signature_checked is False
    with pytest.raises(SigningUnavailableError, match=r"heatrouter\[deploy\]"):
        verify_ledger(short, wanted)


def test_the_command_names_the_entry_and_fails(
    short: Path, tmp_path: Path, keys: KeyFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(short), "--key", str(keys.public)]) == 0
    assert "signed by the given key" in capsys.readouterr().out
    assert main(["verify", str(short), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["kind"], answer["valid"]) == ("ledger", True)
    lines = short.read_text().splitlines(keepends=True)
    lines[6] = lines[6].replace("8", "9", 1)
    broken = tmp_path / "broken.jsonl"
    broken.write_text("".join(lines))
    assert main(["verify", str(broken)]) == 1
    assert "line 7, record 6" in capsys.readouterr().err.replace("\n", " ")
    assert main(["verify", str(tmp_path / "none.jsonl")]) == 78


def test_other_chains_are_verified_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = rewritten(tmp_path / "log.jsonl", [{"number": n} for n in range(5)])
    assert main(["verify", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["kind"], answer["records"]) == ("chain", 5)
    path.write_text(path.read_text().replace('"number":3', '"number":4'))
    assert main(["verify", str(path)]) == 1
    assert "line 4, record 3" in capsys.readouterr().err.replace("\n", " ")
