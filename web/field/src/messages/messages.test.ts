import { keysOf, leavesOf, placeholdersOf, withoutSingular } from "@gridward/core";
import { describe, expect, it } from "vitest";

import { messages as en } from "./en";
import { messages as zh } from "./zh-Hans";

describe("messages", () => {
  it("has the same keys in both languages", () => expect(keysOf(en)).toEqual(keysOf(zh)));

  it("has the same placeholders in both languages", () => {
    const names = (tree: Parameters<typeof leavesOf>[0]) =>
      leavesOf(tree).map(([key, text]) => [key, placeholdersOf(text)]);
    expect(names(en)).toEqual(names(zh));
  });

  it("has a form for one wherever it counts", () => expect(withoutSingular(en)).toEqual([]));
});
