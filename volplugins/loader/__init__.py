"""Lists of loaded and unloaded modules, and which module holds an address.

May enter: loader data table entries and module lists. May not: what is inside an image (room image).
"""
