"""From a location to an open line, and what to check where nobody answers on it."""

from __future__ import annotations

from volplugins.kd.wire import Wire
from volplugins.wires.location import WireLocation

_GUEST = (
    "in the guest, as administrator: bcdedit /debug on and bcdedit /dbgsettings serial debugport:1 baudrate:115200, "
    "then a reboot (Secure Boot off; suspend BitLocker first)"
)
_HOSTS = {
    "kd+unix": "the port: QEMU -chardev socket,id=kd,path={path},server=on,wait=off -serial chardev:kd; libvirt and "
    "others may have a console on COM1: then debugport:2; VMware: serial0.yieldOnMsrRead = TRUE",
    "kd+tcp": "the port: QEMU -serial tcp:{path}:{port},server=on,wait=off; VirtualBox: Port Mode TCP, and Connect to "
    "existing off",
    "kd+pipe": "the port: Set-VMComPort NAME 1 {path} with the machine off; VirtualBox: Host Pipe",
    "kd+serial": "the cable is a null modem, and the speed is the guest's baudrate ({baud} here)",
}


def open_wire(location: WireLocation) -> Wire:
    """Open the line.

    Raises:
        NoLine: with what to look at.
    """
    if location.scheme == "kd+unix":
        from volplugins.wires.socket_wire import unix_wire  # noqa: PLC0415 - a line pays for its own kind

        return unix_wire(location.path)
    if location.scheme == "kd+tcp":
        from volplugins.wires.socket_wire import tcp_wire  # noqa: PLC0415

        return tcp_wire(location.path, location.port)
    if location.scheme == "kd+pipe":
        from volplugins.wires.pipe_wire import pipe_wire  # noqa: PLC0415

        return pipe_wire(location.path)
    from volplugins.wires.serial_wire import serial_wire  # noqa: PLC0415

    return serial_wire(location.path, location.baud)


def what_to_check(location: WireLocation, wire: Wire | None = None) -> str:
    """What may be amiss where the line is open and nobody answers, in the words of guest and host.

    Args:
        wire: the line, closed again; it may know that another program has it.
    """
    if getattr(wire, "in_use", False):
        return (
            "the line is in use: another program was connected to it all the while, and this connection waited for "
            "its turn (a line has room for one debugger); end that one first"
        )
    host = _HOSTS[location.scheme].format(path=location.path, port=location.port, baud=location.baud)
    return (
        f"check: no other debugger is attached (a line has room for one); {_GUEST}; {host}; "
        "a guest set to KDNET or USB does not answer on a port; docs/live.md has it step by step"
    )
