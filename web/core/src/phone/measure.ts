import { onBeforeUnmount, onMounted, type Ref } from "vue";

/**
 * Keeps the element's height in a property of the document (`--head`, `--thumb`), and 0 when the element is gone: what
 * is fixed to an edge of the screen never covers the page, however its words wrap.
 */
export function useHeightProperty(element: Readonly<Ref<HTMLElement | null>>, name: `--${string}`): void {
  const root = document.documentElement;
  const observer = new ResizeObserver(() => {
    root.style.setProperty(name, `${element.value?.offsetHeight ?? 0}px`);
  });
  onMounted(() => {
    if (element.value !== null) observer.observe(element.value);
  });
  onBeforeUnmount(() => {
    observer.disconnect();
    root.style.removeProperty(name);
  });
}
