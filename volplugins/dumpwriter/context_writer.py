"""CONTEXT and EXCEPTION_RECORD as bytes: what `context` and `exception_record` decode, the other way round."""

from __future__ import annotations

from volplugins.dumpfile.context import AMD64, RegisterContext, register_places
from volplugins.dumpfile.exception_record import ExceptionRecord

_SIZES = {AMD64: 0x4D0}
_SIZE32 = 0x2CC
# MXCSR twice: in the record and in its FXSAVE area; kdmp-parser takes a record where they differ for no CONTEXT
_MXCSR = (0x34, 0x118)
_MXCSR_RESET = 0x1F80  # what the processor starts with: every exception masked


def encode_context(context: RegisterContext) -> bytes:
    """The CONTEXT of a processor; registers that ``context`` does not hold (debug, floating point) are zeros.

    Raises:
        ValueError: the machine's CONTEXT is not known.
    """
    places = register_places(context.machine)
    if places is None:
        raise ValueError(f"no CONTEXT is known for machine {context.machine:#x}")
    flags_at, registers = places
    data = bytearray(_SIZES.get(context.machine, _SIZE32))
    fields = {name: registers[name] for name in context.registers if name in registers}
    for name, (at, size) in fields.items():
        data[at : at + size] = (context.registers[name] & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    data[flags_at : flags_at + 4] = context.flags.to_bytes(4, "little")
    for at in _MXCSR if context.machine == AMD64 else ():
        data[at : at + 4] = _MXCSR_RESET.to_bytes(4, "little")
    return bytes(data)


def encode_exception(exception: ExceptionRecord, bits: int) -> bytes:
    """The EXCEPTION_RECORD of a machine of ``bits`` (32 or 64)."""
    width = bits // 8
    parameters = exception.information[:15]
    parts = [(exception.code, 4), (exception.flags, 4), (exception.record, width), (exception.address, width),
             (len(parameters), width), *((word, width) for word in parameters)]  # fmt: skip
    made = b"".join((value & ((1 << 8 * size) - 1)).to_bytes(size, "little") for value, size in parts)
    return made.ljust(0x98 if bits == 64 else 0x50, b"\0")
