"""The server: the questions as tools of the Model Context Protocol's own Python SDK (extra ``mcp``)."""

from __future__ import annotations

from typing import Any

from volplugins import __version__
from volplugins.assistant.answers import NOTICE
from volplugins.assistant.questions import Questions

_ABOUT = (
    "Reads Windows crash dumps and memory images below one folder, read-only. Ask triage first; rows has the details. "
    f"{NOTICE}"
)


def made_server(questions: Questions) -> Any:
    """The server with its tools.

    Raises:
        ImportError: the SDK is not installed.
    """
    server = _named()
    for tool in questions.tools():
        server.tool()(tool)
    return server


def _named() -> Any:
    """The SDK calls its server another name since its second version."""
    try:
        from mcp.server.mcpserver import MCPServer  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        from mcp.server.fastmcp import FastMCP  # type: ignore[attr-defined,unused-ignore] # noqa: PLC0415

        return FastMCP("volplugins", instructions=_ABOUT)
    return MCPServer("volplugins", instructions=_ABOUT, version=__version__, log_level="WARNING")
