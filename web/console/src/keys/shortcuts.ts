import { onBeforeUnmount, onMounted } from "vue";

export type Shortcuts = Readonly<Record<string, () => void>>;

/** A key press that belongs to a text, a menu, a dialog or an input method is not a shortcut. */
export function isShortcut(event: KeyboardEvent): boolean {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
    return false;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return true;
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return false;
  if (event.key === "Enter" && /^(BUTTON|A|SUMMARY)$/.test(target.tagName)) return false;
  return target.closest("[role=dialog], .el-overlay, .el-popper") === null;
}

/** Single keys of this screen, while it is shown. */
export function useShortcuts(shortcuts: Shortcuts, enabled: () => boolean = () => true): void {
  const press = (event: KeyboardEvent): void => {
    const action = shortcuts[event.key];
    if (!action || !enabled() || !isShortcut(event)) return;
    event.preventDefault();
    action();
  };
  onMounted(() => globalThis.addEventListener("keydown", press));
  onBeforeUnmount(() => globalThis.removeEventListener("keydown", press));
}
