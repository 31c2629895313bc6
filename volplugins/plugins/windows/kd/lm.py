# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.lm: modules of processes or of the kernel, by the loader's lists, the VADs and the images themselves."""

import datetime

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints
from volatility3.plugins import timeliner

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Lm(interfaces.plugins.PluginInterface, timeliner.TimeLinerInterface):
    """Lists modules with PDB, version and symbol status, and which of the loader's lists hold them (WinDbg: lm, !lmi).

    A module that is mapped and in no list, or listed and not mapped, is shown and marked. --kernel-modules lists the
    kernel's, unloaded ones too. --addr shows the module that holds an address, --module those with fitting names.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            requirements.BooleanRequirement(
                name="kernel-modules", description="Show the kernel's modules", default=False, optional=True
            ),
            requirements.ListRequirement(
                name="addr",
                element_type=str,
                description="Only the module that holds this address (0x and back-tick as you like)",
                optional=True,
            ),
            requirements.ListRequirement(
                name="module",
                element_type=str,
                description="Only modules whose name or path fits a pattern: ntdll.dll, *\\drivers\\*, *.sys",
                optional=True,
            ),
            requirements.ListRequirement(
                name="image-path",
                element_type=str,
                description="Folders with image files, for what memory lacks of them",
                optional=True,
            ),
            *scan_options(),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.lm.rows import Wanted
        from volplugins.vol.commands.lm.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell, volatility_time, volatility_unix_time

        absent = renderers.NotAvailableValue()
        kernel = self.config.get("kernel-modules", False)
        names = self.config.get("module") or []
        wanted = Wanted(chosen(self.config), kernel, scan=scan_wanted(self.config), times=True, names=names)
        found = rows_below(
            self.context, self.config["primary"], wanted, self.config.get("addr") or [],
            self.config.get("image-path") or [], self._progress_callback,
        )  # fmt: skip
        for row in found:
            numbers = [absent if v is None else format_hints.Hex(v) for v in (row[2], row[3], row[7], row[8])]
            texts = [volatility_cell(text) if text else absent for text in row[9:12]]
            yield (
                0,
                (
                    absent if row.pid is None else row.pid, volatility_cell(row.process), *numbers[:2],
                    volatility_cell(row.module), row.status, volatility_cell(row.path), *numbers[2:], *texts,
                    *(absent if flag is None else flag for flag in row[12:16]), row.source, volatility_cell(row.note),
                    volatility_unix_time(row.linked), volatility_time(row.loaded), volatility_time(row.unloaded),
                ),
            )  # fmt: skip

    def generate_timeline(self):
        """When modules were loaded, unloaded and linked, for volatility3's timeliner."""
        from volplugins.vol.commands.lm.shell import events_below
        from volplugins.vol.output.timeline import volatility_event

        who, scan = chosen(self.config), scan_wanted(self.config)
        found = events_below(self.context, self.config["primary"], who, scan, self._progress_callback)
        yield from map(volatility_event, found)

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("PID", int),
            ("Process", str),
            ("Start", format_hints.Hex),
            ("End", format_hints.Hex),
            ("Module", str),
            ("Status", str),
            ("Path", str),
            ("Timestamp", format_hints.Hex),
            ("CheckSum", format_hints.Hex),
            ("Pdb", str),
            ("GuidAge", str),
            ("Version", str),
            ("InLoad", bool),
            ("InMemory", bool),
            ("InInit", bool),
            ("Mapped", bool),
            ("Source", str),
            ("Note", str),
            ("LinkTime", datetime.datetime),
            ("LoadTime", datetime.datetime),
            ("UnloadTime", datetime.datetime),
        ]
        return budgeted_grid(self, columns, self._generator())
