"""User address spaces: every page's state and protection, what each range is used for, sums.

What may enter: facts that need VADs, page tables and the process's own structures together.
"""
