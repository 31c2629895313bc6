"""The bytes of EPROCESS, ETHREAD and what hangs off them, written when processes, threads and stacks are known."""

from __future__ import annotations

from volplugins.lab.kernel.processes import RUNNING, TERMINATED, USER_REQUEST, Process, Thread
from volplugins.lab.kernel.vads import write_vads
from volplugins.lab.machine.machine import Machine
from volplugins.lab.machine.segment_records import LOCAL_TABLE, segment
from volplugins.lab.structures.notation import Record

AMD64, I386 = 0x8664, 0x14C  # IMAGE_FILE_MACHINE
TICK = 156_250  # of the clock, in units of 100 ns
_SESSION_ID = 8  # in _MM_SESSION_SPACE and in what followed it (volatility3, issue 1385)
_PROCESS_OBJECT, _THREAD_OBJECT = 3, 6  # KOBJECTS: ProcessObject, ThreadObject


def link_list(machine: Machine, head: int, entries: list[int]) -> None:
    """Write a circular LIST_ENTRY list: the head and every entry's Flink and Blink."""
    ring = [head, *entries]
    for index, entry in enumerate(ring):
        forward, back = ring[(index + 1) % len(ring)], ring[index - 1]
        machine.write(entry, machine.pointer(forward) + machine.pointer(back))


def write_process(machine: Machine, process: Process) -> None:
    """Everything of one EPROCESS but its list links, which other writers make."""
    record = machine.record("_EPROCESS")
    _dispatcher(record, "Pcb.Header", _PROCESS_OBJECT, machine.structures.size("_KPROCESS"), bool(process.exited))
    width = machine.width  # on Windows XP the member is an array of two
    record.set("Pcb.DirectoryTableBase", process.directory_table_base.to_bytes(width, "little"))
    if machine.structures.has("_KPROCESS", "UserDirectoryTableBase"):
        record.set("Pcb.AddressPolicy", int(not process.shadow))
        record.set("Pcb.UserDirectoryTableBase", process.shadow)
    record.fill(UniqueProcessId=process.pid, InheritedFromUniqueProcessId=process.parent, Peb=process.peb)
    record.set("ImageFileName", process.name.encode()[:14].ljust(15, b"\0"))
    record.set("CreateTime.QuadPart", process.created).set("ExitTime.QuadPart", process.exited)
    record.fill(ActiveThreads=sum(not thread.exited for thread in process.threads))
    record.fill(ExitStatus=0 if process.exited else 0x103, Flags=0x14D0C01 if not process.exited else 0x14D0C0D)
    if process.peb:
        record.fill(SectionBaseAddress=next(reversed(process.images.values())).base)
        record.fill(HighestUserAddress=0x7FFFFFFEFFFF if machine.width == 8 else machine.profile.user_end - 0x10001)
        record.fill(VirtualSize=0x2100000000 if machine.width == 8 else 0x2000000, CommitCharge=0x40)
    record.fill(Wow64Process=process.wow64, WoW64Process=process.wow64)
    if process.local_table:
        record.set("Pcb.LdtDescriptor", segment(*process.local_table, LOCAL_TABLE))
    record.fill(Machine=I386 if process.wow64 else AMD64)
    record.fill(VdmObjects=process.virtual_machine)
    record.fill(ObjectTable=0 if process.exited else _handle_table(machine, process))
    if not process.exited:
        write_vads(machine, process, record)
    _session(machine, process, record)
    _image_name(machine, process, record)
    machine.write(process.address, record.data)
    for member in ("Pcb.ProfileListHead", "Pcb.Header.WaitListHead"):
        at = process.address + record.offset(member)
        machine.write(at, machine.pointer(at) * 2)
    heads = {"ThreadListHead": "ThreadListEntry", "Pcb.ThreadListHead": "Tcb.ThreadListEntry"}
    for head, entry in heads.items():
        offset = machine.structures.offset("_ETHREAD", entry)
        link_list(machine, process.address + record.offset(head), [each.address + offset for each in process.threads])


def _handle_table(machine: Machine, process: Process) -> int:
    count = 20 + process.pid % 97
    table = machine.record("_HANDLE_TABLE").fill(HandleCount=count, UniqueProcessId=process.pid)
    table.fill(QuotaProcess=process.address)
    return machine.pool.store(table.data, "Obtb")


def _image_name(machine: Machine, process: Process, record: Record) -> None:
    """The whole path, as SeAuditProcessCreationInfo keeps it: a UNICODE_STRING with its text behind it."""
    if not process.images:
        return
    path = next(reversed(process.images.values())).path
    text = path.replace("C:", "\\Device\\HarddiskVolume2").encode("utf-16-le")
    head = len(text).to_bytes(2, "little") + (len(text) + 2).to_bytes(2, "little") + bytes(machine.width - 4)
    address = machine.pool.allocate(2 * machine.width + len(text) + 2, "SeOn")
    machine.write(address, head + machine.pointer(address + 2 * machine.width) + text)
    record.set("SeAuditProcessCreationInfo.ImageFileName", address)


def _session(machine: Machine, process: Process, record: Record) -> None:
    if process.session is None or not record.structures.has("_EPROCESS", "Session"):
        return
    if process.session not in machine.sessions:
        space = _session_space(machine, process.session)
        address = machine.system_block(len(space.data))
        machine.write(address, space.data)
        machine.sessions[process.session] = address
    record.fill(Session=machine.sessions[process.session])


def _session_space(machine: Machine, number: int) -> Record:
    """Windows 11 24H2 has another structure, of which nobody tells more than that the number is in the old place."""
    if machine.structures.has("_MM_SESSION_SPACE"):
        return machine.record("_MM_SESSION_SPACE").fill(SessionId=number, ReferenceCount=2)
    record = machine.record("_PSP_SESSION_SPACE").fill(ReferenceCount=2)
    record.data[_SESSION_ID : _SESSION_ID + 4] = number.to_bytes(4, "little")
    return record


def _dispatcher(record: Record, path: str, kind: int, size: int, signalled: bool) -> None:
    record.set(f"{path}.Type", kind).set(f"{path}.SignalState", int(signalled))
    if record.structures.bits == 32 or record.structures.has("_DISPATCHER_HEADER", "Size"):
        record.set(f"{path}.Size", size // 4 & 0xFF)


def write_thread(
    machine: Machine,
    thread: Thread,
    state: int,
    start: int,
    kernel_stack: int,
    trap_frame: int,
    reason: int = USER_REQUEST,
) -> None:
    """Everything of one ETHREAD but its list links.

    Args:
        start: where the thread was asked to start; what it really starts with is ntdll's own function.
    """
    process = thread.process
    thread.state, thread.reason, thread.switches = state, reason, 100 + thread.tid
    record = machine.record("_ETHREAD")
    tcb = "Tcb."
    _dispatcher(record, "Tcb.Header", _THREAD_OBJECT, machine.structures.size("_KTHREAD"), state == TERMINATED)
    record.set(tcb + "InitialStack", thread.base - machine.profile.initial_gap if thread.base else 0)
    record.set(tcb + "StackBase", thread.base).set(tcb + "StackLimit", thread.limit)
    record.set(tcb + "KernelStack", kernel_stack).set(tcb + "TrapFrame", trap_frame).set(tcb + "Teb", thread.teb)
    record.set(tcb + "State", state).set(tcb + "WaitReason", reason)
    record.set(tcb + "ApcState.Process", process.address)
    record.set(tcb + "ApcState.ApcListHead[0]", _empty_list(machine, thread, "ApcState.ApcListHead[0]"))
    record.set(tcb + "ApcState.ApcListHead[1]", _empty_list(machine, thread, "ApcState.ApcListHead[1]"))
    for member, value in {
        "Process": process.address, "Priority": 9, "BasePriority": 8, "ContextSwitches": thread.switches,
        "KernelStackResident": int(bool(thread.base)), "PreviousMode": int(bool(process.peb)),
        "Running": int(state == RUNNING),
    }.items():  # fmt: skip
        if machine.structures.has("_KTHREAD", member):
            record.set(tcb + member, value)
    record.set("Cid.UniqueProcess", process.pid).set("Cid.UniqueThread", thread.tid)
    ticks = machine.host.uptime // TICK
    thread.waits = thread.waits or 1 + thread.tid * 7 % 512
    record.set(tcb + "WaitTime", (ticks - thread.waits) & 0xFFFFFFFF)
    _times(machine, thread, record)
    _start(machine, thread, record, start)
    record.fill(CrossThreadFlags=(0x10 if process.pid in (0, 4) else 0) | int(state == TERMINATED))
    record.fill(ThreadsProcess=process.address, ExitStatus=thread.exit_status if thread.exited else 0x103)
    machine.write(thread.address, record.data)
    irps = thread.address + record.offset("IrpList")
    machine.write(irps, machine.pointer(irps) * 2)


def _times(machine: Machine, thread: Thread, record: Record) -> None:
    """Windows XP keeps the create time above three bits of other use; where the exit time will be is a list's head."""
    old = machine.profile.build < 6000
    if thread.process.created:
        thread.created = thread.process.created + 1_250_000 + 10_007 * thread.tid
    record.set("CreateTime.QuadPart", thread.created << (3 if old else 0))
    record.fill(NestedFaultCount=thread.tid // 4 & 1)
    chain = thread.address + record.offset("ExitTime")
    exited = thread.exited.to_bytes(8, "little")
    record.set("ExitTime", exited if thread.exited else machine.pointer(chain) * 2)


def _start(machine: Machine, thread: Thread, record: Record, start: int) -> None:
    """Each thread of a program has a place of its own; Windows XP keeps none for system threads.

    There the number of a message takes its place in a thread that has received one (csrss.exe's later threads).
    """
    process, old = thread.process, machine.profile.build < 6000
    ntdll = process.images.get("ntdll")
    thread.start = ntdll.base + ntdll.image.symbols["RtlUserThreadStart"] if ntdll else start
    thread.win32_start = (
        start + 4 * process.threads.index(thread) if ntdll else 0 if old and process.pid in (0, 4) else start
    )
    record.fill(StartAddress=thread.start, Win32StartAddress=thread.win32_start)
    if old and process.name == "csrss.exe" and process.threads[0] is not thread:
        thread.win32_start = 0
        record.fill(LpcReceivedMessageId=0x21000 + thread.tid, LpcReceivedMsgIdValid=1)


def _empty_list(machine: Machine, thread: Thread, member: str) -> bytes:
    at = thread.address + machine.structures.offset("_KTHREAD", member)
    return machine.pointer(at) * 2
