# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.address: the user addresses of processes from end to end, with initial and actual protection."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import directory_option, flag, process_options, scan_options, text, texts
    from volplugins.vol.commands.plugin import Command
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
class UserSpace(Command, interfaces.plugins.PluginInterface):
    """Shows the user address space of processes from end to end, free gaps included (WinDbg: !address, !vad, !vprot).

    Protect is what the range was made with (VAD), Actual what its page tables allow now; where they disagree, Note
    says so. Commit, Resident and InDump are bytes. --summary adds up by usage, type, state and protection. --yara
    adds the names of matching rules to Detail: a rule file, or the suite's own rules, called plain.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            directory_option(),
            flag("summary", "Add up by usage, type, state and protection"),
            *(texts(name, description) for name, description in _FILTERS.items()),
            text("yara", "Rule file, or plain for the suite's own rules"),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.address.row import ADDRESS, SUMMARY

        return SUMMARY if self.config.get("summary", False) else ADDRESS

    def rows(self, request):
        from volplugins.vol.commands.address.marks import marks_of
        from volplugins.vol.commands.address.rows import Wanted, address_rows, summary_rows

        words = {name: request.texts(name) for name in _FILTERS}
        wanted = Wanted(request.who, request.scan, **words, dirbase=request.text("dirbase"))
        wanted.check()
        if request.flag("summary"):
            return summary_rows(request.scene(), wanted, request.progress)
        marks = marks_of(request.text("yara"))
        return address_rows(request.scene(), wanted, marks, request.progress)
