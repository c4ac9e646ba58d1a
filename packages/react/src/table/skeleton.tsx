import type { Labels } from "../labels.js";
import { roles } from "./roles.js";

/** Rows as tall as those that will come, so that nothing moves when they do. */
export function SkeletonRows({ count, labels }: { readonly count: number; readonly labels: Labels }) {
  return Array.from({ length: count }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: these rows have nothing else, and never change places.
    <tr key={index} {...roles.row} className="credits-row credits-skeleton-row" aria-hidden={index > 0}>
      <td {...roles.cell} className="credits-cell credits-cell-date">
        {index === 0 && <span className="credits-hidden">{labels.loading()}</span>}
        <span className="credits-skeleton" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-activity">
        <span className="credits-skeleton credits-title" />
        <span className="credits-skeleton credits-description" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-source">
        <span className="credits-skeleton" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-credits">
        <span className="credits-skeleton" />
      </td>
      <td {...roles.cell} className="credits-cell credits-cell-balance">
        <span className="credits-skeleton" />
      </td>
    </tr>
  ));
}
