# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.address: the user addresses of processes from end to end, with initial and actual protection."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error

_FILTERS = {
    "usage": "Only regions of these uses: Free Image Stack TEB PEB Heap MappedFile PageFileSection SharedData Other "
    "Unknown Stack32 TEB32 PEB32",
    "type": "Only regions of these types: MEM_IMAGE MEM_MAPPED MEM_PRIVATE",
    "state": "Only regions of these states: MEM_COMMIT MEM_RESERVE MEM_FREE unknown",
    "protect": "Only regions whose range was made with one of these: PAGE_READWRITE, PAGE_EXECUTE_READWRITE, ...",
    "actual": "Only regions that the page tables protect so now, wholly or in part: PAGE_EXECUTE_READWRITE, ... (code "
    "that was written into memory is often found by this and not by --protect)",
}


# not called Address: volatility3 finds plugins by any part of their names, and Addr is one of its own
class UserSpace(interfaces.plugins.PluginInterface):
    """Shows the user address space of processes from end to end, free gaps included (WinDbg: !address, !vad, !vprot).

    Protect is what the range was made with (VAD), Actual what its page tables allow now; where they disagree, Note
    says so. Commit, Resident and InDump are bytes. --summary adds up by usage, type, state and protection. --yara
    adds the names of matching rules to Detail: a rule file, or the suite's own rules, called plain.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            requirements.BooleanRequirement(
                name="summary",
                description="Add up by usage, type, state and protection",
                default=False,
                optional=True,
            ),
            *(
                requirements.ListRequirement(name=name, element_type=str, description=text, optional=True)
                for name, text in _FILTERS.items()
            ),
            requirements.StringRequirement(
                name="yara", description="Rule file, or plain for the suite's own rules", optional=True
            ),
            *scan_options(),
            *budget_options(),
        ]

    def _wanted(self):
        from volplugins.vol.commands.address.rows import Wanted

        filters = {name: self.config.get(name) or [] for name in _FILTERS}
        return Wanted(chosen(self.config), scan_wanted(self.config), **filters)

    def _generator(self):
        from volplugins.vol.commands.address.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        absent = renderers.NotAvailableValue()
        found = rows_below(
            self.context, self.config["primary"], self._wanted(), self.config.get("yara") or "", self._progress_callback
        )
        for row in found:
            hexes = [absent if v is None else format_hints.Hex(v) for v in (row.start, row.end)]
            sizes = [absent if v is None else v for v in (row.size, row.commit, row.resident, row.in_dump)]
            words = [text or absent for text in (row.type, row.state, row.protect, row.actual, row.usage)]
            pid = absent if row.pid is None else row.pid
            yield (
                0,
                (
                    pid, volatility_cell(row.process), *hexes, sizes[0], *words, *sizes[1:],
                    volatility_cell(row.detail) if row.detail else absent, volatility_cell(row.note),
                ),
            )  # fmt: skip

    def _summary(self):
        from volplugins.vol.commands.address.shell import summary_below
        from volplugins.vol.output.rows import volatility_cell

        absent = renderers.NotAvailableValue()
        for row in summary_below(self.context, self.config["primary"], self._wanted(), self._progress_callback):
            pid, count, size, largest = (
                absent if v is None else v for v in (row.pid, row.regions, row.size, row.largest)
            )
            percents = [float(text) if text else absent for text in (row.percent_busy, row.percent_total)]
            yield (
                0,
                (
                    pid, volatility_cell(row.process), row.by or absent, row.name or absent, count, size, *percents,
                    largest, volatility_cell(row.note),
                ),
            )  # fmt: skip

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        if self.config.get("summary", False):
            columns = [
                ("PID", int),
                ("Process", str),
                ("By", str),
                ("Name", str),
                ("Count", int),
                ("Size", int),
                ("PercentBusy", float),
                ("PercentTotal", float),
                ("Largest", int),
                ("Note", str),
            ]
            return budgeted_grid(self, columns, self._summary())
        columns = [
            ("PID", int),
            ("Process", str),
            ("Start", format_hints.Hex),
            ("End", format_hints.Hex),
            ("Size", int),
            ("Type", str),
            ("State", str),
            ("Protect", str),
            ("Actual", str),
            ("Usage", str),
            ("Commit", int),
            ("Resident", int),
            ("InDump", int),
            ("Detail", str),
            ("Note", str),
        ]
        return budgeted_grid(self, columns, self._generator())
