import { nextTick } from "vue";

/** A form that has just been opened by a tap: scrolled to where it is seen, its first field ready to type in. */
export async function bringUp(
  form: () => HTMLElement | null,
  field: () => HTMLElement | null,
): Promise<void> {
  await nextTick();
  form()?.scrollIntoView({ block: "start" });
  field()?.focus({ preventScroll: true });
}
