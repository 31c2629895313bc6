"""`make bench`: each figure against another program in the same run, on the same dump, results checked equal first."""
