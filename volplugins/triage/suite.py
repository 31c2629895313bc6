"""The plugins that a triage run goes through, in their order, and how each is made in a context that is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from volatility3.framework.interfaces.configuration import path_join
from volatility3.framework.interfaces.plugins import PluginInterface

if TYPE_CHECKING:
    from volatility3.framework.interfaces.context import ContextInterface

Progress = Callable[[float, str], None]
_IMAGES = ("analyze", "stacks", "lm")


@dataclass(frozen=True, slots=True)
class Part:
    """One plugin with its options: ``name`` is that of its file of rows, ``shell`` that of its module."""

    name: str
    shell: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def typed(self) -> list[str]:
        """The options as on a command line."""
        return [f"--{name}" for name, value in self.options.items() if value is True]


SUITE = (
    Part("dumpinfo", "dumpinfo"),
    Part("analyze", "analyze"),
    Part("process", "process", {"threads": True}),
    Part("pagedirs", "pagedirs"),
    Part("stacks", "stacks"),
    Part("peb", "peb", {"teb": True}),
    Part("lm", "lm"),
    Part("kernel-modules", "lm", {"kernel-modules": True}),
    Part("address", "address"),
    Part("address-summary", "address", {"summary": True}),
)


def plugin_of(part: Part) -> type[PluginInterface]:
    """The plugin's class: the one of its module's own."""
    module = import_module(f"volplugins.plugins.windows.kd.{part.shell}")
    return next(
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, PluginInterface) and each.__module__ == module.__name__
    )


def make(part: Part, context: ContextInterface, layer: str, image_path: tuple[str, ...], progress: Progress) -> Any:
    """The plugin, ready to run on ``layer``: nothing is stacked or searched anew."""
    kind = plugin_of(part)
    base = path_join("triage", part.name, kind.__name__)
    context.config[path_join(base, "primary")] = layer
    for name, value in part.options.items():
        context.config[path_join(base, name)] = value
    if image_path and part.shell in _IMAGES:
        context.config[path_join(base, "image-path")] = list(image_path)
    return kind(context, base, progress)
