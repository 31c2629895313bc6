"""Vocabularies of the I/O system: functions, control codes, device types, flags, states. Tables only, no memory."""
