# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.analyze: what crashed, who is to blame, and how sure that is."""

from volatility3.framework import interfaces
from volatility3.plugins import timeliner

try:
    from volplugins.vol.commands.options import flag, image_path
    from volplugins.vol.commands.plugin import TimedCommand
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Analyze(TimedCommand, interfaces.plugins.PluginInterface, timeliner.TimeLinerInterface):
    """Says what crashed, who is to blame and how sure that is (WinDbg: !analyze -v).

    Works on every dump type, with symbols, with exports only, and with nothing; each row says how it is known.
    Sections: bugcheck, context, process, system, culprit, hang (WinDbg: !analyze -hang), signature, stack, modules,
    symbols (what is missing), completeness.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            image_path(),
            flag("user-frames", "Show the crashing thread's frames of user mode too"),
            flag("hang", "Say what holds the machine up, as on dumps of 0xE2, 0x80, 0x1C8 and of machines that run"),
        ]

    def table(self):
        from volplugins.vol.commands.analyze.row import ANALYZE

        return ANALYZE

    def rows(self, request):
        from volplugins.vol.commands.analyze.stages import staged_rows

        return staged_rows(request)

    def events(self, request):
        """The crash and the boot before it."""
        from volplugins.vol.commands.analyze.timeline import events

        return events(request)
