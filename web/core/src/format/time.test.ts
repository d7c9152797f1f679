import { describe, expect, it } from "vitest";

import {
  addDays,
  clockTime,
  dayAndRange,
  dayOf,
  distance,
  duration,
  mondayOf,
  relativeTime,
  shortDateTime,
  timeRange,
  weekdayName,
} from "./time";

const NOW = Date.parse("2026-11-23T10:00:00+08:00");

describe("times are shown in Asia/Shanghai", () => {
  it("whatever the offset of the instant", () => {
    expect(clockTime("2026-11-23T01:05:00Z", "en")).toBe("09:05");
    expect(clockTime("2026-11-22T16:00:00Z", "zh-Hans")).toBe("00:00");
    expect(dayOf("2026-11-22T16:00:00Z")).toBe("2026-11-23");
  });

  it("with the year only when it is another one", () => {
    expect(shortDateTime("2026-11-23T01:05:00Z", "en", NOW)).toBe("23 Nov, 09:05");
    expect(shortDateTime("2025-11-23T01:05:00Z", "en", NOW)).toContain("2025");
  });

  it("with the day of a shift said once, also over midnight", () => {
    const start = "2026-11-23T20:51:00+08:00";
    expect(dayAndRange(start, "2026-11-23T22:00:00+08:00", "en")).toBe("23 Nov 20:51–22:00");
    const night = dayAndRange(start, "2026-11-24T06:00:00+08:00", "en");
    expect(night.match(/23 Nov/g)).toHaveLength(1);
    expect(night).toContain("24 Nov");
  });

  it("as one range on one day", () => {
    expect(timeRange("2026-11-23T09:00:00+08:00", "2026-11-23T11:00:00+08:00", "en")).toBe("09:00–11:00");
  });
});

describe("calendar days", () => {
  it("find their Monday, also from a Sunday and over the year's end", () => {
    expect(mondayOf("2026-11-23")).toBe("2026-11-23");
    expect(mondayOf("2026-11-29")).toBe("2026-11-23");
    expect(mondayOf("2027-01-01")).toBe("2026-12-28");
  });

  it("add and name", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(weekdayName("2026-11-23", "zh-Hans")).toBe("周一");
  });
});

describe("sizes", () => {
  it("ages in the largest unit that fits", () => {
    expect(relativeTime(NOW - 12_000, NOW, "zh-Hans")).toBe("12秒前");
    expect(relativeTime(NOW + 2 * 3600_000, NOW, "en")).toBe("in 2 hr.");
    expect(relativeTime(NOW, NOW, "zh-Hans")).toBe("0秒前");
  });

  it("durations and distances with their units", () => {
    expect(duration(45, "en")).toBe("45 s");
    expect(duration(4800, "en")).toBe("1 h 20 min");
    expect(duration(3600, "zh-Hans")).toBe("1 小时");
    expect(distance(850.4, "en")).toBe("850 m");
    expect(distance(1234, "zh-Hans")).toBe("1.2 公里");
  });
});
