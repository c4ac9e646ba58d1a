import type { LabelFunctions } from "../labels/labels.js";
import { roles } from "./roles.js";

/** Placeholder rows with the height of real rows, so that the layout stays. */
export function SkeletonRows({ count, labels }: { readonly count: number; readonly labels: LabelFunctions }) {
  return Array.from({ length: count }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no other key, and keep their order.
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
