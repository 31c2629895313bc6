# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.pagedirs: can each process's page directory be used; if not, why, and what to type instead."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class PageDirs(interfaces.plugins.PluginInterface):
    """Says for each process whether its page directory can be used; if not, why, and what to type instead.

    What WinDbg means by "Process X has invalid page directories": a verdict per process, the outcome of named checks
    (--checks shows them), with the evidence. --typed reads a value strictly as WinDbg's .process does, as an EPROCESS
    address, and says what it is instead.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            requirements.ListRequirement(
                name="typed",
                element_type=str,
                description="What was typed after .process: read as an EPROCESS address, as WinDbg does",
                optional=True,
            ),
            requirements.BooleanRequirement(
                name="checks", description="Show every check under its process", default=False, optional=True
            ),
            *scan_options(),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.pagedirs.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        who = chosen(self.config)
        typed = self.config.get("typed") or []
        absent = renderers.NotAvailableValue()
        scan, checks = scan_wanted(self.config), self.config.get("checks", False)
        found = rows_below(self.context, self.config["primary"], who, typed, checks, scan, self._progress_callback)
        for row in found:
            hexes = [absent if v is None else format_hints.Hex(v) for v in (row.eprocess, row.dirbase)]
            counts = [absent if v is None else v for v in row[8:11]]
            yield (
                row.depth,
                (
                    absent if row.pid is None else row.pid,
                    volatility_cell(row.process),
                    *hexes,
                    *row[5:8],
                    *counts,
                    row.source,
                    row.life,
                    volatility_cell(row.evidence),
                    volatility_cell(row.next),
                ),
            )

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("PID", int),
            ("Process", str),
            ("EPROCESS", format_hints.Hex),
            ("DirBase", format_hints.Hex),
            ("Mode", str),
            ("Verdict", str),
            ("Level", str),
            ("TablesPresent", int),
            ("TablesMissing", int),
            ("UserPages", int),
            ("Source", str),
            ("Life", str),
            ("Evidence", str),
            ("Next", str),
        ]
        return budgeted_grid(self, columns, self._generator())
