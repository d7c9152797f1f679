import { describe, expect, it } from "vitest";

import { keysOf, leavesOf, placeholdersOf } from "./messages";
import { shared as en } from "./shared.en";
import { shared as zh } from "./shared.zh-Hans";

describe("shared messages", () => {
  it("has the same keys in both languages", () => expect(keysOf(en)).toEqual(keysOf(zh)));

  it("has the same placeholders in both languages", () => {
    const names = (tree: Parameters<typeof leavesOf>[0]) =>
      leavesOf(tree).map(([key, text]) => [key, placeholdersOf(text)]);
    expect(names(en)).toEqual(names(zh));
  });
});
