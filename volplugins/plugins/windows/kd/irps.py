# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.irps: I/O requests, who holds them, and since when."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import flag, process_options, scan_options, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Irps(Command, interfaces.plugins.PluginInterface):
    """Lists I/O requests (IRPs) with the driver that holds each, and since when (WinDbg: !irp, !irpfind).

    First what is held by drivers that are not Microsoft's, oldest first. Source says what led to each: its thread's
    list, a device, a file, the power manager, a parameter of the bugcheck, or a search of memory; Note has the others,
    what the request asks for, and who waits for it. --locations shows every stack location, lowest driver first.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            texts("irp", "Only the requests at these addresses, whether something leads to them or not"),
            texts("driver", "Only requests that a driver holds whose name fits: acmedrv, \\Driver\\usb*"),
            flag("locations", "Show every stack location, the lowest driver's first"),
            flag("group", "Requests that are alike once, with their number"),
            *scan_options("requests that no list leads to"),
        ]

    def table(self):
        from volplugins.vol.commands.irps.row import IRPS

        return IRPS

    def rows(self, request):
        from volplugins.vol.commands.irps.rows import Wanted, irps_rows

        addresses, wrong = request.addresses("irp")
        wanted = Wanted(
            request.who, request.texts("driver"), addresses, wrong, request.flag("locations"), request.flag("group"),
            request.scan,
        )  # fmt: skip
        return irps_rows(request.scene(), wanted, request.progress)
