# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.peb: what a process's own memory says of it: modules, parameters, environment, each list checked."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import directory_option, flag, process_options, scan_options
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Peb(Command, interfaces.plugins.PluginInterface):
    """Shows each process's PEB, modules, parameters and environment, the loader's lists checked (WinDbg: !peb, !teb).

    The three lists of modules are walked both ways and compared with each other and with what is mapped: section
    integrity says what does not fit. Where the PEB or the lists cannot be read, the modules come from the VADs and are
    marked so. A 32-bit process on x64 has both PEBs.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            directory_option(),
            flag("teb", "Show each thread's TEB too"),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.peb.row import PEB

        return PEB

    def rows(self, request):
        from volplugins.vol.commands.peb.rows import peb_rows

        dirbase, teb = request.text("dirbase"), request.flag("teb")
        return peb_rows(request.scene(), request.who, teb, request.scan, request.progress, dirbase)
