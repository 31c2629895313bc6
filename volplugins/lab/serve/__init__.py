"""A made-up machine on the wire: a Windows kernel's end of a kernel debugging session over a serial line."""
