/** Who draws and publishes divisions; the others read. */
export const DIVIDERS: readonly string[] = ["street", "district", "city"];

/** Who asks the engine for a division: a community does for its own ground. */
export const ASKERS: readonly string[] = ["community", ...DIVIDERS];
