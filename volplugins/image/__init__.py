"""PE images as they lie in memory: headers, exports, debug record; pages may be missing.

May enter: facts about images. May not: lists of modules (room loader).
"""
