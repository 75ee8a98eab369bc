"""What the standard library only writes into a zip with a warning."""

import warnings
import zipfile


def add_silently(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a name that is there already, which the library warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, data)
