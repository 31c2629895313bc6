"""The driver at fault by the request or device that a bugcheck's parameters name, and where that device is.

May enter: readers of single objects, a file per kind of bugcheck that says what its parameters lead to, the further
witnesses (the driver that the kernel itself names, the thread's request). May not: the whole of the I/O view
(volplugins/io/view.py), for a few reads suffice, and memory may be a small dump's.
"""
