"""A kernel that no table describes: its layouts checked on the objects that are alive, and members found in them."""
