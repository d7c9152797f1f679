import { describe, expect, it } from "vitest";

import { missing, needsOf } from "./actionForm";

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
});
