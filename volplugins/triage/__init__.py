"""One dump, one run, one folder: the engine of `volplugins triage` and what it writes.

What may enter: running the suite's plugins in one context, the summary of what they found, files written whole or not
at all. No facts about Windows, no pages.
"""
