"""The YAML text of an imported district, with its report as comments."""

from typing import Any

import yaml

from heatrouter.envs.exchange.import_report import SECTIONS, ImportReport

# the one in C, where PyYAML has it, writes the same in a tenth of the time
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_ONE_LINE = {"locations", "pipe_series", "pipes"}
_WIDTH = 96


def district_text(data: dict[str, Any], report: ImportReport) -> str:
    """Write a district.

    Args:
        data: Plain data, in the order of the file.
        report: Written above it as comments.
    """
    parts = [_comments(report)]
    for key, value in data.items():
        if key in _ONE_LINE:
            rows = (_line(row) for row in value)
            parts.append(f"\n{key}:\n" + "".join(f"  - {row}\n" for row in rows))
        else:
            text = yaml.dump(
                {key: value}, Dumper=_DUMPER, sort_keys=False, width=_WIDTH, allow_unicode=True
            )
            parts.append(f"\n{text}" if isinstance(value, dict | list) else text)
    return "".join(parts)


def _line(row: dict[str, Any]) -> str:
    text = yaml.dump(
        row,
        Dumper=_DUMPER,
        default_flow_style=True,
        sort_keys=False,
        width=10**6,
        allow_unicode=True,
    )
    return text.strip()


def _comments(report: ImportReport) -> str:
    lines = [f"Imported from {report.origin}."]
    for section in SECTIONS:
        lines += [f"{section}: {row}" for row in report.lines(section)]
    # a line break in a name of the file would end the comment
    return "".join(f"# {' '.join(line.split())}\n" for line in lines)
