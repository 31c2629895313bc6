# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.process: processes with DirBase, PEB, VADs, threads and the state of their page directory."""

import datetime

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints
from volatility3.plugins import timeliner

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Process(interfaces.plugins.PluginInterface, timeliner.TimeLinerInterface):
    """Lists processes with DirBase, PEB, VADs, threads and the state of their page directory (WinDbg: !process, |).

    PageDirectory is the verdict of windows.kd.pagedirs. Note marks the process that caused the event (|#) and the
    current one of each processor (|.). Source says how a process was found: in the list, by a scan of memory (hidden
    and exited ones), or by a thread that names it. CommitCharge is in pages. --threads adds a row per thread
    below its process, with state, what it waits for, where it started and when (WinDbg: !process, flag 2).
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            requirements.BooleanRequirement(
                name="threads", description="Show the threads of each process", default=False, optional=True
            ),
            *scan_options(),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.process.rows import Wanted
        from volplugins.vol.commands.process.shell import rows_below
        from volplugins.vol.commands.process.thread_rows import ThreadRow

        threads = self.config.get("threads", False)
        wanted = Wanted(chosen(self.config), threads, scan_wanted(self.config))
        for row in rows_below(self.context, self.config["primary"], wanted, self._progress_callback):
            if isinstance(row, ThreadRow):
                yield 1, self._thread_cells(row)
            else:
                yield 0, self._process_cells(row) + (11 * (renderers.NotApplicableValue(),) if threads else ())

    def generate_timeline(self):
        """Creation and exit of processes and threads, for volatility3's timeliner."""
        from volplugins.vol.commands.process.rows import Wanted
        from volplugins.vol.commands.process.shell import events_below
        from volplugins.vol.output.timeline import volatility_event

        wanted = Wanted(chosen(self.config), True, scan_wanted(self.config))
        found = events_below(self.context, self.config["primary"], wanted, self._progress_callback)
        yield from map(volatility_event, found)

    def _process_cells(self, row):
        from volplugins.vol.output.rows import volatility_cell, volatility_time

        absent = renderers.NotAvailableValue()
        hexes = [
            absent if v is None else format_hints.Hex(v) for v in (row.eprocess, row.peb, row.dirbase, row.vad_root)
        ]
        counts = [
            absent if v is None else v
            for v in (row.session_id, row.vad_count, row.threads, row.handles, row.commit_charge, row.wow64)
        ]
        return (
            absent if row.pid is None else row.pid, absent if row.ppid is None else row.ppid,
            volatility_cell(row.name), hexes[0], counts[0], hexes[1], hexes[2], row.page_directory, hexes[3],
            *counts[1:], volatility_time(row.create_time), volatility_time(row.exit_time), row.source, row.life,
            volatility_cell(row.note),
        )  # fmt: skip

    def _thread_cells(self, row):
        from volplugins.vol.output.rows import volatility_cell, volatility_time

        absent, other = renderers.NotAvailableValue(), renderers.NotApplicableValue()
        return (
            absent if row.pid is None else row.pid, other, volatility_cell(row.name), format_hints.Hex(row.eprocess),
            *12 * (other,), row.source, other, volatility_cell(row.note),
            absent if row.tid is None else row.tid,
            absent if row.ethread is None else format_hints.Hex(row.ethread),
            row.state, row.wait, absent if row.context_switches is None else row.context_switches,
            absent if row.start_address is None else format_hints.Hex(row.start_address), volatility_cell(row.start),
            volatility_time(row.create_time), volatility_time(row.exit_time),
            *(absent if v is None else format_hints.Hex(v) for v in (row.win32_start, row.kernel_start)),
        )  # fmt: skip

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("PID", int),
            ("PPID", int),
            ("Name", str),
            ("EPROCESS", format_hints.Hex),
            ("SessionId", int),
            ("Peb", format_hints.Hex),
            ("DirBase", format_hints.Hex),
            ("PageDirectory", str),
            ("VadRoot", format_hints.Hex),
            ("VadCount", int),
            ("Threads", int),
            ("Handles", int),
            ("CommitCharge", int),
            ("Wow64", bool),
            ("CreateTime", datetime.datetime),
            ("ExitTime", datetime.datetime),
            ("Source", str),
            ("Life", str),
            ("Note", str),
        ]
        if self.config.get("threads", False):
            columns += [
                ("TID", int),
                ("ETHREAD", format_hints.Hex),
                ("State", str),
                ("Wait", str),
                ("ContextSwitches", int),
                ("StartAddress", format_hints.Hex),
                ("Start", str),
                ("ThreadCreateTime", datetime.datetime),
                ("ThreadExitTime", datetime.datetime),
                ("Win32StartAddress", format_hints.Hex),
                ("KernelStartAddress", format_hints.Hex),
            ]
        return budgeted_grid(self, columns, self._generator())
