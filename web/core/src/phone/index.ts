export { useElderMode } from "./elder";
export { default as LampBadge } from "./LampBadge.vue";
export { default as MatterChooser } from "./MatterChooser.vue";
export * from "./matters";
export { phone as phoneEn } from "./messages.en";
export { phone as phoneZh } from "./messages.zh-Hans";
export { default as PhotoInput, type PickedPhoto } from "./PhotoInput.vue";
export { readPosition, type FixResult, type OwnFix, type PositionFailure } from "./position";
export { default as StateBox } from "./StateBox.vue";
