import { describe, expect, it } from "vitest";

import { momentOf, nextMonday } from "./moment";

describe("nextMonday", () => {
  it.each([
    ["2026-11-25T10:00:00+08:00", "2026-11-30"],
    ["2026-11-29T23:59:00+08:00", "2026-11-30"],
    ["2026-11-30T00:00:00+08:00", "2026-12-07"],
    // Sunday evening in London is Monday in Shanghai.
    ["2026-11-29T20:00:00Z", "2026-12-07"],
  ])("of %s is %s", (now, monday) => expect(nextMonday(Date.parse(now))).toBe(monday));

  it("begins at midnight in Shanghai", () =>
    expect(Date.parse(momentOf("2026-11-30", "00:00"))).toBe(Date.parse("2026-11-29T16:00:00Z")));
});
