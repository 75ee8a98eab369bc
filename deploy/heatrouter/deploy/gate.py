"""The gate: the only way from a file to a policy that may run.

In this order, and on bytes that are read once: signature over the manifest by a trusted key, sha256
of every file, what the model may contain, then the runtime, golden vectors, and the chain from
action to guarded set-points for the district. Nothing is read again afterwards, so nothing can be
exchanged between check and use.
"""

from dataclasses import dataclass
from pathlib import Path

from heatrouter.agents.bundle import Bundle, open_bundle
from heatrouter.agents.bundle_files import BundleFiles, read_bundle
from heatrouter.deploy.signing import TrustedKeys, verify_signature
from heatrouter.envs.spec.district import District


@dataclass(frozen=True, slots=True)
class Admitted:
    """A bundle that may run.

    Attributes:
        bundle: The bundle.
        files: The bytes that were checked.
        signed_by: Id of the key that vouches for it; None where signatures are not asked for.
    """

    bundle: Bundle
    files: BundleFiles
    signed_by: str | None


def admit(path: str | Path, trusted: TrustedKeys | None, district: District | None) -> Admitted:
    """Read a bundle and let it through if everything is in order.

    Args:
        path: Folder or archive.
        trusted: Whose signatures count; None takes unsigned bundles, too.
        district: What it shall control; None checks the bundle alone.

    Raises:
        BundleError: It may not run, and why.
    """
    return admit_files(read_bundle(path), trusted, district)


def admit_files(
    files: BundleFiles, trusted: TrustedKeys | None, district: District | None
) -> Admitted:
    """The same for bytes that are here already."""
    signed_by = None if trusted is None else verify_signature(files, trusted)
    return Admitted(open_bundle(files, district), files, signed_by)
