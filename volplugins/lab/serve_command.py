"""``volplugins lab serve``: a made-up machine on the wire, for a debugger to attach to."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from volplugins.lab.machine_options import add_machine_options, build_machine

if TYPE_CHECKING:
    from volplugins.lab.machine.snapshot import Snapshot
    from volplugins.lab.serve.announcements import Announcement
    from volplugins.lab.serve.served_machine import ServedMachine

_DONE = 0
_DESCRIPTION = """\
Plays a Windows kernel with kernel debugging on over a serial line, as a virtual machine's COM port shows it: at a unix
socket or a TCP port. One debugger at a time is served; the machine stays as each of them leaves it. Ctrl-C ends it, and
says what was asked.
"""
_EPILOG = """\
examples:
  volplugins lab serve --machine win7-x86-pae --listen /tmp/win7.sock
  volplugins lab serve --machine win10-x64 --fault driver-read --listen 127.0.0.1:4444
  volplugins lab serve --listen /tmp/bad.sock --lose 1 --double 1 --damage 1 --seed 7
  volplugins lab serve --listen /tmp/real.sock --breakpoint
  volplugins lab serve --listen /tmp/bad.sock --misbehave reboots --after 30
"""
_PRINTED = "lab: this is a made-up machine\n"
_ASKED = "Break, Ignore (bi)? "
_WANTED = "\\SystemRoot\\System32\\drivers\\acmedrv.sys"
_SAYS = ("print", "prompt", "symbols", "command", "file")


def add_serve(commands: Any) -> None:
    """Add the command to those of ``volplugins lab``."""
    from volplugins.lab.crashes.running import RUNNING_STATES  # noqa: PLC0415 - large tables: only when asked for
    from volplugins.lab.machines.catalogue import EVERY_FAULT, EVERY_MACHINE  # noqa: PLC0415 - as above

    serve = commands.add_parser(
        "serve", help="play a machine that a kernel debugger attaches to", description=_DESCRIPTION, epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    serve.add_argument("--listen", required=True, metavar="PATH|HOST:PORT", help="unix socket, or TCP (port 0: any)")
    serve.add_argument("--machine", metavar="MACHINE", choices=tuple(EVERY_MACHINE), default="win10-x64",
                       help="the machine (default: win10-x64)")  # fmt: skip
    serve.add_argument(
        "--fault", "--crash", metavar="FAULT", choices=(*EVERY_FAULT, *RUNNING_STATES), default="none",
        help="what crashed it, so that it stands in its debugger (default: none, it runs)",
    )  # fmt: skip
    serve.add_argument("--five-levels", action="store_true", help="five levels of page tables (x64)")
    serve.add_argument("--short-kdbg", action="store_true", help="a debugger data block without KiProcessorBlock")
    states = serve.add_mutually_exclusive_group()
    for state, words in (
        ("running", "it runs, until somebody breaks in"),
        ("stopped", "it stands and says so, and nobody has heard it yet"),
        ("left", "it stands where a debugger that is gone has left it"),
    ):
        states.add_argument(f"--{state}", dest="state", action="store_const", const=state, help=words)
    add_machine_options(serve)
    _add_trouble(serve)
    serve.set_defaults(run=_serve)


def _add_trouble(serve: argparse.ArgumentParser) -> None:
    """The options that make it a bad line or a bad target."""
    from volplugins.lab.serve.misbehaviour import MISBEHAVIOURS  # noqa: PLC0415 - as above

    for name, words in (
        ("lose", "are lost"), ("double", "come twice"), ("damage", "come as another byte"), ("delay", "come late"),
    ):  # fmt: skip
        serve.add_argument(f"--{name}", type=float, default=0, metavar="N", help=f"N of a thousand bytes {words}")
    serve.add_argument("--seed", type=int, default=0, help="which bytes")
    serve.add_argument("--misbehave", metavar="NAME", choices=tuple(MISBEHAVIOURS), help=", ".join(MISBEHAVIOURS))
    serve.add_argument("--after", type=int, default=20, metavar="N", help="... from the Nth request on (default: 20)")
    serve.add_argument("--resend-after", type=float, default=0.5, metavar="SECONDS",
                       help="until it sends again what nobody acknowledged (default: 0.5)")  # fmt: skip
    serve.add_argument("--keep-ids", action="store_true", help="packet ids go on from one stop to the next")
    serve.add_argument("--stray-processors", action="store_true", help="replies name processors that mean nothing")
    serve.add_argument("--breakpoint", action="store_true",
                       help="a plain continue runs into the int 3 at which it stands again")  # fmt: skip
    serve.add_argument("--says", action="append", default=[], choices=_SAYS,
                       help="what it says before it reports a break-in; may be repeated")  # fmt: skip


def _serve(arguments: argparse.Namespace) -> int:
    from volplugins.lab.serve.line import Noise  # noqa: PLC0415 - as above
    from volplugins.lab.serve.served_machine import serve_snapshot  # noqa: PLC0415
    from volplugins.lab.serve.server import MachineServer  # noqa: PLC0415

    snapshot = _built(arguments)
    machine = serve_snapshot(snapshot, arguments.short_kdbg)
    noise = Noise(arguments.lose, arguments.double, arguments.damage, arguments.delay, seed=arguments.seed)
    state = arguments.state or ("stopped" if snapshot.crashed else "running")
    server = MachineServer(
        machine, arguments.listen, state, [_announcement(machine, each) for each in arguments.says], noise,
        (arguments.misbehave, arguments.after) if arguments.misbehave else None,
        resend_after=arguments.resend_after,
        keep_ids=arguments.keep_ids, stray_processors=arguments.stray_processors, seed=arguments.seed,
        breakpoint=arguments.breakpoint,
    )  # fmt: skip
    with server, _ended_by(signal.SIGINT, signal.SIGTERM) as ended:
        print(f"{snapshot.machine} ({arguments.fault}) is {state} at {server.address}; Ctrl-C ends it", flush=True)
        while server.serving and not ended.wait(0.1):
            pass
    print(f"{server.log.summary()}; the machine {'runs' if server.running else 'stands'}")
    return _DONE


@contextmanager
def _ended_by(*signals: signal.Signals) -> Iterator[threading.Event]:
    """An event that the first of the signals sets; in another thread than the main one nothing does."""
    ended = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield ended
        return
    before = [(each, signal.signal(each, lambda *_: ended.set())) for each in signals]
    try:
        yield ended
    finally:
        for each, handler in before:
            signal.signal(each, handler)


def _built(arguments: argparse.Namespace) -> Snapshot:
    snapshot = build_machine(arguments.machine, arguments)
    if arguments.five_levels:
        from volplugins.lab.machines.five_levels import with_five_levels  # noqa: PLC0415 - as above

        return with_five_levels(snapshot)
    return snapshot


def _announcement(machine: ServedMachine, name: str) -> Announcement:
    from volplugins.lab.serve import announcements  # noqa: PLC0415 - as above

    image = machine.snapshot.truth["modules"][-1]
    if name == "symbols":
        return announcements.symbols(machine, image["path"], image["base"], image["size"], image["checksum"])
    return {
        "print": lambda: announcements.debug_print(machine, _PRINTED),
        "prompt": lambda: announcements.prompt(machine, _ASKED),
        "command": lambda: announcements.command(machine, ".echo lab"),
        "file": lambda: announcements.wanted_file(_WANTED),
    }[name]()
