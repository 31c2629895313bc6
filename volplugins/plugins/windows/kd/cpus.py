# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.cpus: what each processor runs and has run, its ready threads, deferred calls and timers."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import flag
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Cpus(Command, interfaces.plugins.PluginInterface):
    """Shows each processor's current, next and idle thread, IRQL, DPC, switches and times (!running, !prcb, !irql).

    Times are seconds since boot, SwitchesPerSecond is the mean since then. --ready shows the threads that are ready
    and since when (!ready), --dpcs the deferred calls that wait (!dpcs), --timers the kernel's timers with the call or
    thread each is for (!timer).
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            flag("ready", "Show the threads that are ready to run, instead"),
            flag("dpcs", "Show the deferred procedure calls that wait, instead"),
            flag("timers", "Show the timers that are set, instead"),
        ]

    def table(self):
        from volplugins.vol.commands.cpus.row import CPUS, ENTRIES

        return ENTRIES if any(self.config.get(name, False) for name in ("ready", "dpcs", "timers")) else CPUS

    def rows(self, request):
        from volplugins.vol.commands.cpus.entries import Lists, entry_rows
        from volplugins.vol.commands.cpus.rows import cpu_rows

        lists = Lists(request.flag("ready"), request.flag("dpcs"), request.flag("timers"))
        if lists != Lists():
            return entry_rows(request.scene(), lists)
        return cpu_rows(request.scene())
