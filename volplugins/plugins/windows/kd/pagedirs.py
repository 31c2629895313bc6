# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.pagedirs: can each process's page directory be used; if not, why, and what to type instead."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import flag, process_options, scan_options, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class PageDirs(Command, interfaces.plugins.PluginInterface):
    """Says for each process whether its page directory can be used; if not, why, and what to type instead.

    What WinDbg means by "Process X has invalid page directories": a verdict per process, the outcome of named checks
    (--checks shows them), with the evidence. --typed reads a value strictly as WinDbg's .process does, as an EPROCESS
    address, and says what it is instead.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            texts("typed", "What was typed after .process: read as an EPROCESS address, as WinDbg does"),
            flag("checks", "Show every check under its process"),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.pagedirs.row import PAGEDIRS

        return PAGEDIRS

    def rows(self, request):
        from volplugins.vol.commands.pagedirs.rows import pagedirs_rows

        typed, checks = request.texts("typed"), request.flag("checks")
        return pagedirs_rows(request.scene(), request.who, typed, checks, request.scan, request.progress)
