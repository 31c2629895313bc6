# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.stacks: every thread's stack, kernel to user, 64- and 32-bit, with trust and stop reason."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import (
        directory_option,
        flag,
        image_path,
        process_options,
        scan_options,
        text,
        texts,
    )
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Stacks(Command, interfaces.plugins.PluginInterface):
    """Shows the stacks of all threads, or of chosen ones (WinDbg: .process, .thread, kv, !stacks).

    Each goes from the kernel into user mode through the process's own page directory, and on into 32-bit code on x64.
    --trap, --context and --registers begin a stack anywhere (WinDbg: .trap, .cxr, k =).
    Trust says how each frame was found, Stop on the last one why there are no more. --group shows equal stacks once;
    --folded and --speedscope write files for flamegraph.pl and speedscope into the output folder (-o).
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            directory_option(),
            texts("thread", "Threads: TIDs (decimal, or 0x...), pid.tid in hexadecimal as --group shows, or ETHREADs"),
            flag("kernel-only", "Kernel frames only"),
            flag("args", "Show the words where arguments are, as kv does"),
            text("trap", "Begin at the trap frame at this address, in --pid/--process, else the crashing process"),
            text("context", "Begin with the context record at this address"),
            text("registers", "Begin with these: IP,SP or IP,SP,BP in hexadecimal"),
            flag("frame-registers", "Show the registers that are known at every frame"),
            flag("group", "Equal stacks once, with their threads"),
            text("folded", "Name of a file of folded stacks (flamegraph.pl)"),
            text("speedscope", "Name of a profile for speedscope"),
            image_path(),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.stacks.row import STACKS, WITH_REGISTERS

        return WITH_REGISTERS if self.config.get("frame-registers", False) else STACKS

    def rows(self, request):
        from volplugins.vol.commands.stacks.rows import Wanted, stacks_rows
        from volplugins.vol.commands.stacks.starts import Typed

        kinds = (request.flag(name) for name in ("kernel-only", "args", "group"))
        typed = Typed(*(request.text(name) or "" for name in ("trap", "context", "registers")))
        wanted = Wanted(
            request.who, request.texts("thread"), *kinds, request.text("dirbase"), typed,
            request.flag("frame-registers"),
        )  # fmt: skip
        image_file = request.images()
        scene = request.scene(image_file)
        return stacks_rows(scene, wanted, image_file, request.scan, request.progress, self._seen)

    def _generator(self):
        self._seen = [] if any(self.config.get(name, None) for name in ("folded", "speedscope")) else None
        try:
            yield from super()._generator()
        finally:  # the files hold what was walked, also where the rows end before
            self._write_files()

    def _write_files(self):
        from volplugins.vol.commands.stacks import files as stack_files

        for option, make in (("folded", stack_files.folded), ("speedscope", stack_files.speedscope)):
            name = self.config.get(option, None)
            if name:
                text = make(self._seen) if option == "folded" else make(self._seen, name)
                with self.open(name) as file:
                    file.write(text.encode("utf-8"))
