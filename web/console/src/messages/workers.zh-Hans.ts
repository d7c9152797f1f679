export const workers = {
  title: "网格员",
  count: "在岗 {live} / {all}",
  search: "姓名或网格",
  none: "没有符合条件的网格员。",
  off: "未在巡查",
  offHint: "只在本人开启巡查时显示位置。",
  track: "轨迹",
};
