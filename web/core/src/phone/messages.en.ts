import type { Translated } from "../i18n/messages";
import type { phone as zh } from "./messages.zh-Hans";

export const phone: Translated<typeof zh> = {
  loading: "Loading…",
  retry: "Try again",
  back: "Back",
  close: "Close",
  cancel: "Cancel",
  confirm: "OK",
  optional: "optional",
  languageSwitch: "Change language",
  elder: { on: "Large text", off: "Normal text" },
  lamp: {
    green: "Plenty of time",
    yellow: "Half the time gone",
    orange: "Due soon",
    red: "Overdue",
    none: "No limit",
  },
  photo: {
    take: "Take photo",
    add: "Add photo",
    choose: "From album",
    remove: "Remove photo {n}",
    one: "Photo {n}",
    limit: "At most {n}: remove one first",
    reading: "Making the photo smaller…",
    unreadable: "This file cannot be opened. Please choose another photo.",
    size: "{kb} kB",
  },
  matter: {
    search: "Search, e.g. garbage, road, noise",
    common: "Common problems",
    all: "All kinds",
    found: "{n} found",
    none: "No kind has this name. Try another word, or look through all kinds.",
    chosen: "Chosen: {name}",
    urgent: "If somebody is hurt, or there is fire or a gas leak, call 110, 119 or 120 first.",
  },
  position: {
    asking: "Finding your position…",
    denied: "No permission to use your position. Choose on the map or type the address.",
    unavailable: "Your position cannot be found now. Choose on the map or type the address.",
    timeout: "Finding your position took too long. Try again or choose on the map.",
    unsupported: "This browser cannot find your position. Choose on the map or type the address.",
    accuracy: "about {m} m off",
  },
};
