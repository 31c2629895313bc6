"""Tests of volplugins.batch."""
