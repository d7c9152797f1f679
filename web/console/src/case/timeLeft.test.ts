import { describe, expect, it } from "vitest";

import { leftMs, shownLamp, usedShare } from "./timeLeft";

const START = "2026-11-23T08:00:00+08:00";
const DUE = "2026-11-23T12:00:00+08:00";
const at = (clock: string) => Date.parse(`2026-11-23T${clock}:00+08:00`);

describe("the clock of a case", () => {
  it("counts down and goes on below zero", () => {
    expect(leftMs(DUE, at("11:00"))).toBe(3_600_000);
    expect(leftMs(DUE, at("13:00"))).toBe(-3_600_000);
    expect(leftMs(null, at("13:00"))).toBeNull();
  });

  it("fills its bar between start and deadline, never beyond", () => {
    expect(usedShare(START, DUE, at("09:00"))).toBe(0.25);
    expect(usedShare(START, DUE, at("23:00"))).toBe(1);
    expect(usedShare(DUE, DUE, at("09:00"))).toBe(1);
    expect(usedShare(null, DUE, at("09:00"))).toBeNull();
  });

  it("turns red by itself, but only while it runs", () => {
    expect(shownLamp("green", DUE, at("11:59"))).toBe("green");
    expect(shownLamp("orange", DUE, at("12:01"))).toBe("red");
    expect(shownLamp(null, DUE, at("12:01"))).toBeNull();
  });
});
