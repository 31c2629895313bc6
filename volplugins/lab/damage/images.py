"""Damage done to memory images, by name: files cut, headers that lie, pages of another moment, another's sidecar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from volplugins.lab.damage import image_headers
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.writers import IMAGE_KINDS, write
from volplugins.lab.writers.vmware import sidecar_of, write_vmss


@dataclass(frozen=True, slots=True)
class ImageDefect:
    """One kind of damage: the kinds of image that can have it, and what is done to the written file.

    ``harm`` is None for damage that is done to memory before it is written.
    """

    kinds: tuple[str, ...]
    harm: Callable[[Path, Snapshot], None] | None


def _on_file(harm: Callable[[Path], None]) -> Callable[[Path, Snapshot], None]:
    return lambda path, _snapshot: harm(path)


def _another_sidecar(path: Path, snapshot: Snapshot) -> None:
    from volplugins.lab.damage.other_moment import another_machine  # noqa: PLC0415 - it builds machines: large tables

    write_vmss(another_machine(snapshot), sidecar_of(path))


#: Every defect by name.
IMAGE_DEFECTS: Mapping[str, ImageDefect] = {
    "image-cut": ImageDefect(IMAGE_KINDS, _on_file(image_headers.cut)),
    "image-smeared": ImageDefect(IMAGE_KINDS, None),
    "lime-overlap": ImageDefect(("lime",), _on_file(image_headers.lime_overlap)),
    "lime-past-end": ImageDefect(("lime",), _on_file(image_headers.lime_past_end)),
    "lime-bad-magic-later": ImageDefect(("lime",), _on_file(image_headers.lime_bad_magic_later)),
    "elf-hostile-headers": ImageDefect(("elf-core",), _on_file(image_headers.elf_hostile_headers)),
    "vmss-of-another-machine": ImageDefect(("vmware",), _another_sidecar),
    "avml-bad-chunk": ImageDefect(("avml",), _on_file(image_headers.avml_bad_chunk)),
}


def write_damaged(snapshot: Snapshot, kind: str, path: Path, name: str, encoded: bool | None = None) -> Path:
    """Write a damaged image of the snapshot; gives its path.

    Raises:
        ValueError: no such defect, not of this kind, or as ``write`` raises it.
        OSError: as writing a file raises it.
    """
    if name not in IMAGE_DEFECTS:
        raise ValueError(f"no defect {name!r} of images: one of {', '.join(IMAGE_DEFECTS)}")
    defect = IMAGE_DEFECTS[name]
    if kind not in defect.kinds:
        raise ValueError(f"{name} is a defect of {', '.join(defect.kinds)}, and this is {kind}")
    write(damaged_memory(snapshot, name), kind, path, encoded)
    if defect.harm is not None:
        defect.harm(path, snapshot)
    return path


def damaged_memory(snapshot: Snapshot, name: str) -> Snapshot:
    """The snapshot with what a defect does to memory; as it is where that is nothing, or done already.

    Raises:
        ValueError: there is no other moment of this machine.
    """
    if name not in IMAGE_DEFECTS or IMAGE_DEFECTS[name].harm is not None or "smeared" in snapshot.truth:
        return snapshot
    from volplugins.lab.damage.other_moment import another_moment, with_smear  # noqa: PLC0415 - as above

    return with_smear(snapshot, another_moment(snapshot))
