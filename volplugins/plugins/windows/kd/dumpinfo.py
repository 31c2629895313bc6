# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.dumpinfo: what a crash dump file is, whether it is whole, and what it holds."""

from volatility3.framework import interfaces
from volatility3.framework.configuration import requirements

try:
    from volplugins.vol.scene.process_options import budget_options
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class DumpInfo(interfaces.plugins.PluginInterface):
    """Shows what a crash dump is, whether it is whole and what it holds (WinDbg: .dumpdebug, dumpchk).

    Groups: header (every field under Microsoft's name), runs (physical memory in the file), completeness
    (expected and real size, pages missing, a score), crosscheck (header against memory), triage (blocks of a
    small dump), secondary (tagged blobs), blackbox (what they say), notes (everything odd). Needs no symbols.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            requirements.ListRequirement(
                name="save",
                element_type=str,
                description="Write the tagged blobs of these GUIDs, or of these numbers, to files named by their GUID",
                default=[],
                optional=True,
            ),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.dumpinfo.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        save = self.config.get("save", None) or []
        for row in rows_below(self.context, self.config["primary"], save, self.open):
            yield 0, tuple(volatility_cell(cell) for cell in row)

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        return budgeted_grid(self, [("Group", str), ("Field", str), ("Value", str), ("Note", str)], self._generator())
