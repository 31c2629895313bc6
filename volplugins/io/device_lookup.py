"""Devices that requests name: from the view, else read where they are, so that a small dump's are known too."""

from __future__ import annotations

from dataclasses import dataclass, field

from volplugins.io.device import Device, read_device
from volplugins.io.driver import Driver, read_driver
from volplugins.io.file_object import FileObject, read_file_object
from volplugins.io.view import DEVICE, IoView
from volplugins.memory.reader import ReadError

_MOST_KEPT = 1 << 16


@dataclass(slots=True)
class DeviceLookup:
    """Looks objects up by address; each is read once."""

    view: IoView
    _devices: dict[int, Device | None] = field(default_factory=dict)
    _drivers: dict[int, Driver | None] = field(default_factory=dict)
    _files: dict[int, FileObject | None] = field(default_factory=dict)

    def device(self, address: int) -> Device | None:
        """The device object at ``address``; None where none can be read there."""
        known = self.view.devices.get(address)
        if known is not None or not address:
            return known
        if address not in self._devices and len(self._devices) < _MOST_KEPT:
            self._devices[address] = self._read_device(address)
        return self._devices.get(address)

    def driver(self, device: Device) -> Driver | None:
        """The driver object that a device names; None where none can be read there."""
        known = self.view.drivers.get(device.driver)
        if known is not None:
            return known
        if device.driver not in self._drivers and len(self._drivers) < _MOST_KEPT:
            self._drivers[device.driver] = self._read_driver(device.driver)
        return self._drivers.get(device.driver)

    def driver_name(self, address: int) -> str:
        """Name of the driver of the device at ``address``; empty where that is no device, or names no driver."""
        device = self.device(address)
        driver = self.driver(device) if device is not None else None
        return driver.name if driver is not None else ""

    def file(self, address: int) -> FileObject | None:
        """The file object at ``address``; None where none can be read there."""
        if address not in self._files:
            if len(self._files) >= _MOST_KEPT:
                self._files.clear()
            self._files[address] = self._read_file(address) if address else None
        return self._files[address]

    def _read_device(self, address: int) -> Device | None:
        try:
            return read_device(self.view.system, address)
        except ReadError:
            return None

    def _read_driver(self, address: int) -> Driver | None:
        try:
            return read_driver(self.view.system, address, DEVICE)
        except ReadError:
            return None

    def _read_file(self, address: int) -> FileObject | None:
        try:
            return read_file_object(self.view.system, address)
        except ReadError:
            return None
