# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.drivers: driver objects, their devices and their routines."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import flag, scan_options, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Drivers(Command, interfaces.plugins.PluginInterface):
    """Lists driver objects and below each its devices; with --dispatch its routines and who holds them (!drvobj).

    Source says what led to each: the object directories, a device, or a search of memory. Note marks a driver that
    is in no directory, whose image is no loaded module, and routines outside the driver.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            texts("driver", "Only drivers whose object, service or module fits: acmedrv, \\Driver\\usb*, ntfs.sys"),
            texts("object", "Only these driver objects, or the drivers of these device objects (addresses)"),
            flag("dispatch", "Show each driver's entry points, dispatch table and fast I/O routines too"),
            *scan_options("drivers and devices that nothing leads to"),
        ]

    def table(self):
        from volplugins.vol.commands.drivers.row import DRIVERS

        return DRIVERS

    def rows(self, request):
        from volplugins.vol.commands.drivers.rows import Wanted, driver_rows

        addresses, wrong = request.addresses("object")
        wanted = Wanted(request.texts("driver"), addresses, request.flag("dispatch"), request.scan, wrong)
        return driver_rows(request.scene(), wanted, request.progress)
