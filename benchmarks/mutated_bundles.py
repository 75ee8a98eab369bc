"""Ten thousand bundles that must not run: how many does the gate let through?

Every mutation starts from a complete, signed bundle of a real district. Some are left as they are,
as a damaged disk or a careless hand would; some have their hashes repaired, as somebody would who
has no key; some are signed anew with a key that nobody trusts; and those whose content is illegal
in itself are signed with the trusted key, as a broken release would be.

Example: python benchmarks/mutated_bundles.py --count 10000 --json runs/gate.json
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bundle_mutations.models import model_mutation
from bundle_mutations.original import Contents, Original, Random, make_original, write_folder
from bundle_mutations.other_files import (
    golden_mutation,
    monitor_mutation,
    statement_mutation,
    text_mutation,
)
from bundle_mutations.seals import (
    byte_mutation,
    manifest_mutation,
    repaired_mutation,
    signature_mutation,
)
from bundle_mutations.structure import archive_mutation, folder_mutation

from heatrouter.deploy.gate import admit
from heatrouter.envs.errors import BundleError

IN_MEMORY: dict[str, Callable[[Original, Random], Contents]] = {
    "bytes": byte_mutation,
    "bytes, hashes repaired": repaired_mutation,
    "manifest, resealed": manifest_mutation,
    "signature": signature_mutation,
    "model, signed": model_mutation,
    "golden vectors, signed": golden_mutation,
    "statements, signed": statement_mutation,
    "text of the manifest, signed": text_mutation,
    "monitor, signed": monitor_mutation,
}
ON_DISK: dict[str, Callable[[Original, Random, Path], Path]] = {
    "folder": folder_mutation,
    "archive": archive_mutation,
}
FAMILIES = (*IN_MEMORY, *ON_DISK)


@dataclass
class Outcome:
    """Mutations of one family."""

    made: int = 0
    refused: int = 0
    accepted: int = 0
    crashed: int = 0


def run_mutations(
    folder: Path, count: int, seed: int, original: Original | None = None
) -> tuple[dict[str, Outcome], list[str], Counter[str]]:
    """Show the gate `count` mutations, the families in turn.

    Returns:
        Outcome by family; what was not refused as it should; and each refusal's first words.
    """
    original = original or make_original(folder)
    trusted = original.trusted
    good = write_folder(folder / "good", original.contents)
    admit(good, trusted, original.district)
    outcomes = {family: Outcome() for family in FAMILIES}
    wrong: list[str] = []
    reasons: Counter[str] = Counter()
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        outcome = outcomes[family]
        random = np.random.default_rng((seed, number))
        path = folder / "mutant"
        if family in IN_MEMORY:
            contents = IN_MEMORY[family](original, random)
            while contents == original.contents:
                contents = IN_MEMORY[family](original, random)
            write_folder(path, contents)
        else:
            path = ON_DISK[family](original, random, path)
        outcome.made += 1
        try:
            admit(path, trusted, original.district)
        except BundleError as error:
            outcome.refused += 1
            reasons[f"{family}: {str(error).replace(str(path), 'PATH')[:60]}"] += 1
        except Exception as error:  # noqa: BLE001  # what this is here to find
            outcome.crashed += 1
            wrong.append(f"{number} {family}: {error!r}")
        else:
            outcome.accepted += 1
            wrong.append(f"{number} {family}: accepted")
    return outcomes, wrong, reasons


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reasons", action="store_true", help="print why they were refused")
    parser.add_argument("--json", type=Path, help="write the counts")
    options = parser.parse_args()
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        outcomes, wrong, reasons = run_mutations(Path(folder), options.count, options.seed)
    for family, outcome in outcomes.items():
        print(f"{family:<30} {outcome.made:>6} made {outcome.refused:>6} refused "
              f"{outcome.accepted:>3} accepted {outcome.crashed:>3} crashed")  # fmt: skip
    accepted = sum(outcome.accepted for outcome in outcomes.values())
    crashed = sum(outcome.crashed for outcome in outcomes.values())
    print(f"{options.count} mutations, {accepted} accepted, {crashed} crashed, "
          f"{len(reasons)} kinds of refusal, {time.perf_counter() - begin:.0f} s")  # fmt: skip
    if options.reasons:
        for reason, number in sorted(reasons.items()):
            print(f"{number:>6} {reason}")
    for line in wrong[:20]:
        print(line)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "count": options.count,
            "seed": options.seed,
            "accepted": accepted,
            "crashed": crashed,
            "families": {name: vars(outcome) for name, outcome in outcomes.items()},
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if accepted or crashed else 0


if __name__ == "__main__":
    sys.exit(main())
