import type { NamedFile } from "@gridward/core";

/** Saves what the server has sent, under the name that it gave. */
export function saveFile(file: NamedFile): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file.content);
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}
