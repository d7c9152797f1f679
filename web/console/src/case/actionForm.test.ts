import { describe, expect, it } from "vitest";

import { mayEndOn, missing, needsOf } from "./actionForm";

const EMPTY = { note: "", assignee: null };

describe("a step can be sent", () => {
  it("without a word when nothing is needed; filing may change the matter", () => {
    const needs = needsOf("file", [{ action: "file", needs: [] }]);
    expect(missing(needs, EMPTY)).toBeNull();
    expect(needs.matter).toBe(true);
  });

  it("only with the note that the server asks for; blanks are none", () => {
    const needs = needsOf("return", [{ action: "return", needs: ["note"] }]);
    expect(missing(needs, { ...EMPTY, note: "  " })).toBe("note");
    expect(missing(needs, { ...EMPTY, note: "非本网格" })).toBeNull();
  });

  it("only with somebody to assign to", () => {
    const needs = needsOf("assign", [{ action: "assign", needs: ["assignee"] }]);
    expect(missing(needs, EMPTY)).toBe("assignee");
    expect(missing(needs, { ...EMPTY, assignee: { kind: "worker", id: "w" } })).toBeNull();
  });

  it("with an end for a suspension, from tomorrow on and within a year", () => {
    expect(needsOf("suspend", [{ action: "suspend", needs: ["note"] }]).until).toBe(true);
    expect(needsOf("close", [{ action: "close", needs: [] }]).until).toBe(false);
    const now = Date.parse("2026-11-18T10:00:00+08:00");
    const days = (n: number): Date => new Date(now + n * 24 * 3600 * 1000);
    expect([0, 1, 363, 365].map((n) => mayEndOn(days(n), now))).toEqual([false, true, true, false]);
  });
});
