export const product = {
  take: "导出走访单",
  title: "导出走访单",
  day: "范围",
  wholeWeek: "整周",
  worker: "走访人",
  everybody: "全部人员",
  format: "格式",
  formats: {
    html: "离线网页（可打印）",
    gpx: "GPX",
    geojson: "GeoJSON",
  },
  contacts: "包含预约居民的姓名、电话、地址和备注",
  contactsHint: "每个预约都会连同理由记入审计。文件含居民个人信息，请妥善保管，用后销毁。",
  reason: "理由（至少四个字）",
  save: "下载",
  walked: "导出实走轨迹：",
};
