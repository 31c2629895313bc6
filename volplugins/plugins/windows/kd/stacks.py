# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.stacks: every thread's stack, kernel to user, 64- and 32-bit, with trust and stop reason."""

from volatility3.framework import interfaces, renderers
from volatility3.framework.configuration import requirements
from volatility3.framework.renderers import format_hints

try:
    from volplugins.vol.scene.process_options import budget_options, chosen, process_options, scan_options, scan_wanted
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Stacks(interfaces.plugins.PluginInterface):
    """Shows the stacks of all threads, or of chosen ones (WinDbg: .process, .thread, kv, !stacks).

    Each goes from the kernel into user mode through the process's own page directory, and on into 32-bit code on x64.
    Trust says how each frame was found, Stop on the last one why there are no more. --group shows equal stacks once;
    --folded and --speedscope write files for flamegraph.pl and speedscope into the output folder (-o).
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            *process_options(),
            requirements.ListRequirement(
                name="thread",
                element_type=str,
                description="Threads: TIDs (decimal, or 0x...), pid.tid in hexadecimal as --group shows, or ETHREADs",
                optional=True,
            ),
            requirements.BooleanRequirement(
                name="kernel-only", description="Kernel frames only", default=False, optional=True
            ),
            requirements.BooleanRequirement(
                name="args", description="Show the words where arguments are, as kv does", default=False, optional=True
            ),
            requirements.BooleanRequirement(
                name="group", description="Equal stacks once, with their threads", default=False, optional=True
            ),
            requirements.StringRequirement(
                name="folded", description="Name of a file of folded stacks (flamegraph.pl)", optional=True
            ),
            requirements.StringRequirement(
                name="speedscope", description="Name of a profile for speedscope", optional=True
            ),
            requirements.ListRequirement(
                name="image-path",
                element_type=str,
                description="Folders with image files, bare or as a symbol store, for pages that the dump lacks",
                optional=True,
            ),
            *scan_options(),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.stacks.rows import Wanted
        from volplugins.vol.commands.stacks.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        absent = renderers.NotAvailableValue()
        wanted = Wanted(
            chosen(self.config), self.config.get("thread", None) or [], self.config.get("kernel-only", False),
            self.config.get("args", False), self.config.get("group", False),
        )  # fmt: skip
        folders = self.config.get("image-path", None) or []
        wants_files = any(self.config.get(option, None) for option in ("folded", "speedscope"))
        seen = [] if wants_files else None
        found = rows_below(
            self.context,
            self.config["primary"],
            wanted,
            folders,
            scan_wanted(self.config),
            self._progress_callback,
            seen,
        )
        try:
            for row in found:
                hexes = [
                    absent if v is None else format_hints.Hex(v)
                    for v in (row.ethread, row.child_sp, row.ret_addr, row.ip)
                ]
                numbers = [absent if v is None else v for v in (row.pid, row.tid, row.frame)]
                yield (
                    0,
                    (
                        numbers[0], volatility_cell(row.process), numbers[1], hexes[0], row.state, row.wait, numbers[2],
                        row.ring, *hexes[1:], volatility_cell(row.symbol), row.trust, row.args, row.stop,
                        volatility_cell(row.note),
                    ),
                )  # fmt: skip
        finally:  # the files hold what was walked, also where the rows end before
            self._write_files(seen)

    def _write_files(self, seen):
        from volplugins.vol.commands.stacks import files as stack_files

        for option, make in (("folded", stack_files.folded), ("speedscope", stack_files.speedscope)):
            name = self.config.get(option, None)
            if name:
                text = make(seen) if option == "folded" else make(seen, name)
                with self.open(name) as file:
                    file.write(text.encode("utf-8"))

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [
            ("PID", int),
            ("Process", str),
            ("TID", int),
            ("ETHREAD", format_hints.Hex),
            ("State", str),
            ("Wait", str),
            ("Frame", int),
            ("Ring", str),
            ("ChildSP", format_hints.Hex),
            ("RetAddr", format_hints.Hex),
            ("IP", format_hints.Hex),
            ("Symbol", str),
            ("Trust", str),
            ("Args", str),
            ("Stop", str),
            ("Note", str),
        ]
        return budgeted_grid(self, columns, self._generator())
