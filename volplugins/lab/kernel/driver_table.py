"""What each driver of the lab is called and does: its dispatch table, entry points, fast I/O.

Numbers of the major functions: wdm.h. Names of drivers and of their routines are those of public symbol listings where
the driver is Microsoft's. Whatever a table does not name leads to nt!IopInvalidDeviceRequest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CREATE, CLOSE, READ, WRITE, FLUSH = 0x00, 0x02, 0x03, 0x04, 0x09
QUERY_INFORMATION, SET_INFORMATION, DIRECTORY_CONTROL, FILE_SYSTEM_CONTROL = 0x05, 0x06, 0x0C, 0x0D
DEVICE_CONTROL, INTERNAL_DEVICE_CONTROL, CLEANUP, POWER, SYSTEM_CONTROL, PNP = 0x0E, 0x0F, 0x12, 0x16, 0x17, 0x1B
FUNCTIONS = 28
SET_POWER = 0x02


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """A driver; routines are symbols of its own image, or ``module!Symbol``.

    Attributes:
        name: whole name of its object.
        builtin: the routine with which IoCreateDriver made it; such a driver has no image of its own: its start and
            size are zero.
        dispatch: major function to routine; -1 stands for all others.
        fast_io: member of _FAST_IO_DISPATCH to routine.
        rare: whether it is there only where a scenario asks for it.
    """

    name: str
    dispatch: Mapping[int, str]
    builtin: str = ""
    add_device: str = ""
    start_io: str = ""
    unload: str = ""
    fast_io: Mapping[str, str] = field(default_factory=dict)
    rare: bool = False

    @property
    def file_system(self) -> bool:
        """Whether it is in the directory of file systems."""
        return self.name.startswith("\\FileSystem\\")


def _same(routine: str, *functions: int) -> dict[int, str]:
    return dict.fromkeys(functions, routine)


_OPEN = (CREATE, CLOSE, CLEANUP)
DRIVERS: Mapping[str, DriverSpec] = {
    "PnpManager": DriverSpec("\\Driver\\PnpManager", {
        PNP: "nt!IopPnPDispatch", POWER: "nt!IopPowerDispatch", SYSTEM_CONTROL: "nt!IopPnPDispatch"},
        "nt!IopPnPDriverEntry"),
    "ACPI_HAL": DriverSpec("\\Driver\\ACPI_HAL", {
        PNP: "hal!HalpDispatchPnp", POWER: "hal!HalpDispatchPower", SYSTEM_CONTROL: "hal!HalpDispatchWmi"},
        "hal!HalpDriverEntry",         add_device="hal!HalpAddDevice"),
    "WMIxWDM": DriverSpec("\\Driver\\WMIxWDM", _same(
        "nt!WmipIrpDispatch", *_OPEN, DEVICE_CONTROL, SYSTEM_CONTROL), "nt!WmipDriverEntry"),
    "RAW": DriverSpec("\\FileSystem\\RAW", _same(
        "nt!RawDispatch", *_OPEN, READ, WRITE, FILE_SYSTEM_CONTROL, DEVICE_CONTROL, PNP), "nt!RawInitialize"),
    "mrxsmb": DriverSpec("\\FileSystem\\MRxSmb", _same(
        "nt!RawDispatch", *_OPEN, READ, WRITE, FILE_SYSTEM_CONTROL, DEVICE_CONTROL), "nt!RawInitialize", rare=True),
    "fltmgr": DriverSpec("\\FileSystem\\FltMgr", {-1: "FltpDispatch", PNP: "FltpPassThrough", POWER: "FltpPassThrough"},
        fast_io={"FastIoRead": "FltpFastIoRead", "FastIoWrite": "FltpFastIoWrite"}),
    "ntfs": DriverSpec("\\FileSystem\\Ntfs", {
        **_same("NtfsFsdDispatch", *_OPEN, QUERY_INFORMATION, SET_INFORMATION, DIRECTORY_CONTROL, FILE_SYSTEM_CONTROL,
                DEVICE_CONTROL, FLUSH, PNP), READ: "NtfsFsdRead", WRITE: "NtfsFsdWrite"},
        fast_io={"FastIoRead": "NtfsCopyReadA", "FastIoWrite": "NtfsCopyWriteA",
                 "FastIoQueryBasicInfo": "NtfsFastQueryBasicInfo"}),
    "tcpip": DriverSpec("\\Driver\\Tcpip", {
        **_same("TCPDispatch", *_OPEN, DEVICE_CONTROL), INTERNAL_DEVICE_CONTROL: "TCPDispatchInternalDeviceControl"}),
    "vendflt": DriverSpec("\\Driver\\vendflt", {-1: "VendPassThrough"}, add_device="VendAddDevice"),
    "usbport": DriverSpec("\\Driver\\usbport", {
        **_same("USBPORT_Dispatch", *_OPEN, DEVICE_CONTROL, INTERNAL_DEVICE_CONTROL, SYSTEM_CONTROL, PNP),
        POWER: "UsbportDispatchPower"}, add_device="USBPORT_AddDevice"),
    "i8042prt": DriverSpec("\\Driver\\i8042prt", _same(
        "I8xInternalDeviceControl", *_OPEN, INTERNAL_DEVICE_CONTROL, DEVICE_CONTROL, POWER, PNP),
        add_device="I8xAddDevice", start_io="I8xStartIo"),
    "kbdclass": DriverSpec("\\Driver\\kbdclass", {
        **_same("KeyboardClassPassThrough", *_OPEN, DEVICE_CONTROL, INTERNAL_DEVICE_CONTROL, POWER, PNP),
        READ: "KeyboardClassRead"}, add_device="KeyboardAddDevice"),
    "kbdhid": DriverSpec("\\Driver\\kbdhid", _same("KbdHid_IOCTL", *_OPEN, INTERNAL_DEVICE_CONTROL, POWER, PNP),
        add_device="KbdHid_AddDevice"),
    "acmedrv": DriverSpec("\\Driver\\acmedrv", {
        **_same("AcmeDispatchDeviceControl", *_OPEN, DEVICE_CONTROL, PNP, SYSTEM_CONTROL), READ: "AcmeDispatchRead",
        INTERNAL_DEVICE_CONTROL: "AcmeInternalDeviceControl", POWER: "AcmeDispatchPower"},
        add_device="AcmeAddDevice", start_io="AcmeStartIo", unload="AcmeUnload"),
    "myfault": DriverSpec("\\Driver\\MYFAULT", _same(
        "MyfaultDispatch", *_OPEN, DEVICE_CONTROL), unload="MyfaultUnload"),
    "pci": DriverSpec("\\Driver\\pci", {
        **_same("PciDispatchIrp", PNP, DEVICE_CONTROL, SYSTEM_CONTROL), POWER: "PciDispatchPower"},
        add_device="PciAddDevice"),
    "atapi": DriverSpec("\\Driver\\atapi", {
        **_same("IdePortDispatch", *_OPEN, DEVICE_CONTROL, INTERNAL_DEVICE_CONTROL, SYSTEM_CONTROL, PNP),
        POWER: "IdePortDispatchPower"}, add_device="IdePortAddDevice", start_io="IdePortStartIo"),
    "disk": DriverSpec("\\Driver\\disk", {
        **_same("ClassGlobalDispatch", *_OPEN, READ, WRITE, FLUSH, DEVICE_CONTROL, INTERNAL_DEVICE_CONTROL, PNP),
        POWER: "ClassDispatchPower"}, add_device="ClassAddDevice"),
    "volmgr": DriverSpec("\\Driver\\volmgr", {
        **_same("VmReadWrite", READ, WRITE, FLUSH), **_same("VmDeviceControl", *_OPEN, DEVICE_CONTROL, PNP),
        POWER: "VmPower"}, add_device="VmAddDevice"),
    "e1express": DriverSpec("\\Driver\\e1express", {
        **_same("E1Dispatch", *_OPEN, DEVICE_CONTROL, INTERNAL_DEVICE_CONTROL, SYSTEM_CONTROL, PNP),
        POWER: "E1DispatchPower"}, add_device="E1AddDevice"),
}  # fmt: skip
