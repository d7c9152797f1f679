/** Who draws and publishes divisions; the others read. */
export const DIVIDERS: readonly string[] = ["street", "district", "city"];
