# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.ptov: who maps a physical byte, or all that a process maps."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints


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
            requirements.ListRequirement(name="pid", element_type=int, description="Process IDs", optional=True),
            requirements.ListRequirement(
                name="process",
                element_type=str,
                description="Processes: a PID, image name, EPROCESS, DirBase or PFN (pid: eprocess: dirbase: pfn:)",
                optional=True,
            ),
        ]

    def _generator(self):
        from volplugins.vol.ptov_shell import rows_below
        from volplugins.vol.rows import volatility_cell

        who = [f"pid:{pid}" for pid in self.config.get("pid") or []] + list(self.config.get("process") or [])
        absent = renderers.NotAvailableValue()
        for row in rows_below(self.context, self.config["primary"], self.config.get("physical") or [], who):
            hexes = [absent if v is None else format_hints.Hex(v) for v in (row.physical, row.virtual, row.size)]
            pid = absent if row.pid is None else row.pid
            yield 0, (pid, volatility_cell(row.process), *hexes, row.flags, row.state, volatility_cell(row.note))

    def run(self):
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
        return renderers.TreeGrid(columns, self._generator())
