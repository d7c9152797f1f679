export const duty = {
  title: "我的网格由谁负责",
  lead: "按此顺序负责；不在岗的跳过。",
  none: "您现在没有负责的网格。",
  me: "本人",
  you: "您已登记为不在岗。",
  youUntil: "您已登记为不在岗，至 {at}。",
  until: "至 {at}",
  desk: "拨打社区值班台",
  reason: {
    away: "不在岗",
    cover: "临时代管",
    leader: "网格长",
    worker: "网格员",
    worker_part_time: "兼职网格员",
    deputy_a: "A岗代理",
    deputy_b: "B岗代理",
  },
};
