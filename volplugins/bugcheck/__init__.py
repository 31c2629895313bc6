"""Bugchecks: what each code and parameter means, and what a crash can be blamed on.

May enter: the tables of codes and the analysis that follows them. May not: formats, page tables.
"""
