/** A point in the units of the axes. */
export type Point = readonly [x: number, y: number];

/** A line with the text that stands at its end. */
export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
}

/** A plot of at most two lines over a logarithmic x axis. The y axis begins at 0. */
export interface Plot {
  readonly title: string;
  readonly subtitle: string;
  readonly x_label: string;
  readonly y_label: string;
  /** Where the x axis has marks; the first and the last line's end lie within them. */
  readonly x_marks: readonly number[];
  readonly lines: readonly Line[];
}

const width = 760;
const height = 440;
const area = { left: 96, right: 610, top: 84, bottom: 376 };
const label_gap = 20;
const y_marks_about = 5;

// The background is part of the picture, so that it is readable on any page, whatever the page takes for its own.
const style = `
  .paper { fill: #ffffff } .ink { fill: #1f2328 } .quiet { fill: #57606a } .grid { stroke: #d8dee4 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round } text { font: 13px system-ui, sans-serif }
  .title { font-size: 17px; font-weight: 600 } .end { font-weight: 600 }
  .line0 { stroke: #0b62d0 } .fill0 { fill: #0b62d0 } .line1 { stroke: #b35900 } .fill1 { fill: #b35900 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .quiet { fill: #9aa4af } .grid { stroke: #30363d }
    .line0 { stroke: #6cb0ff } .fill0 { fill: #6cb0ff } .line1 { stroke: #f0a05a } .fill1 { fill: #f0a05a }
  }`;

/** Draws a plot as an SVG document that brings its colours, for light and dark. */
export function renderPlot(plot: Plot): string {
  const { title, subtitle, x_label, y_label, x_marks, lines } = plot;
  const y_marks = marksUpTo(Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const x_of = scale(x_marks.map(Math.log), area.left, area.right);
  const y_of = scale(y_marks, area.bottom, area.top);
  const place = ([x, y]: Point): Point => [x_of(Math.log(x)), y_of(y)];
  const middle_y = (area.top + area.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${title}: ${x_label} against ${y_label}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    text(24, 34, "ink title", title),
    text(24, 56, "quiet", subtitle),
    ...y_marks.map((mark) => horizontal(y_of(mark), mark)),
    ...x_marks.map((mark) => vertical(x_of(Math.log(mark)), mark)),
    text((area.left + area.right) / 2, height - 20, "quiet", x_label, 'text-anchor="middle"'),
    text(20, middle_y, "quiet", y_label, `text-anchor="middle" transform="rotate(-90 20 ${middle_y})"`),
    ...drawnLines(lines.map(({ label, points }) => ({ label, points: points.map(place) }))),
    "</svg>\n",
  ].join("\n");
}

function drawnLines(lines: readonly Line[]): string[] {
  const ends = apart(lines.map(({ points }) => points.at(-1)?.[1] ?? area.bottom));
  return lines.flatMap(({ label, points }, nth) => [
    `<polyline class="line line${nth}" points="${points.map(([x, y]) => `${fixed(x)},${fixed(y)}`).join(" ")}"/>`,
    ...points.map(([x, y]) => `<circle class="fill${nth}" cx="${fixed(x)}" cy="${fixed(y)}" r="3.5"/>`),
    text((points.at(-1)?.[0] ?? area.right) + 12, (ends[nth] ?? 0) + 4, `end fill${nth}`, label),
  ]);
}

/** Moves the ends of two lines apart where their labels would meet, as little as it takes. */
function apart(ends: readonly number[]): number[] {
  const [first = 0, second] = ends;
  if (second === undefined) return [first];
  const missing = Math.max(0, label_gap - Math.abs(first - second)) / 2;
  const isFirstAbove = first <= second;
  return isFirstAbove ? [first - missing, second + missing] : [first + missing, second - missing];
}

function horizontal(y: number, mark: number): string {
  const line = `<line class="grid" x1="${area.left}" x2="${area.right}" y1="${fixed(y)}" y2="${fixed(y)}"/>`;
  return line + text(area.left - 10, y + 4, "quiet", number(mark), 'text-anchor="end"');
}

function vertical(x: number, mark: number): string {
  const line = `<line class="grid" x1="${fixed(x)}" x2="${fixed(x)}" y1="${area.bottom}" y2="${area.bottom + 6}"/>`;
  return line + text(x, area.bottom + 22, "quiet", number(mark), 'text-anchor="middle"');
}

/** Round numbers from 0 to at least the given value. */
function marksUpTo(value: number): number[] {
  const rough = value / y_marks_about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(value / step) + 1 }, (_, nth) => nth * step);
}

/** Places values from the first to the last mark between two ends. */
function scale(marks: readonly number[], from: number, to: number): (value: number) => number {
  const first = marks[0] ?? 0;
  const last = marks.at(-1) ?? 1;
  return (value) => from + ((value - first) / (last - first)) * (to - from);
}

const fixed = (value: number) => value.toFixed(1);
const number = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 4 });
const text = (x: number, y: number, kind: string, content: string, more = "") =>
  `<text class="${kind}" x="${fixed(x)}" y="${fixed(y)}" ${more}>${content}</text>`;
