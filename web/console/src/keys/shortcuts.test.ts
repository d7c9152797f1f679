import { describe, expect, it } from "vitest";

import { isShortcut } from "./shortcuts";

function press(target: HTMLElement, init: KeyboardEventInit = {}): boolean {
  document.body.append(target);
  let answer = false;
  target.addEventListener("keydown", (event) => (answer = isShortcut(event)), { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key: "j", bubbles: true, ...init }));
  target.remove();
  return answer;
}

describe("shortcuts", () => {
  it("work on the page", () => expect(press(document.createElement("div"))).toBe(true));

  it("stay out of text fields, of input methods and of browser keys", () => {
    expect(press(document.createElement("input"))).toBe(false);
    expect(press(document.createElement("textarea"))).toBe(false);
    expect(press(document.createElement("div"), { isComposing: true })).toBe(false);
    expect(press(document.createElement("div"), { ctrlKey: true })).toBe(false);
  });

  it("leave Enter to the button that has the focus", () => {
    expect(press(document.createElement("button"), { key: "Enter" })).toBe(false);
    expect(press(document.createElement("button"), { key: "j" })).toBe(true);
  });
});
