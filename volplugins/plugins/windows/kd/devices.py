# Volatility Software License 1.0, https://www.volatilityfoundation.org/license/vsl-v1.0
"""windows.kd.devices: the Plug and Play tree of devices, and their stacks."""

from volatility3.framework import interfaces

try:
    from volplugins.vol.commands.options import flag, scan_options, text, texts
    from volplugins.vol.commands.plugin import Command
except Exception as error:  # a broken installation must cost this plugin alone
    raise ImportError(f"volplugins cannot be imported: {error}") from error


class Devices(Command, interfaces.plugins.PluginInterface):
    """Shows the tree of devices with state, problem and the drivers of each stack, top first (!devnode, !devstack).

    --stacks adds a row per device object; --stack shows the stack that a device is in. An instance path ends in what
    tells one device from others of its model, often its serial number.
    """

    _required_framework_version = (2, 0, 0)
    _version = (1, 0, 0)

    @classmethod
    def options(cls):
        return [
            flag("stacks", "Show each device object of every stack, and the stacks that belong to no node"),
            texts("stack", "Only the stacks that these device objects are in (addresses)"),
            text("dot", "Write the tree as a Graphviz file of this name into the output folder (-o)"),
            *scan_options("drivers and devices that nothing leads to"),
        ]

    def table(self):
        from volplugins.vol.commands.devices.row import DEVICES

        return DEVICES

    def rows(self, request):
        from volplugins.vol.commands.devices.graph import write_graph
        from volplugins.vol.commands.devices.rows import Wanted, device_rows

        devices, wrong = request.addresses("stack")
        scene, name = request.scene(), request.text("dot")
        if name:
            write_graph(scene, request.open, name, request.scan)
        wanted = Wanted(request.flag("stacks"), devices, request.scan, wrong)
        return device_rows(scene, wanted, request.progress)
