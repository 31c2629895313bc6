"""Bugchecks of Windows 8 and later that say by bits how memory was touched, with more bits set than the one that tells.

0xD1: bit 0 of parameter 3 is a write, bit 3 a fetch. 0x50: parameter 2 is the page fault's error code, bit 0 present,
bit 1 a write, bit 4 a fetch (Microsoft's bug check reference; error code: Intel SDM volume 3A, chapter 4).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from volplugins.lab.crashes.crash import Crash, accessed, bugcheck
from volplugins.lab.crashes.scenarios_interrupt_x64 import calls
from volplugins.lab.crashes.scenarios_x64 import DISPATCH_LEVEL, device_control
from volplugins.lab.world.world import World, bad_address

_NO_EXECUTE_PAGE = 0x1810000  # from where the pool begins


def driver_write(world: World, bits: int = 0x85) -> Crash:
    """A driver writes to an address that is not there, at DISPATCH_LEVEL."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeWriteRegister")
    address, ip = bad_address(world), world.machine.site("acmedrv", "AcmeWriteRegister@fault")
    stack.registers["rcx"] = address
    accessed(world, "write", address)
    stack.trap("nt!KiPageFault", ip, fault_address=address, error=2)
    stack.call("nt!KiBugCheckDispatch")
    parameters = (address, DISPATCH_LEVEL, bits, ip)
    return bugcheck(world, stack, thread, 0xD1, parameters, "acmedrv", ip, irql=DISPATCH_LEVEL, cr2=address)


def page_fault_write(world: World, bits: int = 0x3) -> Crash:
    """A driver writes to its own constants: 0x50 whose page is present; some add the bit of a fetch."""
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeDispatchDeviceControl", "acmedrv!AcmeWriteRegister")
    loaded = world.machine.images["acmedrv"]
    address = loaded.base + loaded.image.sections[".rdata"][0] + 0x140
    ip = world.machine.site("acmedrv", "AcmeWriteRegister@fault")
    stack.registers["rcx"] = address
    accessed(world, "write", address)
    stack.trap("nt!KiPageFault", ip, fault_address=address, error=bits)
    calls(stack, "nt!MmAccessFault", "nt!MiSystemFault")
    return bugcheck(world, stack, thread, 0x50, (address, bits, ip, 2), "acmedrv", ip, cr2=address)


def page_fault_fetch(world: World, bits: int = 0x11) -> Crash:
    """A driver calls into data: 0x50 whose page is present and may not be run; some add the bit of a write."""
    machine = world.machine
    address = machine.profile.pool_bases[machine.base_index] + _NO_EXECUTE_PAGE + 0x120
    machine.kernel.map(address & ~0xFFF, 0x1000, "data")
    machine.write(address, bytes.fromhex("41636d6500000000"))
    stack, thread = device_control(world, "acmetray.exe")
    calls(stack, "acmedrv!AcmeInternalDeviceControl", "acmedrv!AcmeRunCallback")
    stack.call_pointer()
    machine.truth["caller"] = stack.frames[-1]["ip"]
    accessed(world, "execute", address)
    stack.trap("nt!KiPageFault", address, fault_address=address, error=bits)
    calls(stack, "nt!MmAccessFault", "nt!MiSystemFault")
    return bugcheck(world, stack, thread, 0x50, (address, bits, address, 2), "acmedrv", address, cr2=address)


#: Of builds from 9200 on.
ACCESS_BITS: dict[str, Callable[[World], Crash]] = {
    "driver-write-bits": driver_write,
    "driver-write-bits-81": partial(driver_write, bits=0x81),
    "page-fault-write-bits": page_fault_write,
    "page-fault-write-bits-13": partial(page_fault_write, bits=0x13),
    "page-fault-fetch-bits": page_fault_fetch,
    "page-fault-fetch-bits-13": partial(page_fault_fetch, bits=0x13),
}
