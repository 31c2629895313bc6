# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.vtop: a virtual address to its physical one, every level shown."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import directory_option, process_options, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Vtop(Command, interfaces.plugins.PluginInterface):
    """Translates virtual addresses, every level shown, every reason named (WinDbg: !vtop, !pte).

    One row per level with the entry's own addresses, its contents and WinDbg's flag letters; then the physical
    address and its offset in the dump file. "Not valid" and "not in the dump" are told apart.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            texts(
                "address",
                "Virtual addresses, with or without 0x and WinDbg's back-tick; or module!symbol+0x10, "
                "of the kernel's modules and of the chosen process's",
            ),
            *process_options(),
            directory_option(),
        ]

    def table(self):
        from volplugins.vol.commands.vtop.row import VTOP

        return VTOP

    def rows(self, request):
        from volplugins.vol.commands.vtop.rows import vtop_rows

        return vtop_rows(request.scene(), request.texts("address"), request.who, request.text("dirbase"))
