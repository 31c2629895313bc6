"""User memory of the made-up machines: what the truth says of each range is what the page tables hold."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.lab.machine_memory import lowest_entry, made, pointer, user_bytes
from volplugins.lab.machine.profiles import PROFILES
from volplugins.lab.machine.snapshot import Snapshot
from volplugins.lab.machines.catalogue import MACHINES, build

OWNERS = ("explorer.exe", "acmetray.exe")
PLAIN = ("PAGE_NOACCESS", "PAGE_READONLY", "PAGE_EXECUTE", "PAGE_EXECUTE_READ", "PAGE_READWRITE", "PAGE_WRITECOPY",
         "PAGE_EXECUTE_READWRITE", "PAGE_EXECUTE_WRITECOPY")  # fmt: skip
MODIFIERS = ("", "|PAGE_NOCACHE", "|PAGE_GUARD", "|PAGE_WRITECOMBINE")


@pytest.fixture(params=MACHINES)
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return made(request.param)


def pid_of(snapshot: Snapshot, name: str) -> int:
    return int(next(each["pid"] for each in snapshot.truth["processes"] if each["name"] == name and each["dtb"]))


def running(snapshot: Snapshot) -> list[dict[str, Any]]:
    return [process for process in snapshot.truth["processes"] if process["peb"]]


def word(index: int) -> str:
    return PLAIN[0] if not index & 7 else PLAIN[index & 7] + MODIFIERS[index >> 3]


def allowed(snapshot: Snapshot, region: dict[str, Any], entry: int) -> str:
    """The PAGE_ words of an entry that is not zero, decoded bit by bit; empty for a decommitted page."""
    if not entry & 1:
        index = entry >> 5 & 0x1F
        if entry & 0x400 and not index:  # the prototype entry knows
            index = 4 if snapshot.bits == 32 and not snapshot.pae else -1
        return "" if index == 0x10 else "?" if index == -1 else word(index)
    # without PAE no bit withholds execution: the range says whether pages may execute
    plain = snapshot.bits == 32 and not snapshot.pae
    run = "EXECUTE" in region["protect"] if plain else not entry >> 63
    data = "WRITECOPY" if entry & 0x200 else "READWRITE" if entry & 0x802 else "READ" if run else "READONLY"
    more = "|PAGE_NOCACHE" if entry & 0x10 else "|PAGE_WRITECOMBINE" if entry & 8 else ""
    return f"PAGE_{'EXECUTE_' if run else ''}{data}{more}"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("sections", [False, True])
def test_regions_cover_the_ranges_and_agree_with_the_page_tables(machine: str, sections: bool) -> None:
    snapshot = build(machine, sections=sections)
    for process in running(snapshot):
        regions = snapshot.truth["regions"][process["pid"]]
        for vad in snapshot.truth["vads"][process["pid"]]:
            inside = [region for region in regions if vad["start"] <= region["start"] < vad["end"]]
            starts, ends = ([each[edge] for each in inside] for edge in ("start", "end"))
            assert [*starts, vad["end"]] == [vad["start"], *ends]
            assert {each["protect"] for each in inside} == {word(vad["protection"])}
        assert all(one["end"] <= two["start"] for one, two in pairwise(regions))
        for region in regions:
            check_pages(snapshot, snapshot.truth["directories"][process["pid"]], region)


def check_pages(snapshot: Snapshot, directory: int, region: dict[str, Any]) -> None:
    pages = range(region["start"], region["end"], 0x1000)
    entries = [entry for page in pages if (entry := lowest_entry(snapshot, directory, page))]
    words = list(dict.fromkeys(name for entry in entries if (name := allowed(snapshot, region, entry))))
    if "?" not in words:
        assert region["actual"] == words, hex(region["start"])
    present = sum(bool(entry & 1 or entry & 0xC00 == 0x800) for entry in entries)
    trimmed = sum(entry & 0x401 == 0x400 for entry in entries)
    assert present <= region["resident_pages"] <= present + trimmed
    assert region["commit_pages"] == (len(pages) if region["state"] == "MEM_COMMIT" else 0)


def test_no_page_is_mapped_outside_of_the_ranges(snapshot: Snapshot) -> None:
    """Pages next to a range are not mapped: its ends are where its pages end."""
    for process in running(snapshot):
        vads = snapshot.truth["vads"][process["pid"]]
        starts = {vad["start"] for vad in vads}
        for vad in vads:
            if vad["end"] not in starts and vad["end"] < 0x7FFFFFFF0000:
                assert not lowest_entry(snapshot, snapshot.truth["directories"][process["pid"]], vad["end"])


@pytest.mark.parametrize("name", OWNERS)
def test_every_type_of_range_is_there(snapshot: Snapshot, name: str) -> None:
    vads = snapshot.truth["vads"][pid_of(snapshot, name)]
    wanted = {0, 1, 2, 3, 4, 6, 7} if snapshot.machine != "xp-x86" else {0, 1, 2, 3, 4}
    assert {vad["kind"] for vad in vads} == wanted | ({5} if name == OWNERS[0] else set())
    if snapshot.machine == "win10-x64":
        assert max(vad["start"] for vad in vads) >= 1 << 44


@pytest.mark.parametrize("name", OWNERS)
def test_every_state_and_usage_is_there(snapshot: Snapshot, name: str) -> None:
    regions = snapshot.truth["regions"][pid_of(snapshot, name)]
    kinds = {(region["usage"], region["state"], region["type"]) for region in regions}
    private = {(usage, f"MEM_{state}", "MEM_PRIVATE") for usage in ("Stack", "Heap", "Unknown")
               for state in ("COMMIT", "RESERVE")}  # fmt: skip
    private |= {(usage, "MEM_COMMIT", "MEM_PRIVATE") for usage in ("PEB", "TEB", "SharedData")}
    mapped = {("MappedFile", "MEM_COMMIT", "MEM_MAPPED"), ("PageFileSection", "MEM_COMMIT", "MEM_MAPPED"),
              ("PageFileSection", "MEM_RESERVE", "MEM_MAPPED"), ("Other", "MEM_COMMIT", "MEM_MAPPED")}  # fmt: skip
    assert kinds == private | mapped | {("Image", "MEM_COMMIT", "MEM_IMAGE")}
    fonts = [region["file"] for region in regions if region["usage"] == "MappedFile"]
    assert [file.lower() for file in fonts] == ["\\windows\\fonts\\arial.ttf"]
    words = {word for region in regions for word in region["actual"]}
    assert {"PAGE_NOACCESS", "PAGE_EXECUTE_READWRITE", "PAGE_READWRITE|PAGE_GUARD"} <= words


def test_stacks_are_where_the_tebs_say(snapshot: Snapshot) -> None:
    structures, width = PROFILES[snapshot.machine].structures, snapshot.bits // 8
    for process in running(snapshot):
        directory = snapshot.truth["directories"][process["pid"]]
        regions = snapshot.truth["regions"][process["pid"]]
        stacks = {each["start"]: each for each in regions if each["usage"] == "Stack"}
        tebs = [range(each["start"], each["end"], 0x1000) for each in regions if each["usage"] == "TEB"]
        blocks = {page for pages in tebs for page in pages}
        for thread in process["threads"]:
            if thread["exited"]:
                continue
            teb = pointer(snapshot, thread["ethread"] + structures.offset("_ETHREAD", "Tcb.Teb"))

            def said(member: str, teb: int = teb, directory: int = directory) -> int:
                at = teb + structures.offset("_TEB", member)
                return int.from_bytes(user_bytes(snapshot, directory, at, width), "little")

            reserved = stacks.pop(said("DeallocationStack"))
            committed = stacks.pop(reserved["end"])
            assert (reserved["state"], committed["state"]) == ("MEM_RESERVE", "MEM_COMMIT")
            assert committed["end"] == said("NtTib.StackBase")
            assert committed["start"] + 0x1000 == said("NtTib.StackLimit")
            assert committed["actual"][0] == "PAGE_READWRITE|PAGE_GUARD"
            assert teb in blocks
            blocks -= {teb, teb + 0x1000} if width == 8 else {teb}
        assert not stacks and not blocks


def test_heaps_are_listed_and_linked(snapshot: Snapshot) -> None:
    structures, width = PROFILES[snapshot.machine].structures, snapshot.bits // 8
    for process in running(snapshot):
        directory = snapshot.truth["directories"][process["pid"]]

        def number(at: int, size: int, directory: int = directory) -> int:
            return int.from_bytes(user_bytes(snapshot, directory, at, size), "little")

        def member(at: int, name: str, path: str, size: int = width, number: Any = number) -> int:
            return int(number(at + structures.offset(name, path), size))

        peb = process["peb"]
        assert member(peb, "_PEB", "NumberOfHeaps", 4) == 2 < member(peb, "_PEB", "MaximumNumberOfHeaps", 4)
        array = member(peb, "_PEB", "ProcessHeaps")
        heaps = [number(array + index * width, width) for index in range(2)]
        assert member(peb, "_PEB", "ProcessHeap") == heaps[0]
        assert {member(heap, "_HEAP", "Signature", 4) for heap in heaps} == {0xEEFFEEFF}
        found = []
        for heap in heaps:
            if structures.has("_HEAP", "SegmentList"):
                head, entry = heap + structures.offset("_HEAP", "SegmentList"), structures.offset(
                    "_HEAP_SEGMENT", "SegmentListEntry")  # fmt: skip
                link = number(head, width)
                while link != head:
                    found.append(link - entry)
                    assert number(number(link, width) + width, width) == link
                    link = number(link, width)
            else:
                slots = [member(heap, "_HEAP", f"Segments[{index}]") for index in range(64)]
                found += [slot for slot in slots if slot]
        segments = set()
        for segment in found:
            signature = "SegmentSignature" if structures.has("_HEAP", "SegmentList") else "Signature"
            assert member(segment, "_HEAP_SEGMENT", signature, 4) == 0xFFEEFFEE
            base = member(segment, "_HEAP_SEGMENT", "BaseAddress")
            segments.add((base, base + member(segment, "_HEAP_SEGMENT", "NumberOfPages", 4) * 0x1000))
            assert member(segment, "_HEAP_SEGMENT", "Heap") in heaps
        vads = {(vad["start"], vad["end"]) for vad in snapshot.truth["vads"][process["pid"]]}
        used = {each["start"] for each in snapshot.truth["regions"][process["pid"]] if each["usage"] == "Heap"}
        assert len(segments) == 3 and segments <= vads
        assert {vad[0] for vad in segments} <= used


def test_a_library_has_copied_shared_and_absent_data(snapshot: Snapshot) -> None:
    base, entries = 0, {}
    for name in ("services.exe", "winlogon.exe"):
        pid = pid_of(snapshot, name)
        module = snapshot.truth["user"][pid]["modules"][2]
        assert module["path"].endswith("acmeshl.dll")
        base = module["base"]
        pages = range(base, base + module["size"], 0x1000)
        entries[name] = [lowest_entry(snapshot, snapshot.truth["directories"][pid], page) for page in pages]
    first = next(number for number, entry in enumerate(entries["winlogon.exe"]) if entry & 0x200)
    written, shared = (entries[name][first : first + 4] for name in ("services.exe", "winlogon.exe"))
    assert [entry & 0x203 for entry in shared] == [0x201, 0x201, 0, 0x201]
    assert written[0] & 0x203 == 3 and written[0] >> 12 != shared[0] >> 12
    assert written[1] == shared[1]
    assert (written[2] & 0x401, written[3]) == (0x400, 0)
    frames = [snapshot.pages.get(entry >> 12 & 0xFFFFFFFFF) for entry in (written[0], shared[0])]
    assert frames[0] == frames[1]
