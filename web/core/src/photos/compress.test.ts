import { expect, it } from "vitest";

import { fitInside } from "./compress";

it.each([
  [4000, 3000, 1920, 1440],
  [3000, 4000, 1440, 1920],
  [1920, 1080, 1920, 1080],
  [640, 480, 640, 480],
  [9000, 2, 1920, 1],
])("fits %i × %i into the long edge as %i × %i", (widthPx, heightPx, fittedWidthPx, fittedHeightPx) => {
  expect(fitInside({ widthPx, heightPx })).toEqual({ widthPx: fittedWidthPx, heightPx: fittedHeightPx });
});
