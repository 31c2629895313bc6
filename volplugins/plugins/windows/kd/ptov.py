# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.ptov: who maps a physical byte, or all that a process maps."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import directory_option, process_options, scan_options, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Ptov(Command, interfaces.plugins.PluginInterface):
    """Shows which processes, and the kernel, map a physical byte; or the whole map of processes (WinDbg: !ptov).

    With --physical: every mapping of those bytes, the kernel's as PID 0. Without: the user half of the chosen
    processes (all, if none is chosen), neighbours joined.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            texts("physical", "Physical addresses, in hexadecimal"),
            *process_options(),
            directory_option(),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.ptov.row import PTOV

        return PTOV

    def rows(self, request):
        from volplugins.vol.commands.ptov.rows import ptov_rows

        physical, dirbase = request.texts("physical"), request.text("dirbase")
        return ptov_rows(request.scene(), physical, request.who, request.scan, request.progress, dirbase)
