# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.segments: descriptor tables, where gates lead, addresses worked through."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import process_options, text, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Segments(Command, interfaces.plugins.PluginInterface):
    """Shows descriptor tables and where their gates lead, with drivers' interrupt services (dg, !gdt, !idt -a).

    GDT, TSS, IDT and MSRs of every processor; the LDT of each process that is named; the real mode vectors where
    physical page 0 is in the target. --linear and --real work an address through selector, descriptor, limit, linear
    address and page tables to its byte in the file, and say which memory model holds.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            texts("linear", "Addresses SELECTOR:OFFSET to work through (hexadecimal): 33:401000"),
            texts("real", "Addresses SEGMENT:OFFSET of real or virtual-8086 mode to work through: f000:fff0"),
            text("processor", "Only this processor; for --linear the one whose tables hold (else the crashing one)"),
            *process_options(),
        ]

    def table(self):
        from volplugins.vol.commands.segments.row import ADDRESSES, SEGMENTS

        worked = self.config.get("linear", None) or self.config.get("real", None)
        return ADDRESSES if worked else SEGMENTS

    def rows(self, request):
        from volplugins.vol.commands.segments.address_rows import Asked, address_rows
        from volplugins.vol.commands.segments.rows import Wanted, processor_number, segment_rows

        number = processor_number(request.text("processor"))
        linear, real = request.texts("linear"), request.texts("real")
        if linear or real:
            return address_rows(request.scene(), Asked(linear, real, request.who, number))
        return segment_rows(request.scene(), Wanted(request.who, number))
