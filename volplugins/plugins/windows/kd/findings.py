# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.findings: what is odd, gathered from what the other commands see."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import image_path, process_options, scan_options
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Findings(Command, interfaces.plugins.PluginInterface):
    """Lists what is odd, highest severity first: hidden processes and threads, unlisted modules, executable memory.

    Damage of lists, page directories, stacks and the file is listed too. Evidence says how each is known, Next which
    command shows more. A finding is a place to look at, not a verdict: docs/findings.md says what else each may be.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            *process_options(),
            image_path("Folders with image files, for stacks through images whose pages memory lacks"),
            *scan_options(),
        ]

    def table(self):
        from volplugins.vol.commands.findings.row import FINDINGS

        return FINDINGS

    def rows(self, request):
        from volplugins.vol.commands.findings.heard import ears_of
        from volplugins.vol.commands.findings.rows import Asked, findings_rows

        images = request.images()
        asked = Asked(request.who, request.scan, images)
        return findings_rows(request.scene(images), asked, request.progress, ears_of(self.context))
