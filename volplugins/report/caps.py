"""How much of a dump a page shows. What is above is left out, and the page says how much that was."""

from __future__ import annotations

# processes with an address space, modules and threads of their own on the page
PROCESSES = 400
TABLE_ROWS = 5_000
# an index is a table of dumps first of all
DUMPS = 20_000
REGIONS_OF_A_PROCESS = 2_000
REGIONS = 300_000
MODULES = 150_000
MODULES_OF_A_PROCESS = 1_000
THREADS = 20_000
FRAMES_OF_A_THREAD = 128
FINDINGS_OF_A_PROCESS = 50
# the device tree: nodes, stacks outside of it, devices of a stack, levels that are set in
NODES = 2_000
LOOSE_STACKS = 500
LAYERS = 24
LEVELS = 16
# requests on it, and of one process
TOKENS = 3_000
TOKENS_OF_A_DEVICE = 12
REQUESTS_OF_A_PROCESS = 200
REQUESTS = 10_000
# who waits on whom: threads that are read, those that are drawn, and in how many pictures
WAITING = 20_000
WAITING_SHOWN = 1_500
WAIT_TREES = 40
# the crashing stack, and lists in summary.json
LIST_ROWS = 500
# rows of a file that are read at all, and characters of a line
READ_ROWS = 1_000_000
LINE = 64 << 20
# characters of a cell, and of the few texts that matter most (command lines, evidence)
CELL = 300
TEXT = 2_000
# characters of cells on the page, all together
PAGE = 24 << 20
# characters of what the search of an index looks at
SEARCH = 6 << 20
# bars of the map of physical memory
MAP_LINES, MAP_COLUMNS = 8, 256
