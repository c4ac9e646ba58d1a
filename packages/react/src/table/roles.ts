/**
 * The roles of the table's parts, explicit because some browsers drop the implied ones with `display: grid`,
 * which the narrow layout uses.
 */
export const roles = {
  table: { role: "table" },
  group: { role: "rowgroup" },
  row: { role: "row" },
  columnHeader: { role: "columnheader", scope: "col" },
  rowHeader: { role: "rowheader", scope: "row" },
  cell: { role: "cell" },
} as const;
