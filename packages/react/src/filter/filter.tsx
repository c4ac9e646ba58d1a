import type { ActivityFilter } from "@credit-activity/client";
import { useId } from "react";
import type { LabelFunctions } from "../labels/labels.js";

const FILTERS: readonly ActivityFilter[] = ["all", "added", "used", "adjustments"];

/** The segmented filter. Native radios bring arrow keys, names and forced colors. */
export function Filter(props: {
  readonly selected: ActivityFilter;
  readonly labels: LabelFunctions;
  readonly onSelect: (filter: ActivityFilter) => void;
}) {
  const { selected, labels, onSelect } = props;
  const name = useId();
  return (
    <fieldset className="credits-filter">
      <legend className="credits-hidden">{labels.filters()}</legend>
      {FILTERS.map((filter) => (
        <label key={filter} className="credits-filter-option">
          <input
            type="radio"
            className="credits-filter-radio"
            name={name}
            value={filter}
            checked={filter === selected}
            onChange={() => onSelect(filter)}
          />
          <span className="credits-filter-label">{labels.filter({ filter })}</span>
        </label>
      ))}
    </fieldset>
  );
}
