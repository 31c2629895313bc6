# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.dumpinfo: what a crash dump file is, whether it is whole, and what it holds."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class DumpInfo(Command, interfaces.plugins.PluginInterface):
    """Shows what a crash dump is, whether it is whole and what it holds (WinDbg: .dumpdebug, dumpchk).

    Groups: header (every field under Microsoft's name), runs (physical memory in the file), completeness
    (expected and real size, pages missing, a score), crosscheck (header against memory), triage (blocks of a
    small dump), secondary (tagged blobs), blackbox (what they say), notes (everything odd). Needs no symbols.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            texts("save", "Write the tagged blobs of these GUIDs, or of these numbers, to files named by their GUID"),
        ]

    def table(self):
        from volplugins.vol.commands.dumpinfo.row import DUMPINFO

        return DUMPINFO

    def rows(self, request):
        from volplugins.vol.commands.dumpinfo.stages import staged_rows

        return staged_rows(request)
