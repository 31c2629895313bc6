"""volatility3's layers over our parsers: files and their readers, stackers, and the finders of the kernel."""
