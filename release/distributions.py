"""Build wheel and sdist, and check what is in them."""

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PORTIONS = ("agents", "deploy", "envs", "training")

UNWANTED = ("/tests/", "__pycache__", ".pyc", "/.", "/test_", "conftest.py", "/mlruns/")
"""What no wheel may hold, anywhere in a path."""

KINDS = {
    "presets": "heatrouter/envs/presets/{}.yaml",
    "their tasks": "heatrouter/envs/presets/{}.task.yaml",
    "tuned rules": "heatrouter/envs/presets/tuned/{}.rules.yaml",
    "configuration files": "heatrouter/envs/presets/configs/{}.yaml",
    "policies": "heatrouter/agents/bundles/{}/bundle/policy.onnx",
    "their manifests": "heatrouter/agents/bundles/{}/bundle/manifest.json",
    "their golden vectors": "heatrouter/agents/bundles/{}/bundle/golden.npz",
    "pages of the operator": "heatrouter/deploy/hmi/{}.html",
    "scripts of the operator's page": "heatrouter/deploy/hmi/{}.js",
    "units for systemd": "heatrouter/deploy/packaging/{}.service",
    "marks for type checkers": "heatrouter/{}/py.typed",
    "licences": "heatrouter-{}/licenses/LICENSE",
}
"""What a wheel must hold, at least one of each."""


class Distributions(NamedTuple):
    """What was built."""

    wheel: Path
    sdist: Path


class ReleaseError(Exception):
    """What was built, or what came of it, must not be released."""


def build(folder: Path) -> Distributions:
    """Build the sdist, and the wheel from it, so that the sdist is complete.

    Raises:
        ReleaseError: The build failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("heatrouter-*.whl"), *folder.glob("heatrouter-*.tar.gz")):
        old.unlink()
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"the build failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    (wheel,), (sdist,) = folder.glob("heatrouter-*.whl"), folder.glob("heatrouter-*.tar.gz")
    return Distributions(wheel, sdist)


def wheel_mistakes(wheel: Path, version: str) -> list[str]:
    """What is wrong with the content of a wheel: missing, or not to be shipped."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    found = [f"no {what} ({like})" for what, like in KINDS.items() if not _any_like(names, like)]
    tops = {name.split("/")[0] for name in names}
    if tops != {"heatrouter", f"heatrouter-{version}.dist-info"}:
        found.append(f"installs {', '.join(sorted(tops))}")
    if "heatrouter/__init__.py" in names:
        found.append("heatrouter/__init__.py hides the other portions of the namespace")
    found += [f"holds {name}" for name in names if any(part in name for part in UNWANTED)]
    tracked = {
        path.relative_to(ROOT / portion).as_posix()
        for portion in PORTIONS
        for path in (ROOT / portion / "heatrouter").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    configs = {
        f"heatrouter/envs/presets/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "configs").rglob("*.yaml")
    }
    return found + [f"lacks {name}" for name in sorted((tracked | configs) - {*names})]


def sdist_mistakes(sdist: Path) -> list[str]:
    """What is wrong with the content of an sdist: it has to build, and its tests to run."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        *("pyproject.toml", "hatch_build.py", "constraints.txt", "Makefile"),
        *("LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "CITATION.cff"),
        *("tests/packaging/test_distribution.py", "release/make_release.py", "docs/index.md"),
    }
    found = [f"lacks {name}" for name in sorted(wanted - names)]
    unwanted = (".venv", "runs/", "site/", "dist/", "build/")
    found += [f"holds {n}" for n in sorted(names) if n.startswith(unwanted) or n.endswith(".pyc")]
    return found


def _any_like(names: Iterable[str], like: str) -> bool:
    before, _, after = like.partition("{}")
    return any(n.startswith(before) and n.endswith(after) and len(n) > len(like) - 2 for n in names)
