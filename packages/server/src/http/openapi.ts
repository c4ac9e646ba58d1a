import { z } from "zod";
import { EVENTS_MAX } from "../api/requests.js";
import { problem } from "../api/results.js";
import { DOCUMENTATION, documented } from "../core/documented.js";
import { VERSION } from "../generated/version.js";
import { PROBLEM_TYPE } from "./respond.js";
import { keyHeader, PATH_PARAMS, type RouteDocs } from "./route.js";

const DESCRIPTION = `The ledger behind a credit balance. Lengths of strings count UTF-16 code units. Amounts are decimal strings with at most 6 decimals. Times are RFC 3339 in UTC.

Every POST of a command takes an **Idempotency-Key**. Send one, because without it a request that is sent again counts twice. The same key with the same payload returns the first response (200) and moves nothing. With another payload it is refused (409). A refused command does not use its key up. Errors are problem documents (RFC 9457) with a stable \`code\`.`;

const PROBLEM_MEANINGS: Readonly<Record<number, string>> = {
  400: "The request is not valid",
  401: "The credential is missing or not valid",
  402: "Not enough credits",
  403: "The credential does not allow this",
  404: "Something that the request names does not exist",
  409: "The key belongs to another command, or the hold is closed",
  413: "The request is too large",
  415: "The media type is not supported",
  422: "The ledger can't do this",
  429: "Too many wrong secret keys came from the address",
  503: "Busy, or the database can't be reached. Try again",
};

/** The statuses of problems that every route can have. */
const GATE_PROBLEMS = [429];

/** The options under which zod writes the outside of its schemas: strings where amounts and times are bigints inside. */
const OUTSIDE = {
  io: "input",
  unrepresentable: "any",
  target: "draft-2020-12",
  metadata: DOCUMENTATION,
  override: tidy,
} as const;

/** A schema, and the JSON schema that zod made of it. */
interface Converted {
  readonly zodSchema: z.core.$ZodType;
  readonly jsonSchema: z.core.JSONSchema.BaseSchema;
}

/** Corrects a JSON schema, and leaves out what is true of all JSON. */
function tidy({ zodSchema, jsonSchema }: Converted): void {
  // A Date is a string in JSON.
  if (zodSchema instanceof z.ZodUnion && zodSchema.options.some((option) => option instanceof z.ZodDate)) {
    delete jsonSchema.anyOf;
    jsonSchema.type = "string";
  }
  if (Object.keys(jsonSchema.propertyNames ?? {}).join() === "type") delete jsonSchema.propertyNames;
  if (jsonSchema.type === "integer") {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  }
  // zod leaves out the examples of codecs, because they could be those of the inside.
  const { examples } = DOCUMENTATION.get(zodSchema) ?? {};
  if (examples !== undefined && jsonSchema.$ref === undefined) jsonSchema.examples = [...examples];
}

/** The server, relative to the document, so that the document holds under any base path (OpenAPI 3.1, section 4.8.5). */
const SERVER = { url: ".", description: "The server that has this document." };

const ETAG = {
  ETag: { description: "Stands for this very response.", schema: { type: "string" } },
};

const IF_NONE_MATCH = {
  name: "if-none-match",
  in: "header",
  required: false,
  description:
    "The ETag of a response to the same request. While it holds, the response is 304 without a body.",
  schema: { type: "string" },
};

const IDEMPOTENCY_KEY = {
  name: "idempotency-key",
  in: "header",
  required: false,
  description:
    "The key of the command. Without one the server makes one up, and a repeat is another command.",
  schema: toInline(keyHeader),
};

/** Makes the OpenAPI 3.1 document of routes from the schemas that check their requests and describe their responses. */
export function toDocument(routes: readonly RouteDocs[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    (paths[route.path] as Record<string, object>)[route.method] = toOperation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Credit Activity",
      version: VERSION,
      description: DESCRIPTION,
      license: { name: "Apache-2.0" },
    },
    servers: [SERVER],
    tags: ["Accounts", "Commands", "Holds", "Reading"].map((name) => ({ name })),
    components: {
      securitySchemes: {
        secretKey: {
          type: "http",
          scheme: "bearer",
          description: "A secret key, created with the command line. For your own servers only.",
        },
        accountToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A short-lived token that reads one account and nothing else.",
        },
      },
      schemas: toComponents(),
    },
    paths,
  };
}

function toOperation(route: RouteDocs): object {
  const isRead = route.method === "get";
  const responses: Record<number, object> = {};
  for (const [status, [description, schema]] of Object.entries(route.responses)) {
    const headers = isRead ? { headers: ETAG } : {};
    const content = { "application/json": { schema: toReference(schema) } };
    responses[Number(status)] = { description, ...headers, content };
  }
  if (isRead)
    responses[304] = { description: "The response with one of these ETags still holds", headers: ETAG };
  for (const status of [...route.problems, ...GATE_PROBLEMS]) {
    const content = { [PROBLEM_TYPE]: { schema: toReference(problem) } };
    responses[status] = { description: PROBLEM_MEANINGS[status], content };
  }
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: isRead && !route.isSecret ? [{ secretKey: [] }, { accountToken: [] }] : [{ secretKey: [] }],
    parameters: toParameters(route),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: route.body.isRequired,
            content: Object.fromEntries(
              Object.entries(route.body.content).map(([type, schema]) => [
                type,
                { schema: toReference(schema) },
              ]),
            ),
          },
        }),
    responses,
  };
}

function toParameters({ method, path, query, hasKey = false }: RouteDocs): object[] {
  const names = [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name as string);
  return [
    ...names.map((name) => ({
      name,
      in: "path",
      required: true,
      schema: toInline(PATH_PARAMS[name] as z.ZodType),
    })),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: "query",
      required: !(schema as z.ZodType).safeParse(undefined).success,
      schema: toParameterSchema(schema as z.ZodType),
    })),
    ...(hasKey ? [IDEMPOTENCY_KEY] : []),
    ...(method === "get" ? [IF_NONE_MATCH] : []),
  ];
}

/** Returns the JSON schema of a query's parameter, which can be left out but not be null. */
function toParameterSchema(schema: z.ZodType): object {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable)
    inner = inner.unwrap() as z.ZodType;
  const { id } = DOCUMENTATION.get(inner) ?? {};
  const documentation = DOCUMENTATION.get(schema) ?? {};
  return id === undefined
    ? toInline(documented(inner, documentation))
    : { $ref: toUri(id), description: documentation.description };
}

const toUri = (id: string) => `#/components/schemas/${id}`;

/** Returns all schemas with an id, by their id. They refer to each other. */
function toComponents(): Record<string, object> {
  const { schemas } = z.toJSONSchema(DOCUMENTATION, { ...OUTSIDE, uri: toUri });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIdentity(schema)]));
}

function withoutIdentity({ $schema, $id, ...schema }: Record<string, unknown>): object {
  return schema;
}

/** Returns a reference to a schema with an id, or an array of such as a request may have it. */
function toReference(schema: z.ZodType): object {
  if (schema instanceof z.ZodArray) {
    const items = toReference(schema.element as z.ZodType);
    return { ...toInline(z.array(z.unknown()).min(1).max(EVENTS_MAX)), items };
  }
  const id = DOCUMENTATION.get(schema)?.id;
  if (id === undefined) throw new Error("A schema of the document has no id. Give it one with documented.");
  return { $ref: toUri(id) };
}

/** Returns the JSON schema of a parameter. */
function toInline(schema: z.ZodType): object {
  return withoutIdentity(z.toJSONSchema(schema, OUTSIDE));
}
