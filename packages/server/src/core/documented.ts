import { z } from "zod";

/** The documentation of a schema: the name of its component, and keywords of JSON Schema. */
export interface Documentation {
  /** The name of the component. A schema without one is written where it is used. */
  readonly id?: string;
  readonly description?: string;
  readonly examples?: readonly (string | number)[];
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxProperties?: number;
  /** A schema of what is refused although all fields are valid. */
  readonly not?: object;
}

/** The documentation of the ledger's schemas. An app may share our zod, and with it zod's global registry. */
export const DOCUMENTATION = z.registry<Documentation>();

/** Documents a schema. The result has the same definition, and so the same quick decoder. */
export function documented<S extends z.ZodType>(schema: S, documentation: Documentation): S {
  const copy = schema.clone() as S;
  DOCUMENTATION.add(copy, documentation as never);
  return copy;
}
