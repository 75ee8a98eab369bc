"""Folders and archives that are damaged, or show different readers different things."""

import io
import zipfile
from pathlib import Path

from bundle_mutations.original import Original, Random, write_folder
from bundle_mutations.seals import damaged
from bundle_mutations.zip_tricks import add_silently
from heatrouter.agents.bundle_files import LIMITS, pack_archive
from heatrouter.agents.manifest import GOLDEN_FILE, MANIFEST_FILE, MODEL_FILE


def folder_mutation(original: Original, random: Random, folder: Path) -> Path:
    """A folder with a file too few, too many, or something that is no file."""
    write_folder(folder, original.contents)
    kind = int(random.integers(5))
    name = str(random.choice([MANIFEST_FILE, MODEL_FILE, GOLDEN_FILE]))
    if kind == 0:
        (folder / name).unlink()
    elif kind == 1:
        (folder / f"x{random.integers(999)}.bin").write_bytes(random.bytes(10))
    elif kind == 2:
        (folder / name).unlink()
        (folder / name).mkdir()
    elif kind == 3:
        (folder / name).unlink()
        (folder / name).symlink_to(folder / f"gone{random.integers(99)}")
    else:
        (folder / name).write_bytes(bytes(LIMITS[name] + 1) if random.random() < 0.02 else b"")
    return folder


def archive_mutation(original: Original, random: Random, folder: Path) -> Path:
    """An archive that is damaged, or shows different readers different things."""
    path = folder.with_suffix(".zip")
    good = pack_archive(original.contents)
    kind = int(random.integers(9))
    if kind <= 2:
        path.write_bytes(damaged(good, random))
        return path
    if kind == 3:
        path.write_bytes(random.bytes(int(random.integers(1, 99))) + good)
        return path
    data = io.BytesIO()
    compression = zipfile.ZIP_DEFLATED if kind == 4 else zipfile.ZIP_STORED
    with zipfile.ZipFile(data, "w", compression) as archive:
        names = [name for name in LIMITS if name in original.contents]
        if kind == 5:
            names = [str(name) for name in random.permutation(names)]
            archive.comment = b"x"
        for name in names:
            archive.writestr(name, original.contents[name])
        if kind == 6:
            again = str(random.choice(names))
            add_silently(archive, again, original.other[again])
        elif kind == 7:
            tricks = ["../policy.onnx", "/policy.onnx", "..\\policy.onnx", "a/policy.onnx", "x/"]
            name = str(random.choice(tricks)) + str(random.integers(99))
            archive.writestr(name, original.other[MODEL_FILE])
        elif kind == 8:
            add_silently(archive, f"policy.onnx\x00{random.integers(99)}", b"x")
    path.write_bytes(data.getvalue())
    return path
