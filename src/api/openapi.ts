import { z } from 'zod';
import { type Operation, operation, type Parameter, wholeAnswer } from './operation.ts';

/** What is used of JSON Schema. */
type JsonSchema = Readonly<Record<string, unknown>>;

/** One operation as OpenAPI describes it. */
export interface DescribedOperation {
  readonly tags: readonly [string];
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, readonly []>>[];
  readonly parameters: readonly (Parameter & { readonly in: 'path' | 'query'; readonly required: boolean })[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

/** An OpenAPI 3.1 document, as far as this one goes. */
export interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: { readonly securitySchemes: Readonly<Record<string, JsonSchema>> };
}

type Content = { readonly 'application/json': { readonly schema: JsonSchema; readonly example?: unknown } };

const VERSION = '3.1.1';

const DESCRIPTION = [
  "Paths and fields are those of SRS's HTTP API where it has them.",
  'An answer is JSON with `code` 0; an error has its HTTP status and `{ "code": …, "error": "…" }`.',
  'Beside this there are `/metrics` for Prometheus, `/healthz` and `/readyz`.',
].join(' ');

const SECURITY = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The admin token in the header `Authorization: Bearer …`.' },
  parameter: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'The admin token where a header cannot be sent.',
  },
  cookie: { type: 'apiKey', in: 'cookie', name: 'headwater', description: 'What `POST /api/v1/session` sets.' },
} as const;

const ADMIN_ERRORS = {
  401: 'The admin token is needed.',
  403: 'The admin token is wrong.',
  429: 'There were too many wrong tokens.',
};

const info = { title: 'Headwater', version: '0.1.0', description: DESCRIPTION };

/** `/api/v1/openapi.json`: the document of all operations, this one included. */
export function openapi(document: () => Document): Operation[] {
  const anything = z.record(z.string(), z.unknown());
  return [
    operation({
      method: 'GET',
      path: '/api/v1/openapi.json',
      group: 'Server',
      summary: 'This document.',
      envelope: 'none',
      answer: z.object({ openapi: z.string(), info: anything, paths: anything, components: anything }),
      example: { openapi: VERSION, info, paths: {}, components: {} },
      handle: () => document() as never,
    }),
  ];
}

/** Describes operations. */
export function describeApi(operations: readonly Operation[], version: string): Document {
  const paths: Record<string, Record<string, DescribedOperation>> = {};
  for (const each of operations) (paths[each.path] ??= {})[each.method.toLowerCase()] = describe(each);
  return { openapi: VERSION, info: { ...info, version }, paths, components: { securitySchemes: SECURITY } };
}

function describe(described: Operation): DescribedOperation {
  const { group, summary, open, body } = described;
  return {
    tags: [group],
    summary,
    security: securityOf(open),
    parameters: parametersOf(described),
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: responsesOf(described),
  };
}

/** An empty requirement says that it may be done without. */
function securityOf(open: Operation['open']): DescribedOperation['security'] {
  if (open === true) return [];
  const schemes = Object.keys(SECURITY).map((name) => ({ [name]: [] as const }));
  return open === 'decides' ? [...schemes, {}] : schemes;
}

function parametersOf({ path, query = [] }: Operation): DescribedOperation['parameters'] {
  const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name!);
  const inPath = names.map((name) => ({
    name,
    description: `The ${name} as lists tell it.`,
    schema: { type: 'string' },
  }));
  return [
    ...inPath.map((parameter) => ({ ...parameter, in: 'path' as const, required: true })),
    ...query.map((parameter) => ({ ...parameter, in: 'query' as const, required: false })),
  ];
}

function responsesOf(described: Operation): DescribedOperation['responses'] {
  const { query, open, errors, envelope } = described;
  const code = envelope === 'none' ? {} : { code: 0 };
  const node = envelope === 'node' ? { server: 'vid-0xk989d', service: '382a6890', pid: '1902' } : {};
  const shared = { ...(query && { 400: 'A parameter is not as described.' }), ...(open !== true && ADMIN_ERRORS) };
  const failures = Object.entries({ ...shared, ...errors }).map(([status, description]) => [status, { description }]);
  const content = json(wholeAnswer(described), { ...code, ...node, ...described.example });
  return { 200: { description: 'Done.', content }, ...Object.fromEntries(failures) };
}

function json(schema: z.ZodObject, example?: unknown): Content {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { override: ({ jsonSchema }) => trim(jsonSchema) });
  return { 'application/json': { schema: plain, ...(example !== undefined && { example }) } };
}

/** Clients must bear new fields, and learn nothing from the limit of what a number can be. */
function trim(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}
