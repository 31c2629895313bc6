"""Damage done to dump files, by name: what a reader must survive and say.

Each defect changes a file that the writers made, in place. One that makes no sense for the file's kind raises
ValueError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from volplugins.lab.damage import debugger_data
from volplugins.lab.damage import triage as defects_triage
from volplugins.lab.damage.dump_editor import DumpEditor
from volplugins.lab.writers.header_layout import FILLER

_FULL, _SUMMARY, _HEADER_ONLY = 1, 2, 3
_BITMAP_FULL, _BITMAP_KERNEL, _AUTOMATIC = 5, 6, 7
_BITMAPS = (_SUMMARY, _BITMAP_FULL, _BITMAP_KERNEL)
_LIVE = (8, 9, 10)
_ENCRYPTED = 0x100  # DUMP_FILE_ATTRIBUTES.EncryptedDumpData
_FAR = 0x7F_FFFF_F000  # page aligned, past the memory of any machine of the lab

# From the summary header: the first page's offset in the file and the count of bits, by layout.
_NEW_FIRST_PAGE, _NEW_BITS, _NEW_BITMAP = (0x20, 8), (0x30, 8), 0x38
_OLD_FIRST_PAGE, _OLD_BITS, _OLD_RTL_BITS = (0xC, 4), (0x10, 4), (0x18, 4)
# From the RDMP header.
_METADATA_SIZE, _LIVE_FIRST_PAGE, _FIRST_RANGE = (0x10, 8), (0x18, 8), 0x30

_Edit = Callable[[DumpEditor], None]


def _fields(**values: int) -> _Edit:
    def edit(dump: DumpEditor) -> None:
        for name, value in values.items():
            dump.set(name, value)

    return edit


def _move_field(name: str, distance: int) -> _Edit:
    def edit(dump: DumpEditor) -> None:
        dump.set(name, dump.get(name) + distance)

    return edit


def _truncated_half(dump: DumpEditor) -> None:
    dump.cut(dump.size // 2)


def _truncated_header(dump: DumpEditor) -> None:
    dump.cut(dump.layout.size // 2)


def _no_pages(dump: DumpEditor) -> None:
    dump.cut(dump.layout.size)


def _empty(dump: DumpEditor) -> None:
    dump.cut(0)


def _header_only(dump: DumpEditor) -> None:
    dump.set("DumpType", _HEADER_ONLY)
    dump.cut(dump.layout.size)


def _wrong_signature(dump: DumpEditor) -> None:
    dump.write(0, b"WASP")


def _wrong_valid_dump(dump: DumpEditor) -> None:
    dump.write(4, b"DUD!")


def _wrong_inner_signature(dump: DumpEditor) -> None:
    dump.require(*_BITMAPS, *_LIVE)
    dump.write(dump.layout.size + (4 if dump.dump_type in _LIVE else 0), b"WASP")


def _user_minidump(dump: DumpEditor) -> None:
    dump.write(0, b"MDMP\x93\xa7\0\0")


def _encrypted(dump: DumpEditor) -> None:
    old = dump.get("Attributes")
    dump.set("Attributes", _ENCRYPTED | (0 if old == int.from_bytes(FILLER, "little") else old))


def _bad_run_count(dump: DumpEditor) -> None:
    dump.require(_FULL, *_BITMAPS, *_LIVE)  # a small dump has no runs
    dump.put(dump.layout.memory_block[0], 4, 0xFFFFFFF0)


def _run(dump: DumpEditor, index: int) -> tuple[int, int, int]:
    # Where a run's base is in the header, then its base and its page count.
    word = dump.layout.word
    offset = dump.layout.runs_offset + index * 2 * word
    return offset, dump.number(offset, word), dump.number(offset + word, word)


def _overlapping_runs(dump: DumpEditor) -> None:
    dump.require(_FULL)
    word = dump.layout.word
    first_at, base, count = _run(dump, 0)
    if dump.number(dump.layout.memory_block[0], 4) > 1:
        dump.put(_run(dump, 1)[0], word, base + count // 2)
        return
    # A single run is described as two that share its middle.
    dump.put(dump.layout.memory_block[0], 4, 2)
    second_at = first_at + 2 * word
    dump.put(first_at + word, word, count // 2 + 1)
    dump.put(second_at, word, base + count // 2)
    dump.put(second_at + word, word, count - count // 2 - 1)


def _run_past_file(dump: DumpEditor) -> None:
    dump.require(_FULL)
    offset = _run(dump, dump.number(dump.layout.memory_block[0], 4) - 1)[0]
    dump.put(offset + dump.layout.word, dump.layout.word, 0x0FFF_FFFF)


def _is_old_summary(dump: DumpEditor) -> bool:
    offset, size = _OLD_FIRST_PAGE
    return dump.dump_type == _SUMMARY and dump.number(dump.layout.size + offset, size) != 0


def _bitmap_too_long(dump: DumpEditor) -> None:
    dump.require(*_BITMAPS)
    places = (_OLD_BITS, _OLD_RTL_BITS) if _is_old_summary(dump) else (_NEW_BITS,)
    for offset, size in places:
        dump.put(dump.layout.size + offset, size, 0xFFFF_FFF0 if size == 4 else 1 << 48)


def _bitmap_empty(dump: DumpEditor) -> None:
    dump.require(*_BITMAPS)
    old = _is_old_summary(dump)
    bitmap = (0x28 if dump.layout.word == 8 else 0x20) if old else _NEW_BITMAP
    bits = dump.number(dump.layout.size + (_OLD_BITS if old else _NEW_BITS)[0], 4)
    dump.write(dump.layout.size + bitmap, bytes(bits // 8))


def _first_page_past_end(dump: DumpEditor) -> None:
    dump.require(*_BITMAPS, *_LIVE)
    if dump.dump_type in _LIVE:
        place = _LIVE_FIRST_PAGE
        # The two sizes must still fit each other, or the header alone gives it away.
        dump.put(dump.layout.size + _METADATA_SIZE[0], 8, (dump.size & -0x1000) + 0x10_0000 - 0x2020)
    else:
        place = _OLD_FIRST_PAGE if _is_old_summary(dump) else _NEW_FIRST_PAGE
    dump.put(dump.layout.size + place[0], place[1], (dump.size & -0x1000) + 0x10_0000)


def _metadata_size_wrong(dump: DumpEditor) -> None:
    dump.require(*_LIVE)
    dump.put(dump.layout.size + _METADATA_SIZE[0], _METADATA_SIZE[1], 1 << 62)


def _range_past_file(dump: DumpEditor) -> None:
    dump.require(*_LIVE)
    dump.put(dump.layout.size + _FIRST_RANGE + 8, 8, 1 << 52)


def _zeroed_module_list(dump: DumpEditor) -> None:
    dump.set("PsLoadedModuleList", 0)
    if dump.dump_type == defects_triage.TRIAGE:
        defects_triage.zero_driver_list(dump)


def _zeroed_record(name: str) -> _Edit:
    def edit(dump: DumpEditor) -> None:
        offset, size = getattr(dump.layout, name)
        dump.write(offset, bytes(size))

    return edit


_BUGCHECK = ("BugCheckCode", "BugCheckParameter1", "BugCheckParameter2", "BugCheckParameter3", "BugCheckParameter4")

_EDITS: Mapping[str, _Edit] = {
    # the file
    "empty": _empty,
    "truncated-header": _truncated_header,
    "truncated-half": _truncated_half,
    "no-pages": _no_pages,
    "wrong-signature": _wrong_signature,
    "wrong-valid-dump": _wrong_valid_dump,
    "wrong-inner-signature": _wrong_inner_signature,
    "user-minidump": _user_minidump,
    "encrypted": _encrypted,
    "header-only": _header_only,
    "automatic": _fields(DumpType=_AUTOMATIC),
    "unknown-type": _fields(DumpType=0x45),
    # the header
    "header-dtb-wrong": _move_field("DirectoryTableBase", 0x3000),
    "header-dtb-outside": _fields(DirectoryTableBase=_FAR),
    "header-dtb-zero": _fields(DirectoryTableBase=0),
    "header-kdbg-wrong": _move_field("KdDebuggerDataBlock", 0x1230),
    "header-kdbg-zero": _fields(KdDebuggerDataBlock=0),
    "zeroed-module-list": _zeroed_module_list,
    "bugcheck-zeroed": _fields(**dict.fromkeys(_BUGCHECK, 0)),
    "context-zeroed": _zeroed_record("context"),
    "exception-zeroed": _zeroed_record("exception"),
    # which pages are where
    "bad-run-count": _bad_run_count,
    "overlapping-runs": _overlapping_runs,
    "run-past-file": _run_past_file,
    "bitmap-too-long": _bitmap_too_long,
    "bitmap-empty": _bitmap_empty,
    "first-page-past-end": _first_page_past_end,
    "metadata-size-wrong": _metadata_size_wrong,
    "range-past-file": _range_past_file,
    # the debugger data block
    **debugger_data.EDITS,
    # small dumps
    **defects_triage.EDITS,
}


def _on_file(edit: _Edit) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with DumpEditor(path) as dump:
            edit(dump)

    return damage


#: Every defect by name: a function that damages the dump file at a path.
DEFECTS: Mapping[str, Callable[[Path], None]] = {name: _on_file(edit) for name, edit in _EDITS.items()}


def apply(name: str, path: Path) -> None:
    """Damage the dump file at ``path``.

    Raises:
        ValueError: there is no such defect, or it makes no sense for this kind of dump.
        OSError: as reading and writing the file raises it.
    """
    if name not in DEFECTS:
        raise ValueError(f"no defect {name!r}: one of {', '.join(DEFECTS)}")
    DEFECTS[name](path)
