"""Files of memory images: raw, LiME, ELF core, AVML, VMware. Each becomes pages by number and where they lie.

A format is one file here that turns a byte source into a `MemoryImage`, or says that the file is none of its kind.
"""
