"""`heatrouter verify` knows the service's audit log by its head."""

import json
from pathlib import Path

import pytest

from heatrouter.deploy.audit import AuditLog, AuditRecord, audit_segments
from heatrouter.envs.cli import main


def test_an_audit_log_in_several_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, max_bytes=2000) as log:
        for tick in range(12):
            log.write(AuditRecord(tick=tick, time_s=float(tick), mode="RULES", target="RULES"))
    files = [str(file) for file in audit_segments(path)]
    assert len(files) > 2
    assert main(["verify", *files, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["kind"], answer["first_record"], answer["records"]) == ("audit", 0, 12)
    assert main(["verify", *files[1:]]) == 0
    assert "in older files, which were not given" in capsys.readouterr().out.replace("\n", " ")
    assert main(["verify", files[0], *files[2:]]) == 1
    capsys.readouterr()
    second = Path(files[1])
    second.write_text(second.read_text().replace('"RULES"', '"OFF"', 1))
    assert main(["verify", *files]) == 1
    assert "audit.000002.jsonl, line 1" in capsys.readouterr().err.replace("\n", " ")
