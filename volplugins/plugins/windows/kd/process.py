# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.process: processes with DirBase, PEB, VADs, threads and the state of their page directory."""

import datetime

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints

try:
    from volplugins.vol.process_options import chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Process(interfaces.plugins.PluginInterface):
    """Lists processes with DirBase, PEB, VADs, threads and the state of their page directory (WinDbg: !process, |).

    PageDirectory is the verdict of windows.kd.pagedirs. Note marks the process that caused the event (|#) and the
    current one of each processor (|.). Source says how a process was found: in the list, by a scan of memory (hidden
    and exited ones), or by a thread that names it. CommitCharge is in pages.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            *scan_options(),
        ]

    def _generator(self):
        from volatility3.framework.renderers import conversion

        from volplugins.vol.process_shell import rows_below
        from volplugins.vol.rows import volatility_cell

        absent = renderers.NotAvailableValue()
        who, scan = chosen(self.config), scan_wanted(self.config)
        for row in rows_below(self.context, self.config["primary"], who, scan, self._progress_callback):
            hexes = [
                absent if v is None else format_hints.Hex(v) for v in (row.eprocess, row.peb, row.dirbase, row.vad_root)
            ]
            times = [conversion.wintime_to_datetime(v) if v else absent for v in (row.create_time, row.exit_time)]
            counts = [
                absent if v is None else v
                for v in (row.session_id, row.vad_count, row.threads, row.handles, row.commit_charge, row.wow64)
            ]
            yield (
                0,
                (
                    absent if row.pid is None else row.pid, absent if row.ppid is None else row.ppid,
                    volatility_cell(row.name), hexes[0], counts[0], hexes[1], hexes[2], row.page_directory, hexes[3],
                    *counts[1:], *times, row.source, row.life, volatility_cell(row.note),
                ),
            )  # fmt: skip

    def run(self):
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
        return renderers.TreeGrid(columns, self._generator())
