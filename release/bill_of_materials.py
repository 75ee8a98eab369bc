"""The bill of materials of an environment, CycloneDX JSON, written by cyclonedx-py offline."""

import subprocess
import tempfile
from pathlib import Path

from distributions import ROOT, ReleaseError
from empty_environment import EmptyEnvironment

TOOL_REQUIREMENTS = Path(__file__).with_name("sbom-requirements.txt")
DYNAMIC = 'dynamic = ["version"]'


def make_tool(folder: Path) -> EmptyEnvironment:
    """An environment of its own for the tool, so that it is in nobody's bill."""
    tool = EmptyEnvironment(folder)
    tool.install("-r", str(TOOL_REQUIREMENTS))
    return tool


def write_bill(tool: EmptyEnvironment, of: EmptyEnvironment, version: str, file: Path) -> None:
    """Write what is installed in an environment, with heatrouter as what it is for.

    Args:
        tool: Of :func:`make_tool`.
        of: The environment.
        version: Of heatrouter; the tool does not read it where it is dynamic.
        file: Where to.

    Raises:
        ReleaseError: The tool failed, or the bill is not what the standard wants.
    """
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="heatrouter-bill-") as folder:
        project = Path(folder) / "pyproject.toml"
        project.write_text(text.replace(DYNAMIC, f'version = "{version}"'), encoding="utf-8")
        command = [tool.folder / "bin" / "cyclonedx-py", "environment", "--validate"]
        command += ["--pyproject", project, "--mc-type", "library", "--output-reproducible"]
        command += ["--output-file", file, of.python]
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise ReleaseError(f"the bill of materials failed:\n{done.stderr[-2000:]}")
