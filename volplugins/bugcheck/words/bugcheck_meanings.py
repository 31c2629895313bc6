"""What bugchecks mean, a sentence each, for somebody who reads the code for the first time.

The facts are those of Microsoft's bug check code reference and of the comments in the SDK's bugcodes.h; the sentences
are ours. A code that has no row here has its name and the meanings of its parameters.
"""

from __future__ import annotations

from volplugins.bugcheck.words.codes import base_code

_TABLE = """
1 a system call came back with its count of disabled kernel APCs out of balance: a driver entered more critical regions than it left
a kernel code touched memory that may not be touched at this interrupt level, most often through a bad pointer
18 the count of references to an object has gone wrong: it was released more often than it was taken
19 the header of a block of pool is damaged: a driver wrote past the end of its own block
1a the memory manager found its own structures damaged: memory that fails, or a driver that overwrote them
1e kernel code raised an exception that nobody handled
20 a thread ended with kernel APCs disabled or pending: a driver left a critical region open
24 the NTFS driver met a state it cannot go on from, most often a damaged disk or file system
27 the SMB redirector met a state it cannot go on from
2e the processor reported a parity error on the bus, which points to hardware
34 the file system cache met a state it cannot go on from
35 a driver passed on a request that had no stack location left for the next driver
3b a system call raised an exception on its way through the kernel
3d an interrupt handler raised an exception that it did not handle
3f the kernel ran out of entries to map pages with
44 a driver completed a request that had been completed already
4a a system call returned to user mode at a raised interrupt level: a driver did not lower it again
4c an error was reported that nothing was there to handle
4d there are no free pages left, and none could be written out to make room
4e the list of page frames is damaged: a driver unlocked or freed pages that were not its own
50 kernel code touched memory that is not there and cannot be paged in
51 the registry met an error in its own data that it cannot go on from
5c the hardware abstraction layer could not start
67 the registry could not be set up at start
6b the session manager could not be started, or ended, at start
74 the registry could not be loaded: the system hive is damaged or missing
76 a process ended with pages still locked: a driver did not unlock what it locked
77 a page of a kernel stack could not be read back in from the page file
7a a page of kernel data could not be read in from the disk: a disk, its cable or its driver fails
7b the disk that Windows starts from cannot be reached: its driver is missing or its place has changed
7c the network driver interface met an error that a network driver caused
7e a thread of the system raised an exception that nobody handled
7f the processor raised an exception that the kernel cannot handle, such as a stack that ran over
80 the hardware sent a non-maskable interrupt, which says that it has failed
8e kernel code raised an exception that nobody handled
92 a driver that is not safe for several processors was loaded on such a machine
93 an invalid or protected handle was closed
9c the processor reported a machine check: a hardware error
9f a driver did not finish a change of power state in time, or left a device in a wrong one
a0 the power manager met an error it cannot go on from
a5 the firmware's ACPI tables break their own rules
ab a session ended while a driver still held memory that belonged to it
b8 a wait or switch of threads was asked for within a deferred procedure call
be a driver wrote to memory that is read-only
c1 a driver wrote outside of its block in special pool
c2 a driver asked something of the pool that cannot be: freed a block twice, or at a wrong interrupt level
c4 driver verifier caught a driver in breaking a rule
c5 the pool's own structures are damaged: a driver wrote where it should not
c6 a driver touched pool that it had freed already
c7 a timer, a deferred procedure call or a watchdog was found where its memory had been freed
c8 the processor was at another interrupt level than it has to be here
c9 driver verifier's I/O checks caught a driver in breaking a rule
ca Plug and Play met a driver or device that breaks its rules
cb a driver did not unlock pages that it had locked for a request
cc kernel code touched special pool that had been freed
cd a driver touched memory past the end of its allocation
ce a driver was unloaded while work of it was still to come
d0 the pool's own structures are damaged, found at a raised interrupt level
d1 a driver touched memory that may not be touched at this interrupt level, most often through a bad pointer
d3 a driver ran code that can be paged out at a raised interrupt level
d4 a driver ran at a raised interrupt level after it was unloaded
d5 a driver touched special pool that it had freed
d6 a driver touched memory past the end of its special pool block
d8 a driver used up the entries that the kernel maps pages with
da a driver damaged the entries that the kernel maps pages with
de the pool that holds file data was changed while it was being written out
e1 a worker thread returned at a raised interrupt level
e2 somebody asked for this crash, with the keyboard or a debugger
e3 a resource was not held by the thread that released it
e4 a worker item was freed while it was still queued
e6 driver verifier caught a device in reaching memory that it has no right to
ea a display driver waits for its hardware without end
ef a process that Windows cannot do without has ended
f4 a process or thread that Windows cannot do without has ended
f7 a driver overran a buffer on its stack: the guard value there is damaged
fc code was to be run in memory that is not executable
fe a USB controller or its driver met an error it cannot go on from
101 a processor did not answer an interrupt in time: it hangs
102 the watchdog of deferred procedure calls found that a processor stayed at a raised interrupt level for too long
109 the kernel found its own code or its critical structures changed
10d a driver broke a rule of the driver framework
10e the graphics memory manager met a state it cannot go on from
113 the graphics kernel met a state it cannot go on from
116 the display driver did not come back from a reset after it had stopped to answer
117 the display driver did not answer in time
119 the graphics scheduler met a state it cannot go on from
124 the hardware reported an error that cannot be corrected
127 a page that has to be all zeros is not: memory fails, or a driver or device wrote to it
133 a deferred procedure call or interrupt ran for longer than the watchdog allows
139 the kernel found one of its structures damaged, such as a list or a stack guard
13a the kernel's heap is damaged
141 the display engine did not answer in time
144 a USB 3 controller or its driver met an error it cannot go on from
145 the secure boot policy could not be loaded
14f a handler of power data or events did not come back in time
154 the store of compressed memory raised an exception, most often for a failing disk or memory
15f the machine did not reach or keep its low power state when it should have
161 a live dump was asked for, and the machine went on
18b the secure kernel met an error it cannot go on from
192 a lock was taken at an interrupt level at which it must not be
193 the graphics kernel made a live dump of an error, and the machine went on
19c the window manager did not finish a change of power state in time
1a1 a call out of the window manager took too long; a live dump was made, and the machine went on
1ca a synthetic watchdog ended: the machine as a whole had stopped to answer
1d5 a driver did not come back in time from a Plug and Play or power call
"""
_SENTENCES = {
    int(code, 16): text for code, _, text in (line.partition(" ") for line in _TABLE.strip().splitlines())
}  # fmt: skip


def bugcheck_meaning(code: int) -> str | None:
    """The sentence for a bugcheck, also for the forms of it with further bits set; None where there is none."""
    return _SENTENCES.get(code) or _SENTENCES.get(base_code(code))
