"""The lab: small made-up Windows machines written as dumps of every type.

Knows Windows from its own tables; imports only the standard library and numpy, never the core it tests.
"""
