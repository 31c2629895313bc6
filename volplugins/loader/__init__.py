"""Lists of loaded and unloaded modules, and which module holds an address.

May enter: loader data table entries, module lists, the PEB and process parameters. May not: what is inside an image
(room image).
"""
