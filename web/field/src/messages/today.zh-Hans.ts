export const today = {
  title: "今日",
  list: "路线",
  map: "地图",
  cases: "事件",
  summary: "{done}/{n} 站 · 步行 {distance} · {walk}",
  next: "下一站",
  open: "去记录",
  none: "今天没有安排走访。",
  noneHint: "可以自行巡查，或看看一周安排。",
  nextDay: "下一次走访：{date}，{n} 个走访点",
  allDone: "今天的站点都走完了。",
  casesNone: "没有要处理的事件。",
  window: "预约 {time}",
  hours: "开放 {time}",
  planned: "计划 {time}",
  unsent: "待发送",
  wereYouHere: "到过这里吗？",
  whichDoors: "同一栋楼有多个走访点，轨迹分不清您到了哪几处。请对 {n} 个走访点补记或跳过。",
  mapFailed: "这台手机画不出地图，请用列表。",
  you: "我的位置",
};

export const round = {
  changed: "{at} 路线有变动",
  seen: "知道了",
};
