"""Headless Chromium, spoken to over a pipe in the DevTools protocol: no port, no package, no network."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_SECONDS = 60
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--remote-debugging-pipe",
)  # fmt: skip
# the protocol is spoken on 3 and 4, whatever numbers the pipes have here
_LAUNCHER = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for number, pipe in zip((3, 4), pipes):
    os.dup2(pipe, number)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One browser for many pages."""

    def __init__(self, program: str, folder: Path) -> None:
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [program, *_OPTIONS, f"--user-data-dir={folder}"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, str(theirs_in), str(theirs_out), *command],
            pass_fds=(theirs_in, theirs_out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._pending = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(_SECONDS)
        os.close(self._out)
        os.close(self._in)

    def visit(self, page: Path, width: int = 1400, media: str = "", dark: bool = False) -> Visit:
        """Load a page from disk and wait until it has settled."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        visit = Visit(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network"):
            visit.call(f"{domain}.enable")
        visit.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        visit.call("Emulation.setEmulatedMedia", media=media, features=[scheme])
        visit.call("Page.navigate", url=page.as_uri())
        visit.wait_for("Page.loadEventFired")
        return visit

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol; events that come before its answer are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == message["id"]:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def message(self) -> dict[str, Any]:
        """The next message."""
        until = time.monotonic() + _SECONDS
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            part = os.read(self._in, 1 << 20) if ready else b""
            assert part, "the browser does not answer"
            self._pending += part
        first, self._pending = self._pending.split(b"\0", 1)
        found: dict[str, Any] = json.loads(first)
        return found


class Visit:
    """One page that is open."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser, self._session, self._target = browser, session, target

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A call that concerns this page."""
        return self._browser.call(method, self._session, **parameters)

    def wait_for(self, event: str) -> None:
        """Read on until an event of this page has come."""
        while not any(one.get("method") == event for one in self._own()):
            self._browser.events.append(self._browser.message())

    def evaluate(self, expression: str) -> Any:
        """What JavaScript gives; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """All that came to the console or was thrown, and every address asked for that is not the page's own."""
        self.evaluate("new Promise((done) => setTimeout(done, 100))")
        found = []
        for event in self._own():
            method, told = event["method"], event["params"]
            if method in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"):
                found.append(json.dumps(told)[:1000])
            elif method == "Network.requestWillBeSent" and told.get("type") != "Document":
                found.append(f"asked for {told['request']['url'][:200]}")
            elif method == "Page.javascriptDialogOpening":
                found.append("a dialog")
        return found

    def picture(self, path: Path) -> Path:
        """The whole page as PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
        return path

    def close(self) -> None:
        """Close the page."""
        self._browser.call("Target.closeTarget", targetId=self._target)

    def _own(self) -> list[dict[str, Any]]:
        return [one for one in self._browser.events if one.get("sessionId") == self._session]
