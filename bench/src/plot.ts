/** A point in the units of the axes. */
export type Point = readonly [x: number, y: number];

/** A line with a label at its end. */
export interface Line {
  readonly label: string;
  readonly points: readonly Point[];
}

/** A plot of at most two lines over a logarithmic x axis. The y axis begins at 0. */
export interface Plot {
  readonly title: string;
  readonly subtitle: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** The marks of the x axis. They include both ends of every line. */
  readonly xMarks: readonly number[];
  readonly lines: readonly Line[];
}

const WIDTH = 760;
const HEIGHT = 440;
const AREA = { left: 96, right: 610, top: 84, bottom: 376 };
const LABEL_GAP = 20;
const Y_MARKS_ABOUT = 5;

// The background is part of the picture, so that it is readable on a page of any color.
const STYLE = `
  .paper { fill: #ffffff } .ink { fill: #1f2328 } .quiet { fill: #57606a } .grid { stroke: #d8dee4 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round } text { font: 13px system-ui, sans-serif }
  .title { font-size: 17px; font-weight: 600 } .end { font-weight: 600 }
  .line0 { stroke: #0b62d0 } .fill0 { fill: #0b62d0 } .line1 { stroke: #b35900 } .fill1 { fill: #b35900 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .quiet { fill: #9aa4af } .grid { stroke: #30363d }
    .line0 { stroke: #6cb0ff } .fill0 { fill: #6cb0ff } .line1 { stroke: #f0a05a } .fill1 { fill: #f0a05a }
  }`;

/** Formats a plot as an SVG document with colors for light and dark. */
export function formatPlot(plot: Plot): string {
  const { title, subtitle, xLabel, yLabel, xMarks, lines } = plot;
  const yMarks = toMarks(Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y))));
  const toX = createScale(xMarks.map(Math.log), AREA.left, AREA.right);
  const toY = createScale(yMarks, AREA.bottom, AREA.top);
  const place = ([x, y]: Point): Point => [toX(Math.log(x)), toY(y)];
  const middleY = (AREA.top + AREA.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title">`,
    `<title id="title">${title}: ${xLabel} against ${yLabel}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}"/>`,
    formatText(24, 34, "ink title", title),
    formatText(24, 56, "quiet", subtitle),
    ...yMarks.map((mark) => formatYMark(toY(mark), mark)),
    ...xMarks.map((mark) => formatXMark(toX(Math.log(mark)), mark)),
    formatText((AREA.left + AREA.right) / 2, HEIGHT - 20, "quiet", xLabel, 'text-anchor="middle"'),
    formatText(20, middleY, "quiet", yLabel, `text-anchor="middle" transform="rotate(-90 20 ${middleY})"`),
    ...formatLines(lines.map(({ label, points }) => ({ label, points: points.map(place) }))),
    "</svg>\n",
  ].join("\n");
}

function formatLines(lines: readonly Line[]): string[] {
  const ends = separate(lines.map(({ points }) => points.at(-1)?.[1] ?? AREA.bottom));
  return lines.flatMap(({ label, points }, nth) => [
    `<polyline class="line line${nth}" points="${points.map(([x, y]) => `${formatPlace(x)},${formatPlace(y)}`).join(" ")}"/>`,
    ...points.map(
      ([x, y]) => `<circle class="fill${nth}" cx="${formatPlace(x)}" cy="${formatPlace(y)}" r="3.5"/>`,
    ),
    formatText((points.at(-1)?.[0] ?? AREA.right) + 12, (ends[nth] ?? 0) + 4, `end fill${nth}`, label),
  ]);
}

/** Moves the labels of two lines apart, by as little as possible. */
function separate(ends: readonly number[]): number[] {
  const [first = 0, second] = ends;
  if (second === undefined) return [first];
  const missing = Math.max(0, LABEL_GAP - Math.abs(first - second)) / 2;
  const isFirstAbove = first <= second;
  return isFirstAbove ? [first - missing, second + missing] : [first + missing, second - missing];
}

function formatYMark(y: number, mark: number): string {
  const line = `<line class="grid" x1="${AREA.left}" x2="${AREA.right}" y1="${formatPlace(y)}" y2="${formatPlace(y)}"/>`;
  return line + formatText(AREA.left - 10, y + 4, "quiet", formatNumber(mark), 'text-anchor="end"');
}

function formatXMark(x: number, mark: number): string {
  const line = `<line class="grid" x1="${formatPlace(x)}" x2="${formatPlace(x)}" y1="${AREA.bottom}" y2="${AREA.bottom + 6}"/>`;
  return line + formatText(x, AREA.bottom + 22, "quiet", formatNumber(mark), 'text-anchor="middle"');
}

/** Returns round numbers from 0 to at least the given value. */
function toMarks(value: number): number[] {
  const rough = value / Y_MARKS_ABOUT;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(value / step) + 1 }, (_, nth) => nth * step);
}

/** Creates a scale that places the values between the first and the last mark between two ends. */
function createScale(marks: readonly number[], from: number, to: number): (value: number) => number {
  const first = marks[0] ?? 0;
  const last = marks.at(-1) ?? 1;
  return (value) => from + ((value - first) / (last - first)) * (to - from);
}

const formatPlace = (value: number) => value.toFixed(1);
const formatNumber = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 4 });
const formatText = (x: number, y: number, kind: string, content: string, more = "") =>
  `<text class="${kind}" x="${formatPlace(x)}" y="${formatPlace(y)}" ${more}>${content}</text>`;
