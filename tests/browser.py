"""Chromium without a window, driven over a pipe by its own protocol: what a person would do."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_SECONDS = 20.0

_CONTRAST = """(() => {
  const light = c => { const [r, g, b] = c.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
  const numbers = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3]));
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "Canvas";
  const canvas = numbers(getComputedStyle(probe).color);
  probe.remove();
  const up = e => e ? [...up(e.parentElement), e] : [];
  let least = 21;
  for (const e of document.body.querySelectorAll("*")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || ["SCRIPT", "STYLE"].includes(e.tagName) || !e.getBoundingClientRect().width) continue;
    const styles = up(e).map(each => getComputedStyle(each));
    const back = styles.reduce((c, s) => over(numbers(s.backgroundColor), c), canvas);
    const ink = numbers(getComputedStyle(e).color);
    ink[3] *= styles.reduce((o, s) => o * Number(s.opacity), 1);
    const [a, b] = [light(over(ink, back)), light(back)].sort((x, y) => y - x);
    least = Math.min(least, (a + .05) / (b + .05));
  }
  return least;
})()"""


class Browser:
    """One page. `asked`: the address of every request that the page made."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest, self._number = to, back, b"", 0
        self._session: str | None = None
        self.asked: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Network"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Goes there and waits until the document is there."""
        self._call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> object:
        """What an expression is in the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, script: str) -> None:
        """Waits until an expression is true in the page."""
        end = time.monotonic() + _SECONDS
        while not self.value(script):
            assert time.monotonic() < end, f"never: {script}\n{self.text()[-3000:]}"
            time.sleep(0.02)

    def text(self) -> str:
        """What is to be read on the page."""
        return str(self.value("document.body.innerText"))

    def click(self, element: str) -> None:
        """Presses the mouse over what the expression `element` is."""
        place = self.value(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
            f" return [r.x + r.width / 2, r.y + r.height / 2]; }})({element})"
        )
        assert isinstance(place, list)
        for kind in ("mousePressed", "mouseReleased"):
            words = {"type": kind, "button": "left", "clickCount": 1}
            self._call("Input.dispatchMouseEvent", x=place[0], y=place[1], **words)

    def write(self, element: str, text: str) -> None:
        """Clicks a field and types into it, in place of what was there."""
        self.click(element)
        self.value(f"{element}.select()")
        self._call("Input.insertText", text=text)

    def choose(self, element: str, value: str) -> None:
        """Chooses one entry of a list or a place on a slider, as its events tell the page."""
        self.value(
            f"(e => {{ e.value = {json.dumps(value)}; for (const name of ['input', 'change'])"
            f" e.dispatchEvent(new Event(name, {{bubbles: true}})); }})({element})"
        )

    def press(self, key: str) -> None:
        """Presses one key that types nothing: Tab, or an arrow."""
        code = {"Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}[key]
        for kind in ("rawKeyDown", "keyUp"):
            words = {"key": key, "code": key, "windowsVirtualKeyCode": code}
            self._call("Input.dispatchKeyEvent", type=kind, **words)

    def resize(self, width: int, height: int) -> None:
        """Makes the window as large as this."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def dark(self, wanted: bool) -> None:
        """Whether the person has chosen dark colours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def contrast(self) -> float:
        """The least contrast of any text on the page to what is behind it (WCAG 2.2: 4.5)."""
        least = self.value(_CONTRAST)
        assert isinstance(least, float | int)
        return least

    def processor_seconds(self) -> float:
        """What the page has used of a processor; other work on the machine does not change it."""
        self._call("Performance.enable", timeDomain="threadTicks")
        metrics = self._call("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    def _call(self, method: str, **params: object) -> dict:
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            asked["sessionId"] = self._session
        os.write(self._to, json.dumps(asked).encode() + b"\0")
        while True:
            told = self._read()
            if told.get("method") == "Network.requestWillBeSent":
                self.asked.append(told["params"]["request"]["url"])
            if told.get("id") == self._number:
                assert "error" not in told, (method, told["error"])
                return told["result"]

    def _read(self) -> dict:
        while b"\0" not in self._rest:
            part = os.read(self._back, 1 << 16)
            assert part, "the browser has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own in `folder`; it ends with the block."""
    (theirs, to), (back, ours) = os.pipe(), os.pipe()
    # It reads its third file and writes its fourth.
    command = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
    flags = [*_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder / 'profile'}"]
    process = subprocess.Popen(
        ["bash", "-c", command, "browser", str(theirs), str(ours), str(CHROMIUM), *flags],
        pass_fds=(theirs, ours),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(ours)
    try:
        yield Browser(to, back)
    finally:
        process.kill()
        process.wait()
        os.close(to)
        os.close(back)
