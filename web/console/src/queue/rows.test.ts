import type { CaseRow } from "@gridward/core";
import { describe, expect, it } from "vitest";

import { addWaiting, firstPage, neighbour, nextPage, patchRow } from "./rows";

const row = (id: string, version = 1): CaseRow => ({ id, version }) as CaseRow;
const ids = (items: readonly CaseRow[]) => items.map((item) => item.id);

describe("rows do not jump", () => {
  const rows = firstPage({ items: [row("a"), row("b"), row("c")], next: "n" });

  it("a changed row stays where it is", () => {
    expect(patchRow(rows, row("b", 2)).items.map((item) => item.version)).toEqual([1, 2, 1]);
  });

  it("an answer that was overtaken does not bring the past back", () => {
    const now = patchRow(rows, row("b", 3));
    expect(patchRow(now, row("b", 2)).items[1]?.version).toBe(3);
  });

  it("a new case waits, once, until it is asked for", () => {
    const waiting = addWaiting(addWaiting(rows, "x"), "x");
    expect(waiting.waiting).toEqual(["x"]);
    expect(ids(waiting.items)).toEqual(["a", "b", "c"]);
    expect(addWaiting(rows, "a").waiting).toEqual([]);
  });

  it("a row that moved between two pages is shown once", () => {
    expect(ids(nextPage(rows, { items: [row("c"), row("d")], next: null }).items)).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
  });

  it("j and k stop at the ends", () => {
    expect(neighbour(rows, null, 1)?.id).toBe("a");
    expect(neighbour(rows, "a", -1)?.id).toBe("a");
    expect(neighbour(rows, "a", 1)?.id).toBe("b");
    expect(neighbour(rows, "c", 1)?.id).toBe("c");
  });
});
