"""Which format a file is: by its first bytes, by its name where there are none to go by."""

from __future__ import annotations

from pathlib import PurePath

from volplugins.dumpfile.errors import EmptyFile, NotADump
from volplugins.dumpfile.source import ByteSource
from volplugins.dumpfile.zdmp import plain_source
from volplugins.imagefile import avml, elf_core, lime, raw, vmware
from volplugins.imagefile.memory_image import MemoryImage

_CONVERTED = "where its memory is inside, make a dump of it (VMware's vmss2core -W8)"
# formats of memory that nothing here reads, and what to do with them: refused by name
_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"hibr", "a hibernation file: convert it first (Hibr2Bin), or take an image of the running machine"),
    (b"HIBR", "a hibernation file: convert it first (Hibr2Bin), or take an image of the running machine"),
    (b"wake", "a hibernation file that was used up: Windows has emptied most of it when it woke"),
    (b"WAKE", "a hibernation file that was used up: Windows has emptied most of it when it woke"),
    (b"RSTR", "a hibernation file that was used up: Windows has emptied most of it when it woke"),
    (b"\x7fVirtualBox Sav", "a saved state of VirtualBox: start the machine and use `VBoxManage debugvm dumpvmcore`"),
    *((magic, f"the state of a VMware machine: give the .vmem beside it, or {_CONVERTED}") for magic in vmware.MAGICS),
)
# what else is known to hold no machine's memory
_REFUSED: tuple[tuple[bytes, str], ...] = (
    *_UNREAD,
    (b"MDMP", "a user-mode minidump: one process, not the machine"),
    (b"USERDU", "a user-mode dump of an old kind: one process, not the machine"),
    (b"QFI\xfb", "a disk of QEMU (qcow2): save the machine's memory with `virsh dump --memory-only`"),
    (b"KDMV", "a disk of VMware: the memory is in the .vmem beside it"),
    (b"vhdxfile", "a disk of Hyper-V: take a dump in the machine, or use LeechCore on Windows"),
    (b"EVF\t\r\n\xff\0", "an image of a disk (EnCase)"),
)
# formats that volatility3 reads with layers of its own
_OTHERS = (b"QEVM",)


def open_image(source: ByteSource, sidecar: ByteSource | None = None, name: str = "") -> MemoryImage | None:
    """The image, or None where the format is one that only volatility3's own layers read.

    Args:
        sidecar: a VMware state file that lies beside it.
        name: the file's name.

    Raises:
        EmptyFile, NotADump, DumpError: there is nothing in it, or it is something that is known to be no image.
    """
    if not source.size:
        raise EmptyFile("the file is empty")
    source = plain_source(source)
    head = source.read(0, 16)
    refused = unread_memory(head, name) or next((text for start, text in _REFUSED if head.startswith(start)), None)
    if head.startswith(vmware.MAGICS):
        inside = vmware.memory_inside(source)
        refused = "the state of a VMware machine without its memory: give the .vmem beside it"
        if inside:
            refused = (
                f"the state of a VMware machine with {inside} bytes of memory inside, which are not read here: make a "
                "dump of it (VMware's vmss2core -W8), or give its .vmem where it has one"
            )
    if refused is not None:
        raise NotADump(f"not a memory image but {refused}")
    if head.startswith(_OTHERS):
        return None
    for opened in (lime.open_lime, elf_core.open_elf_core, avml.open_avml):
        image = opened(source)
        if image is not None:
            return image
    if elf_core.is_core(source):
        return None
    if sidecar is not None or PurePath(name).suffix.lower() == ".vmem":
        return vmware.open_vmem(source, sidecar)
    return raw.open_raw(source)


def unread_memory(head: bytes, name: str) -> str | None:
    """What a file is that holds a machine's memory or state in a form that nothing here reads, and what to do with it.

    Args:
        head: its first 16 bytes or more.
        name: its own name, on which Hyper-V's can be told by alone.
    """
    if PurePath(name).suffix.lower() == ".vmrs":
        return "a saved state of Hyper-V: take a dump in the machine, or use LeechCore on Windows"
    return next((text for start, text in _UNREAD if head.startswith(start)), None)
