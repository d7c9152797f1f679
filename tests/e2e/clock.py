"""One clock for the server and for all browsers of a test: it runs on by itself and is put forward by the story."""

import time
from contextlib import suppress
from datetime import datetime, timedelta

import time_machine
from playwright.sync_api import BrowserContext
from playwright.sync_api import Error as PlaywrightError

# `Date`, and the moments of position fixes, which the browser takes from the machine. Timers keep their own pace.
# A page that loads after the clock was put forward finds the new shift where the earlier pages left it.
_SCRIPT = """
(() => {
  const Real = Date;
  const KEY = "test.clock.shift";
  let shift = %(shift)d;
  try { shift = Number(localStorage.getItem(KEY) ?? shift); } catch { /* a page without storage */ }
  const now = () => Real.now() + shift;
  globalThis.Date = new Proxy(Real, {
    construct: (target, args, made) => Reflect.construct(target, args.length ? args : [now()], made),
    apply: () => new Real(now()).toString(),
    get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
  });
  globalThis.__putClock = (ms) => {
    shift = ms;
    localStorage.setItem(KEY, String(ms));
  };
  const places = navigator.geolocation;
  if (!places) return;
  const dated = (found) => ({ coords: found.coords, timestamp: found.timestamp + shift });
  for (const name of ["getCurrentPosition", "watchPosition"]) {
    const ask = places[name].bind(places);
    places[name] = (onFix, ...more) => ask((found) => onFix(dated(found)), ...more);
  }
})();
"""


class Clock:
    """Begins at `moment`. Every browser context that shall agree is given to `keep`."""

    def __init__(self, moment: datetime) -> None:
        self._contexts: list[BrowserContext] = []
        self._travel: time_machine.travel | None = None
        self._go(moment)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time()).astimezone()

    def put(self, moment: datetime) -> None:
        """Puts everything to `moment`, with its offset."""
        self._go(moment)
        for context in self._contexts:
            for page in context.pages:
                with suppress(PlaywrightError):  # a page that is going elsewhere reads the shift when it arrives
                    page.evaluate("ms => globalThis.__putClock?.(ms)", self._shift_ms())

    def forward(self, by: timedelta) -> None:
        self.put(self.now() + by)

    def keep(self, context: BrowserContext) -> None:
        context.add_init_script(_SCRIPT % {"shift": self._shift_ms()})
        self._contexts.append(context)

    def stop(self) -> None:
        if self._travel is not None:
            self._travel.stop()
            self._travel = None

    def _go(self, moment: datetime) -> None:
        self.stop()
        self._travel = time_machine.travel(moment, tick=True)
        self._travel.start()

    def _shift_ms(self) -> int:
        return round((time.time() - time_machine.escape_hatch.time.time()) * 1000)
