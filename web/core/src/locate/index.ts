export { locate, type LocateOptions } from "./locate";
export { type GridPack, type PackShape, readGridPack } from "./pack";
export { type Candidate, type Located, type LocateKind, snapDegrees } from "./rule";
