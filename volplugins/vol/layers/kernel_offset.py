"""Lets volatility3's timeliner build plugins that ask for the kernel behind one that asks for a layer only."""

from __future__ import annotations

from volatility3.framework import constants, interfaces
from volatility3.framework.configuration import requirements

_OFFSET = "kernel_virtual_offset"


class KernelOffsetCarrier(interfaces.automagic.AutomagicInterface):
    """Writes where the kernel is beside every requirement of the layer it was found in.

    Several plugins in one run share one stack of layers. The offset of the kernel is written beside the requirement
    that the layer was first built for, and volatility3 looks for it beside the requirement at hand: where the first was
    one of a layer alone, the next plugin went without its kernel (seen with volatility3 2.28).
    """

    priority = 95  # behind the finders of the kernel (29 and 30), before KernelModule (100)
    exclusion_list = ["linux", "mac"]

    def __call__(
        self,
        context: interfaces.context.ContextInterface,
        config_path: str,
        requirement: interfaces.configuration.RequirementInterface,
        progress_callback: constants.ProgressCallback = None,
    ) -> None:
        """Fill in what is missing; nothing that is there is changed."""
        wanted = requirements.TranslationLayerRequirement
        for path, _ in self.find_requirements(context, config_path, requirement, wanted, shortcut=False):
            name = context.config.get(path, None)
            layer = context.layers.get(name, None) if isinstance(name, str) else None
            offset = layer.config.get(_OFFSET, None) if layer is not None else None
            here = interfaces.configuration.path_join(path, _OFFSET)
            if offset is not None and context.config.get(here, None) is None:
                context.config[here] = offset
