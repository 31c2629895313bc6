# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.peb: what a process's own memory says of it: modules, parameters, environment, each list checked."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Peb(interfaces.plugins.PluginInterface):
    """Shows each process's PEB, modules, parameters and environment, the loader's lists checked (WinDbg: !peb, !teb).

    The three lists of modules are walked both ways and compared with each other and with what is mapped: section
    integrity says what does not fit. Where the PEB or the lists cannot be read, the modules come from the VADs and are
    marked so. A 32-bit process on x64 has both PEBs.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            requirements.BooleanRequirement(
                name="teb", description="Show each thread's TEB too", default=False, optional=True
            ),
            *scan_options(),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.peb.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        absent = renderers.NotAvailableValue()
        who, scan = chosen(self.config), scan_wanted(self.config)
        teb = self.config.get("teb", False)
        for row in rows_below(self.context, self.config["primary"], who, teb, scan, self._progress_callback):
            numbers = [absent if value is None else value for value in (row.pid, row.bits)]
            yield (
                0,
                (
                    numbers[0], volatility_cell(row.process), numbers[1], row.section,
                    *(volatility_cell(cell) for cell in row[4:]),
                ),
            )  # fmt: skip

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("PID", int),
            ("Process", str),
            ("Bits", int),
            ("Section", str),
            ("Field", str),
            ("Value", str),
            ("Note", str),
        ]
        return budgeted_grid(self, columns, self._generator())
