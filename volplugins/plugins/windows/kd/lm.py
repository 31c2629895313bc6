# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.lm: modules of processes or of the kernel, by the loader's lists, the VADs and the images themselves."""

from volatility3.framework import interfaces
from volatility3.plugins import timeliner

try:
    from volplugins.vol.commands.options import directory_option, flag, image_path, process_options, scan_options, texts
    from volplugins.vol.commands.plugin import TimedCommand
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Lm(TimedCommand, interfaces.plugins.PluginInterface, timeliner.TimeLinerInterface):
    """Lists modules with PDB, version and symbol status, and which of the loader's lists hold them (WinDbg: lm, !lmi).

    A module that is mapped and in no list, or listed and not mapped, is shown and marked. --kernel-modules lists the
    kernel's, unloaded ones too. --addr shows the module that holds an address, --module those with fitting names.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            directory_option(),
            flag("kernel-modules", "Show the kernel's modules"),
            texts("addr", "Only the module that holds this address (0x and back-tick as you like)"),
            texts("module", "Only modules whose name or path fits a pattern: ntdll.dll, *\\drivers\\*, *.sys"),
            image_path("Folders with image files, for what memory lacks of them"),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.lm.row import LM

        return LM

    def rows(self, request):
        from volplugins.vol.commands.lm.rows import Wanted
        from volplugins.vol.commands.lm.typed import typed_rows

        kernel, names = request.flag("kernel-modules"), request.texts("module")
        dirbase = request.text("dirbase")
        wanted = Wanted(request.who, kernel, scan=request.scan, times=True, names=names, dirbase=dirbase)
        return typed_rows(request, wanted)

    def events(self, request):
        """When modules were loaded, unloaded and linked."""
        from volplugins.vol.commands.lm.timeline import events

        return events(request)
