# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.ptov: who maps a physical byte, or all that a process maps."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Ptov(interfaces.plugins.PluginInterface):
    """Shows which processes, and the kernel, map a physical byte; or the whole map of processes (WinDbg: !ptov).

    With --physical: every mapping of those bytes, the kernel's as PID 0. Without: the user half of the chosen
    processes (all, if none is chosen), neighbours joined.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            requirements.ListRequirement(
                name="physical", element_type=str, description="Physical addresses, in hexadecimal", optional=True
            ),
            *process_options(),
            *scan_options(),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.ptov.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        who = chosen(self.config)
        absent = renderers.NotAvailableValue()
        scan, physical = scan_wanted(self.config), self.config.get("physical") or []
        for row in rows_below(self.context, self.config["primary"], physical, who, scan, self._progress_callback):
            hexes = [absent if v is None else format_hints.Hex(v) for v in (row.physical, row.virtual, row.size)]
            pid = absent if row.pid is None else row.pid
            yield 0, (pid, volatility_cell(row.process), *hexes, row.flags, row.state, volatility_cell(row.note))

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("PID", int),
            ("Process", str),
            ("Physical", format_hints.Hex),
            ("Virtual", format_hints.Hex),
            ("Size", format_hints.Hex),
            ("Flags", str),
            ("State", str),
            ("Note", str),
        ]
        return budgeted_grid(self, columns, self._generator())
