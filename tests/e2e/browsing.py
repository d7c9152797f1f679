"""Browsers as people use them, and an ear on everything that their pages say and ask for."""

import io
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, FilePayload, Locator, Page, Request, expect

from tests.e2e.clock import Clock

PHONE = (390, 844)
DESK = (1440, 900)
# Generous: the machine may be busy with something else; nothing below depends on speed.
PATIENCE_MS = 30_000
LOADING = re.compile(r"^(正在加载|Loading)…?$")
MAP_COLOURS = 24
SCREENSHOTS = Path(__file__).parent / "screenshots"

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class Ear:
    """What went wrong in a context, whom it asked, and what it still waits for."""

    home: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    waiting: set[Request] = field(default_factory=set)
    changed_at: float = 0.0

    def listen(self, context: BrowserContext) -> None:
        context.on("console", lambda said: self._said(said.type, said.text))
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))
        context.on("request", self._asked)
        context.on("requestfinished", self._answered)
        context.on("requestfailed", self._answered)
        context.on("page", lambda page: page.on("framenavigated", lambda _: self._went_on()))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and "ERR_INTERNET_DISCONNECTED" not in text:  # a story may go where no signal is
            self.complaints.append(text)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" != self.home:
            self.foreign.append(request.url)
        if parts.path.startswith("/live/") or parts.path.endswith("-worker.mjs") or "-worker-" in parts.path:
            return  # the live stream stays open; the end of a map's worker that is taken away is never told
        if request.is_navigation_request():
            self.waiting.clear()  # what the page before still wanted is not told either
        self.waiting.add(request)
        self.changed_at = time.monotonic()

    def _went_on(self) -> None:
        """Another screen of the same page: what the map of the last one still wanted is never told either."""
        self.waiting -= {one for one in self.waiting if urlsplit(one.url).path.startswith("/tiles/")}

    def _answered(self, request: Request) -> None:
        self.waiting.discard(request)
        self.changed_at = time.monotonic()


class Visitor:
    """One person with one browser of their own, one page of it open."""

    def __init__(
        self, browser: Browser, home: str, clock: Clock, *, size: tuple[int, int], at: tuple[float, float] | None = None
    ) -> None:
        self.home = home
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, device_scale_factor=1, locale="zh-CN",
            timezone_id="Asia/Shanghai", has_touch=size == PHONE, service_workers="block", base_url=home,
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.set_default_navigation_timeout(PATIENCE_MS)
        clock.keep(self.context)
        self.ear = Ear(home)
        self.ear.listen(self.context)
        if at is not None:
            self.context.grant_permissions(["geolocation"], origin=home)
            self.stand(at)
        self.page: Page = self.context.new_page()

    def stand(self, at: tuple[float, float], *, accuracy_m: float = 6.0) -> None:
        """The device's own position from now on: longitude, latitude in WGS84."""
        self.context.set_geolocation({"longitude": at[0], "latitude": at[1], "accuracy": accuracy_m})

    def button(self, name: str, *, exact: bool = True) -> Locator:
        return self.page.get_by_role("button", name=name, exact=exact)

    def link(self, name: str, *, exact: bool = False) -> Locator:
        return self.page.get_by_role("link", name=name, exact=exact)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("navigation").get_by_role("link", name=name)

    def fact(self, term: str) -> Locator:
        """The value beside a term of a list of facts."""
        return self.page.locator("dt", has_text=term).first.locator("xpath=following-sibling::dd[1]")

    def settle(self, quiet_s: float = 0.4) -> None:
        """Waits until nothing has been asked or answered for a moment."""
        ear, began = self.ear, time.monotonic()
        until(
            lambda: not ear.waiting and time.monotonic() - max(began, ear.changed_at) > quiet_s,
            self.page,
            lambda: f"still asked for: {[request.url for request in ear.waiting]}",
        )

    def shoot(self, name: str) -> None:
        """A picture of what is in sight, for people to look at, once everything is there."""
        self.settle()
        expect(self.page.locator(".el-skeleton, .el-loading-mask").filter(visible=True)).to_have_count(0)
        expect(self.page.get_by_text(LOADING)).to_have_count(0)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")

    def drawn(self) -> None:
        """Waits until the map in sight shows more than its ground and has come to rest."""
        self.settle()
        canvas, before = self.page.locator("canvas.maplibregl-canvas"), b""
        # The bar of a patrol lies over the map of a narrow page, and says how old the last position is.
        talking = [self.page.locator(".thumb-bar")]
        expect(canvas).to_be_visible()

        def rests() -> bool:
            nonlocal before
            was, before = before, canvas.screenshot(animations="disabled", mask=talking)
            # A list of the colours, or None for more than that.
            return before == was and Image.open(io.BytesIO(before)).convert("RGB").getcolors(MAP_COLOURS) is None

        until(rests, self.page, lambda: "the map draws nothing, or does not come to rest")

    def close(self) -> None:
        self.context.close()


def until(holds: Callable[[], bool], page: Page, why: Callable[[], str] = lambda: "waited in vain") -> None:
    """Lets the page go on until `holds`. Raises AssertionError with `why` when patience ends."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < end, why()
        page.wait_for_timeout(50)


def street_photo(name: str, *, clean: bool = False) -> FilePayload:
    """A picture file as a phone would hand it over: a street corner, with or without rubbish."""
    image = Image.new("RGB", (1600, 1200), (168, 196, 214))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 300, 1600, 700), fill=(196, 178, 152))
    for left in range(60, 1600, 260):
        draw.rectangle((left, 380, left + 140, 560), fill=(120, 142, 160))
    draw.rectangle((0, 700, 1600, 1200), fill=(132, 132, 130))
    draw.rectangle((980, 560, 1180, 860), fill=(52, 104, 70))
    if not clean:
        for left, top in ((720, 820), (820, 880), (900, 800), (640, 900)):
            draw.ellipse((left, top, left + 170, top + 130), fill=(38, 38, 42))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return FilePayload(name=name, mimeType="image/jpeg", buffer=file.getvalue())
