import { z } from 'zod';
import type { Exchange } from '../net/http.ts';
import { sendJson } from '../net/http.ts';
import { sendError } from './error.ts';
import type { Services } from './services.ts';

/** A parameter of the query. */
export interface Parameter {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** One thing that the API does: its route, and beside it all that the OpenAPI document tells of it. */
export interface Operation<Answer extends z.ZodObject = z.ZodObject> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As in OpenAPI: `/api/v1/streams/{id}`. */
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  /** Whether anybody may ask, or the operation itself looks who does; else the admin alone may. */
  readonly open?: true | 'decides';
  readonly query?: readonly Parameter[];
  readonly body?: z.ZodObject;
  /** What is around the answer: `code` and who answers, `code` alone, or nothing. */
  readonly envelope: 'node' | 'code' | 'none';
  readonly answer: Answer;
  readonly example: z.output<Answer>;
  /** Why it may fail, by HTTP status, beside what all operations share. */
  readonly errors?: Readonly<Record<number, string>>;
  /** Makes the answer; throws `ApiError` to say no. */
  handle(exchange: Exchange): z.output<Answer> | Promise<z.output<Answer>>;
}

/** Checks that an operation's answers and example fit the schema of its answer. */
export function operation<Answer extends z.ZodObject>(described: Operation<Answer>): Operation {
  return described as unknown as Operation;
}

/** Who answers. */
const nodeEnvelope = z.object({ code: z.literal(0), server: z.string(), service: z.string(), pid: z.string() });

/** The answer that a client sees, envelope included. */
export function wholeAnswer({ envelope, answer }: Operation): z.ZodObject {
  if (envelope === 'none') return answer;
  return envelope === 'node' ? nodeEnvelope.extend(answer.shape) : z.object({ code: z.literal(0), ...answer.shape });
}

/** The pattern of an operation's URLs; as in SRS a slash may stand at the end. */
export function patternOf({ path }: Operation): RegExp {
  const pattern = path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${pattern}/?$`);
}

/** Adds an operation's route. */
export function serveOperation(services: Services, operation: Operation): void {
  const { guard, identity, context } = services;
  const envelope = { none: {}, code: { code: 0 }, node: { code: 0, ...identity } }[operation.envelope];
  context.http.route([operation.method], patternOf(operation), async (exchange) => {
    const { response } = exchange;
    response.setHeader('x-content-type-options', 'nosniff');
    try {
      if (!operation.open) await guard.admit(exchange);
      sendJson(response, 200, { ...envelope, ...(await operation.handle(exchange)) });
    } catch (error) {
      sendError(response, error);
    }
  });
}
