import { afterEach, expect, it, vi } from "vitest";
import { effectScope } from "vue";

import { useSystemTheme } from "./systemTheme";

afterEach(() => vi.unstubAllGlobals());

it("follows the system while its screen lives, and not afterwards", () => {
  const system = Object.assign(new EventTarget(), { matches: false });
  vi.stubGlobal("matchMedia", () => system);
  const turn = (dark: boolean): void => {
    system.matches = dark;
    system.dispatchEvent(new Event("change"));
  };
  const screen = effectScope();
  const theme = screen.run(useSystemTheme);
  expect(theme?.value).toBe("light");
  turn(true);
  expect(theme?.value).toBe("dark");
  screen.stop();
  turn(false);
  expect(theme?.value).toBe("dark");
});
