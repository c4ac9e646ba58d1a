/** The part of JSON Schema 2020-12 that the document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minimum?: number;
}

export interface Media {
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Record<string, Media> }>
  >;
}

export interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

/** An operation of the document with its method and path. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Lists all operations of a document. */
export function listRoutes(document: Document): Route[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

/** Finds the operation of a request, if the document has it. */
export function findRoute(document: Document, method: string, pathname: string): Route | undefined {
  return listRoutes(document).find(
    (route) =>
      route.method === method &&
      new RegExp(`^${route.path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`).test(pathname),
  );
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$/;

/**
 * Lists the faults of a value, each with its path. It is stricter than JSON Schema: a field that the schema does not name
 * is a fault unless the schema allows other fields.
 */
export function faults(document: Document, schema: Schema, value: unknown, at = "body"): string[] {
  if (schema.$ref !== undefined) return faults(document, resolve(document, schema.$ref), value, at);
  if (schema.allOf !== undefined) return schema.allOf.flatMap((part) => faults(document, part, value, at));
  if (schema.anyOf !== undefined) {
    const tried = schema.anyOf.map((part) => faults(document, part, value, at));
    return tried.some((found) => found.length === 0) ? [] : [`${at} matches no schema of anyOf`];
  }
  if (schema.oneOf !== undefined) {
    const tried = schema.oneOf.map((part) => faults(document, part, value, at));
    const matches = tried.filter((found) => found.length === 0).length;
    return matches === 1 ? [] : [`${at} matches ${matches} schemas of oneOf`];
  }
  const type = typeOf(value);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const fits = types.includes(type) || (type === "integer" && types.includes("number"));
  if (types.length > 0 && !fits) return [`${at} is ${type}, not ${types.join(" or ")}`];
  if (value === null) return [];
  const found: string[] = [];
  if (schema.enum !== undefined && !schema.enum.includes(value)) found.push(`${at} is not one of the enum`);
  if (schema.const !== undefined && schema.const !== value) found.push(`${at} is not ${schema.const}`);
  if (schema.minimum !== undefined && schema.minimum > (value as number))
    found.push(`${at} is below ${schema.minimum}`);
  if (schema.format === "date-time" && !TIME.test(String(value))) found.push(`${at} is not a time`);
  if (type === "array") {
    const items = value as unknown[];
    items.forEach((item, index) => {
      found.push(...faults(document, schema.items ?? {}, item, `${at}.${index}`));
    });
  }
  if (type === "object") found.push(...objectFaults(document, schema, value as Record<string, unknown>, at));
  return found;
}

function objectFaults(
  document: Document,
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  at: string,
): string[] {
  const found = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${at}.${name} is missing`);
  for (const [name, part] of Object.entries(value)) {
    const known = schema.properties?.[name];
    const others = schema.additionalProperties;
    if (known !== undefined) found.push(...faults(document, known, part, `${at}.${name}`));
    else if (typeof others === "object") found.push(...faults(document, others, part, `${at}.${name}`));
    else if (others !== true && Object.keys(schema).length > 0)
      found.push(`${at}.${name} is not in the document`);
  }
  return found;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

/** Returns the schema of a reference. */
export function resolve(document: Document, ref: string): Schema {
  const name = /^#\/components\/schemas\/(.+)$/.exec(ref)?.[1] ?? "";
  const schema = document.components.schemas[name];
  if (schema === undefined) throw new Error(`The document has no ${ref}.`);
  return schema;
}
