"""What is broken afterwards, by name: files, page directories, a process's own structures."""
