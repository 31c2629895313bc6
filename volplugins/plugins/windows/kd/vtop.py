# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.vtop: a virtual address to its physical one, every level shown."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Vtop(interfaces.plugins.PluginInterface):
    """Translates virtual addresses, every level shown, every reason named (WinDbg: !vtop, !pte).

    One row per level with the entry's own addresses, its contents and WinDbg's flag letters; then the physical
    address and its offset in the dump file. "Not valid" and "not in the dump" are told apart.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            requirements.ListRequirement(
                name="address",
                element_type=str,
                description="Virtual addresses, with or without 0x and WinDbg's back-tick; or module!symbol+0x10, "
                "of the kernel's modules and of the chosen process's",
                optional=True,
            ),
            *process_options(),
            requirements.StringRequirement(
                name="dirbase",
                description="A bare page directory base in hexadecimal, or its page frame number (dirbase: pfn:)",
                optional=True,
            ),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.vtop.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        who = chosen(self.config)
        addresses = self.config.get("address") or []
        for row in rows_below(self.context, self.config["primary"], addresses, who, self.config.get("dirbase")):
            hexes = [renderers.NotAvailableValue() if v is None else format_hints.Hex(v) for v in (row[0], *row[2:5])]
            value = renderers.NotApplicableValue() if row.value is None else row.value
            yield (
                0,
                (hexes[0], row.step, *hexes[1:], row.flags, value, row.state, volatility_cell(row.note)),
            )

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("Address", format_hints.Hex),
            ("Step", str),
            ("EntryVirtual", format_hints.Hex),
            ("EntryPhysical", format_hints.Hex),
            ("Entry", format_hints.Hex),
            ("Flags", str),
            ("Value", str),
            ("State", str),
            ("Note", str),
        ]
        return budgeted_grid(self, columns, self._generator())
