"""Programs that do not read their messages: told on Windows 7, said to be unknown elsewhere."""

from __future__ import annotations

import pytest

from tests.hang.hung import hung
from volplugins.lab.machines.catalogue import MACHINES

SEVEN = ("win7-x64", "win7-x86-pae")


@pytest.mark.parametrize("machine", SEVEN)
@pytest.mark.parametrize("symbols", [True, False], ids=["symbols", "none"])
def test_who_leaves_messages_unread(machine: str, symbols: bool) -> None:
    found = hung(machine, "hang-message-queues", symbols=symbols)
    row = found.only("MESSAGE_QUEUE")
    (ethread,) = found.truth["unread"]
    assert str(row.value).startswith(f"explorer.exe {found.who(ethread)} has not looked at its messages for 42 s")
    assert all(word in str(row.value) for word in ("sent messages", "keys", "posted messages"))
    assert "it waits for something else" in row.evidence and not row.confidence


@pytest.mark.parametrize("machine", [each for each in MACHINES if each not in SEVEN])
def test_elsewhere_it_is_said_that_nothing_is_known(machine: str) -> None:
    found = hung(machine, "hang-deadlock-2")
    assert not found.of("MESSAGE_QUEUE")
    assert any("read the messages of their windows is not known" in str(row.value) for row in found.of("Note"))


@pytest.mark.parametrize("machine", SEVEN)
def test_threads_without_windows_say_nothing(machine: str) -> None:
    found = hung(machine, "hang-deadlock-2")
    assert not found.of("MESSAGE_QUEUE")
    assert not any("messages of" in str(row.value) for row in found.of("Note"))


def test_a_queue_that_is_not_in_a_kernel_dump_is_counted() -> None:
    found = hung("win7-x64", "hang-message-queues", kind="kernel-summary")
    rows, notes = found.of("MESSAGE_QUEUE"), [str(row.value) for row in found.of("Note")]
    assert len(rows) == 1 or any("3 threads with windows cannot be read" in note for note in notes)
