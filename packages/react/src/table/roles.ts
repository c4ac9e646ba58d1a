/**
 * The roles these elements have by themselves, said once more: in a narrow container the table is laid out by `display:
 * grid`, and some browsers then forget what `display: table` implied.
 */
export const roles = {
  table: { role: "table" },
  group: { role: "rowgroup" },
  row: { role: "row" },
  columnHeader: { role: "columnheader", scope: "col" },
  rowHeader: { role: "rowheader", scope: "row" },
  cell: { role: "cell" },
} as const;
