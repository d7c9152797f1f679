export const summary = { open: "在办", overdue: "超时", stops: "今日走访", live: "在岗巡查" };

export const queue = {
  title: "案件队列",
  search: "编号、内容、地址",
  state: "状态",
  openStates: "全部在办",
  endedStates: "已办结",
  grid: "网格",
  matter: "事项",
  count: "共 {n} 件",
  loading: "正在加载",
  reset: "清除 {n} 个条件",
  waiting: "有 {n} 件新动态，点此刷新",
  more: "加载更多",
  end: "已到末尾",
  nothingFound: "没有符合条件的案件",
  widen: "放宽或清除条件再看看。",
  nothingOpen: "没有在办案件",
  quietDay: "新的上报会自动出现在这里。",
  order: { label: "排序", due: "按期限", newest: "最新上报" },
};
