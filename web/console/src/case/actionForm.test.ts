import { describe, expect, it } from "vitest";

import { needsOf, ready } from "./actionForm";

const EMPTY = { note: "", assignee: null, matter: "", ground: "" };

describe("a step can be sent", () => {
  it("without a word when nothing is needed", () => {
    expect(ready(needsOf("file", [{ action: "file", needs: [] }]), EMPTY)).toBe(true);
  });

  it("only with the note that the server asks for; blanks are none", () => {
    const needs = needsOf("return", [{ action: "return", needs: ["note"] }]);
    expect(ready(needs, { ...EMPTY, note: "  " })).toBe(false);
    expect(ready(needs, { ...EMPTY, note: "非本网格" })).toBe(true);
  });

  it("only with somebody to assign to", () => {
    const needs = needsOf("assign", [{ action: "assign", needs: [] }]);
    expect(ready(needs, EMPTY)).toBe(false);
    expect(ready(needs, { ...EMPTY, assignee: { kind: "worker", id: "w" } })).toBe(true);
  });
});
