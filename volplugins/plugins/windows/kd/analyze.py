# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.analyze: what crashed, who is to blame, and how sure that is."""

from volatility3.framework import interfaces
from volatility3.framework.configuration import requirements
from volatility3.plugins import timeliner

try:
    from volplugins.vol.scene.process_options import budget_options
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Analyze(interfaces.plugins.PluginInterface, timeliner.TimeLinerInterface):
    """Says what crashed, who is to blame and how sure that is (WinDbg: !analyze -v).

    Works on every dump type, with symbols, with exports only, and with nothing; each row says how it is known.
    Sections: bugcheck, context, process, system, culprit, signature, stack, modules, symbols (what is missing),
    completeness.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def get_requirements(cls):
        return [
            requirements.TranslationLayerRequirement(name="primary", description="Layer of the crash dump"),
            requirements.ListRequirement(
                name="image-path",
                element_type=str,
                description="Folders with image files, bare or as a symbol store, for pages that the dump lacks",
                optional=True,
            ),
            requirements.BooleanRequirement(
                name="user-frames",
                description="Show the crashing thread's frames of user mode too",
                default=False,
                optional=True,
            ),
            *budget_options(),
        ]

    def _generator(self):
        from volplugins.vol.commands.analyze.shell import rows_below
        from volplugins.vol.output.rows import volatility_cell

        folders = self.config.get("image-path", None) or []
        user_frames = bool(self.config.get("user-frames", False))
        for row in rows_below(self.context, self.config["primary"], folders, user_frames):
            yield 0, tuple(volatility_cell(cell) for cell in row)

    def generate_timeline(self):
        """The crash and the boot before it, for volatility3's timeliner."""
        from volplugins.vol.commands.analyze.shell import events_below
        from volplugins.vol.output.timeline import volatility_event

        folders = self.config.get("image-path", None) or []
        yield from map(volatility_event, events_below(self.context, self.config["primary"], folders))

    def run(self):
        from volplugins.vol.scene.budgeted_grid import budgeted_grid

        columns = [("Section", str), ("Field", str), ("Value", str), ("Confidence", str), ("Evidence", str)]
        return budgeted_grid(self, columns, self._generator())
