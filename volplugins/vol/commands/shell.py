"""The one shell of all commands: what was asked of a plugin, and its rows, whatever goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from volplugins.dumpfile.errors import DumpError
from volplugins.memory.address_text import parse_address
from volplugins.vol.layers.opened_targets import layer_names
from volplugins.vol.output.table import Table
from volplugins.vol.scene.crash_scene import scene_below, target_below
from volplugins.vol.scene.folders import images_of
from volplugins.vol.scene.process_options import chosen, scan_wanted
from volplugins.vol.scene.process_selection import Progress
from volplugins.vol.scene.shared_work import fault_text

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

    from volplugins.bugcheck.scene.crash_scene import CrashScene
    from volplugins.target.target import Target
    from volplugins.threads.module_code import ImageFile

Failure = TypeVar("Failure", bound=tuple[Any, ...])
Row = TypeVar("Row", bound=tuple[Any, ...])


class Unable(Exception):
    """What was asked for cannot be done; the text is one line for the row. Neither a fault of ours nor wrong use."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of a plugin, and what it may use.

    Attributes:
        layer: name of the layer below which the target is.
        config: the plugin's options by name.
        open: volatility3's file handler: makes a file in the output folder.
    """

    context: ContextInterface
    layer: str
    config: Any
    progress: Progress
    open: Callable[[str], Any]

    @property
    def who(self) -> list[str]:
        """The processes meant by --pid and --process; none: all."""
        return chosen(self.config)

    @property
    def scan(self) -> bool | None:
        """What --scan and --no-scan say; None where neither was given."""
        return scan_wanted(self.config)

    def flag(self, name: str) -> bool:
        """Whether an option was given."""
        return bool(self.config.get(name, False))

    def text(self, name: str) -> str | None:
        """An option's value; None where it was not given."""
        found: str | None = self.config.get(name, None)
        return found

    def texts(self, name: str) -> list[str]:
        """An option's values; none where it was not given."""
        return list(self.config.get(name, None) or ())

    def addresses(self, name: str) -> tuple[list[int], list[str]]:
        """The addresses given with an option, and the texts given there that are none."""
        found = {text: parse_address(text) for text in self.texts(name)}
        return [value for value in found.values() if value is not None], [t for t, v in found.items() if v is None]

    def layers(self) -> str:
        """Names of volatility3's layers, top to bottom."""
        return layer_names(self.context, self.layer)

    def target(self) -> Target:
        """What is looked at.

        Raises:
            DumpError: as ``target_below``.
        """
        return target_below(self.context, self.layer)

    def scene(self, image_file: ImageFile | None = None) -> CrashScene:
        """The scene of the crash; ``image_file`` gives images whose pages the target lacks.

        Raises:
            DumpError, WrongUse: as ``scene_below``.
        """
        return scene_below(self.context, self.layer, image_file)

    def images(self) -> ImageFile | None:
        """What looks images up in the folders of --image-path and among what was imported.

        Raises:
            WrongUse: a folder is not there.
        """
        return images_of(self.context, self.texts("image-path"))


def rows_or_failure(table: Table[Failure], rows: Callable[[], Iterable[Row]]) -> Iterator[Row | Failure]:
    """The rows, up to what ends them, which becomes the last one; never raises."""
    try:
        yield from rows()
    except (DumpError, Unable) as error:
        yield table.failure(str(error))
    except Exception as error:  # nothing in a dump may end in a traceback
        yield table.failure(fault_text(error))
