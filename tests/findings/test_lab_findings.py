"""Sound lab machines have only what the lab put into them; each defect gives its own finding, at the right place."""

from __future__ import annotations

import pytest

from tests.findings.conftest import Found
from tests.sampling import sampled
from volplugins.lab.damage.directories import DIRECTORY_DEFECTS, with_directory_defect
from volplugins.lab.damage.user import USER_DEFECTS, with_user_defect
from volplugins.lab.machines.catalogue import MACHINES, build

VICTIM = "explorer.exe"
# what each defect of user structures gives; those that are no damage and hide nothing give nothing
OF_USERS = {
    "module-in-no-list": ("module-not-listed", "in none of the loader's lists: "),
    "module-not-in-load-order": ("module-partly-listed", "not in InLoadOrder"),
    "load-order-loops": ("list-broken", "loop at {at}"),
    "load-order-back-link-wrong": ("list-broken", "back link mismatch at {at}"),
    "load-order-breaks": ("list-broken", "Flink {at} cannot be read"),
    "image-size-absurd": ("list-broken", "bad entry at {at}: it is no module"),
    "image-headers-paged-out": None,
    "peb-paged-out": None,
    "ldr-paged-out": None,
    "vad-root-wild": ("list-broken", "VAD {at} cannot be read"),
    "vad-tree-loops": ("list-broken", "VAD {at} is reached twice"),
    "vads-overlap": ("list-broken", "VAD {at} ("),
    "thread-list-loops": ("list-broken", "thread list: loop at {at}"),
}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("kind", ["full", "bitmap-kernel"])
def test_sound_machines_have_what_the_lab_made_and_nothing_else(machine: str, kind: str, found: Found) -> None:
    rows = found(build(machine), kind)
    made = [] if machine == "xp-x86" else [VICTIM, "acmetray.exe"]  # pages made executable; XP without PAE has no NX
    assert [(row.kind, row.process) for row in rows] == [("made-executable", name) for name in made]
    for row in rows:
        assert row.severity == "info" and row.technique == "T1055" and row.note == ""
        assert "PAGE_EXECUTE_READWRITE" in row.evidence and row.next == f"windows.kd.address --pid {row.pid}"


def test_a_small_dump_says_what_it_lacks(found: Found) -> None:
    (row,) = found(build("win10-x64"), "triage")
    assert (row.kind, row.note) == ("error", "user memory is not in this kind of dump")


@pytest.mark.parametrize("name", sorted(OF_USERS))
def test_defects_of_user_structures(name: str, found: Found) -> None:
    machine = MACHINES[sorted(OF_USERS).index(name) % len(MACHINES)]
    snapshot = with_user_defect(build(machine), name)
    rows = [row for row in found(snapshot, USER_DEFECTS[name].kind or "full", (VICTIM,)) if row.severity]
    other = [row for row in rows if row.kind != "made-executable"]
    expected = OF_USERS[name]
    if expected is None:
        assert not other
        return
    kind, text = expected
    assert {row.kind for row in other} == {kind} and {row.process for row in other} == {VICTIM}
    place = snapshot.truth["user_defect"]["at"] if "{at}" in text else 0
    assert any(text.format(at=hex(place)) in row.evidence for row in other), other
    assert all(f"--pid {row.pid}" in row.next for row in other)


def _mode(machine: str) -> str:
    return {"xp-x86": "x86", "win7-x86-pae": "pae"}.get(machine, "x64")


CASES = [
    (machine, name)
    for machine in MACHINES
    for name, defect in DIRECTORY_DEFECTS.items()
    if _mode(machine) in defect.modes and defect.verdict
]


@pytest.mark.parametrize(("machine", "name"), sampled(CASES, 25))
def test_defects_of_directories(machine: str, name: str, found: Found) -> None:
    defect = DIRECTORY_DEFECTS[name]
    rows = found(with_directory_defect(build(machine), name), defect.kind or "full")
    bad = [row for row in rows if row.kind == "page-directory"]
    if defect.verdict in ("ok", "tables-paged-out", "outswapped", "not-in-dump"):
        assert not bad, "sound, or absent because the dump leaves it out"
        return
    (row,) = bad
    assert row.process == VICTIM and row.severity == "damage"
    assert row.evidence.startswith(f"{defect.verdict}: ")
    assert row.next == f"windows.kd.pagedirs --checks --pid {row.pid}"
