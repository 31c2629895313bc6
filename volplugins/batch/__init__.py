"""Many dumps: finds them, knows each by its content, has each triaged in a process of its own, keeps what comes out.

May enter: files, processes, the corpus's database, the engines that spread the work. May not: what a dump holds;
that is triage's, and comes back as a folder of rows.
"""
