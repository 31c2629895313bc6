# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.process: processes with DirBase, PEB, VADs, threads and the state of their page directory."""

from volatility3.framework import interfaces
from volatility3.plugins import timeliner

try:
    from volplugins.vol.commands.options import flag, process_options, scan_options
    from volplugins.vol.commands.plugin import TimedCommand
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Process(TimedCommand, interfaces.plugins.PluginInterface, timeliner.TimeLinerInterface):
    """Lists processes with DirBase, PEB, VADs, threads and the state of their page directory (WinDbg: !process, |).

    PageDirectory is the verdict of windows.kd.pagedirs. Note marks the process that caused the event (|#) and the
    current one of each processor (|.). Source says how a process was found: in the list, by a scan of memory (hidden
    and exited ones), or by a thread that names it. CommitCharge is in pages. --threads adds a row per thread
    below its process, with state, what it waits for, where it started and when (WinDbg: !process, flag 2).
    --details adds columns to both: full image name, times, memory, quotas, token and job of a process; stack, wait,
    APCs, priority boost and pending requests of a thread (WinDbg: !process, flag 1, and !thread).
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            flag("threads", "Show the threads of each process"),
            flag("details", "Show what !process and !thread have besides: times, memory, quotas, stacks, waits"),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.process.row import PROCESS, WITH_ALL, WITH_DETAILS, WITH_THREADS

        if self.config.get("details", False):
            return WITH_ALL if self.config.get("threads", False) else WITH_DETAILS
        return WITH_THREADS if self.config.get("threads", False) else PROCESS

    def rows(self, request):
        from volplugins.vol.commands.process.details import detailed_rows
        from volplugins.vol.commands.process.rows import Wanted, process_rows

        wanted = Wanted(request.who, request.flag("threads"), request.scan)
        if request.flag("details"):
            return detailed_rows(request.scene(), wanted, request.progress)
        return process_rows(request.scene(), wanted, request.progress)

    def events(self, request):
        """Creation and exit of processes and threads."""
        from volplugins.vol.commands.process.timeline import events

        return events(request)
