# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.process: processes with DirBase, PEB, threads and the state of their page directory."""

import datetime

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints


class Process(interfaces.plugins.PluginInterface):
    """Lists processes with DirBase, PEB, threads and the state of their page directory (WinDbg: !process, |).

    PageDirectory is the verdict of windows.kd.pagedirs. Note marks the process that caused the event (|#) and the
    current one of each processor (|.).
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            requirements.ListRequirement(name="pid", element_type=int, description="Process IDs", optional=True),
            requirements.ListRequirement(
                name="process",
                element_type=str,
                description="Processes: a PID, image name, EPROCESS, DirBase or PFN (pid: eprocess: dirbase: pfn:)",
                optional=True,
            ),
        ]

    def _generator(self):
        from volatility3.framework.renderers import conversion

        from volplugins.vol.process_shell import rows_below
        from volplugins.vol.rows import volatility_cell

        absent, unread = renderers.NotAvailableValue(), renderers.NotAvailableValue()
        who = [f"pid:{pid}" for pid in self.config.get("pid") or []] + list(self.config.get("process") or [])
        for row in rows_below(self.context, self.config["primary"], who):
            hexes = [absent if v is None else format_hints.Hex(v) for v in (row.eprocess, row.peb, row.dirbase)]
            counts = [absent if v is None else v for v in (row.pid, row.ppid, row.threads)]
            times = [conversion.wintime_to_datetime(v) if v else absent for v in (row.create_time, row.exit_time)]
            yield (
                0,
                (
                    counts[0], counts[1], volatility_cell(row.name), hexes[0], unread, hexes[1], hexes[2],
                    row.page_directory, unread, unread, counts[2], unread, unread, unread, times[0], times[1],
                    row.source, row.life, volatility_cell(row.note),
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
