import { describe, expect, it } from "vitest";

import { dayName, dayText, daysOf, isOverNewYear, partsOf } from "./season";

describe("a season of every year", () => {
  it("knows 29 February, and no 31 June", () => {
    expect([daysOf(2), daysOf(6), daysOf(12)]).toEqual([29, 30, 31]);
    expect(dayText(2, 31)).toBe("02-29");
  });

  it("is chosen month by month, day by day", () => {
    expect(dayText(null, 3)).toBe("");
    expect(dayText(6, null)).toBe("06-");
    expect(partsOf("06-")).toEqual({ month: 6, day: null });
    expect(partsOf("06-01")).toEqual({ month: 6, day: 1 });
    expect(partsOf("")).toEqual({ month: null, day: null });
  });

  it("is read in the words of the page", () => {
    expect(dayName("06-01", "zh-Hans")).toBe("6月1日");
    expect(dayName("02-29", "en")).toBe("29 Feb");
    expect(dayName("06-", "en")).toBe("");
  });

  it("may go over New Year", () => {
    expect(isOverNewYear("11-15", "03-15")).toBe(true);
    expect(isOverNewYear("06-01", "09-30")).toBe(false);
    expect(isOverNewYear("", "03-15")).toBe(false);
  });
});
