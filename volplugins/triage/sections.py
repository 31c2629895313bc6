"""The sections of a triage run: which plugin, with which options, and where its rows go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """One plugin's run.

    Attributes:
        name: of the file rows/NAME.jsonl.
        module: below volplugins.plugins.windows.kd; plugin: its class.
        switches: options that are set; images: whether it takes --image-path.
        summed: whether the summary needs its rows, so that it runs where none are kept too.
        weight: its share of the time, for progress.
    """

    name: str
    module: str
    plugin: str
    switches: tuple[str, ...] = ()
    images: bool = False
    summed: bool = False
    weight: int = 1

    @property
    def options(self) -> list[str]:
        """As typed after the plugin's name."""
        return [f"--{name}" for name in self.switches]

    @property
    def typed(self) -> str:
        """The plugin's whole name."""
        return f"windows.kd.{self.module}.{self.plugin}"


# what the summary needs first, what takes longest last
SECTIONS = (
    Section("dumpinfo", "dumpinfo", "DumpInfo"),
    Section("analyze", "analyze", "Analyze", images=True, summed=True),
    Section("pagedirs", "pagedirs", "PageDirs", summed=True, weight=4),
    Section("process", "process", "Process", ("threads",), weight=2),
    Section("cpus", "cpus", "Cpus"),
    Section("stacks", "stacks", "Stacks", images=True, summed=True, weight=4),
    Section("kernel-modules", "lm", "Lm", ("kernel-modules",), images=True),
    Section("lm", "lm", "Lm", images=True, weight=4),
    Section("peb", "peb", "Peb", ("teb",), weight=4),
    Section("address", "address", "UserSpace", weight=6),
    Section("drivers", "drivers", "Drivers", weight=2),
    Section("devices", "devices", "Devices", ("stacks",)),
    Section("irps", "irps", "Irps", ("locations",), summed=True, weight=2),
    Section("waits", "waits", "Waits", weight=2),
    Section("findings", "findings", "Findings", images=True, summed=True, weight=12),
    Section("address-summary", "address", "UserSpace", ("summary",), weight=4),
)
