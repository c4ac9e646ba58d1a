import { micros } from "../../core/amount.js";
import { fromSignedOriginal, toSignedOriginal } from "../../core/charge.js";
import type { RowFacts } from "../../core/entry.js";
import type { Discounted, Facts, Metadata, Quantities, Source } from "../../core/facts.js";
import { sortedJson } from "../../core/json.js";
import { type Column, within } from "./columns.js";

/** The columns that a source is kept in. */
export interface SourceColumns {
  source_type: string | null;
  source_id: string | null;
  source_label: string | null;
}

/** The columns that the dimensions are kept in, by id. Their labels have a table for themselves. */
export interface DimensionColumns {
  project: string | null;
  member: string | null;
  task: string | null;
}

/** The columns of the facts that activity rows have too, as the port returns them. */
export interface RowFactColumns extends SourceColumns, DimensionColumns {
  description: string | null;
  /** It has the sign of the credits: usage is negative. */
  original_credits: bigint | null;
}

/** The columns that facts are kept in, as the port returns them. */
export interface FactColumns extends RowFactColumns {
  price: string | null;
  quantities: Quantities | null;
  estimated: boolean | null;
  cost: bigint | null;
  /** Null or empty where there is none. */
  metadata: Metadata | null;
  private_metadata: Metadata | null;
}

/** The columns of a source. */
export const SOURCE_COLUMNS: readonly Column<Source | null>[] = [
  { name: "source_type", array: "text", value: (source) => (source === null ? null : source.type) },
  { name: "source_id", array: "text", value: (source) => (source === null ? null : source.id) },
  { name: "source_label", array: "text", value: (source) => (source === null ? null : source.label) },
];

/** The columns of the facts that activity rows have too. */
export const ROW_FACT_COLUMNS: readonly Column<RowFacts & Discounted>[] = [
  { name: "description", array: "text", value: ({ description }) => description },
  ...within(SOURCE_COLUMNS, ({ source }: RowFacts) => source),
  { name: "project", array: "text", value: ({ project }) => (project === null ? null : project.id) },
  { name: "member", array: "text", value: ({ member }) => (member === null ? null : member.id) },
  { name: "task", array: "text", value: ({ task }) => (task === null ? null : task.id) },
  { name: "original_credits", array: "bigint", value: toSignedOriginal },
];

/** The columns of facts. */
export const FACT_COLUMNS: readonly Column<Facts>[] = [
  ...ROW_FACT_COLUMNS,
  { name: "price", array: "text", value: ({ price }) => price },
  {
    name: "quantities",
    array: "text",
    cast: "jsonb",
    value: ({ quantities }) => (quantities === null ? null : sortedJson(quantities)),
  },
  { name: "estimated", array: "boolean", value: ({ estimated }) => estimated },
  { name: "cost", array: "bigint", value: ({ cost }) => cost },
  {
    name: "metadata",
    array: "text",
    cast: "jsonb",
    value: ({ metadata }) => (metadata === null ? null : sortedJson(metadata)),
  },
  {
    name: "private_metadata",
    array: "text",
    cast: "jsonb",
    value: ({ privateMetadata }) => (privateMetadata === null ? null : sortedJson(privateMetadata)),
  },
];

/** Returns the facts of an activity row in their columns. */
export function fromRowFactColumns(columns: RowFactColumns): RowFacts & Discounted {
  return {
    description: columns.description,
    source: fromSourceColumns(columns),
    ...fromDimensionColumns(columns),
    ...fromSignedOriginal(columns.original_credits),
  };
}

/** Returns the facts in their columns. */
export function fromFactColumns(columns: FactColumns): Facts {
  return {
    ...fromRowFactColumns(columns),
    price: columns.price,
    quantities: columns.quantities,
    estimated: columns.estimated,
    cost: columns.cost === null ? null : micros(columns.cost),
    metadata: Object.keys(columns.metadata ?? {}).length === 0 ? null : columns.metadata,
    privateMetadata: columns.private_metadata,
  };
}

/** Returns the source in its columns. */
export function fromSourceColumns(columns: SourceColumns): Source | null {
  if (columns.source_type === null) return null;
  return { type: columns.source_type, id: columns.source_id, label: columns.source_label ?? "" };
}

/** Returns the dimensions in their columns. */
export function fromDimensionColumns({ project, member, task }: DimensionColumns) {
  return { project: toDimension(project), member: toDimension(member), task: toDimension(task) };
}

const toDimension = (id: string | null) => (id === null ? null : { id, label: null });
