import { z } from 'zod';
import { list, option, secret } from '../config/values.ts';
import { readRule } from './rule.ts';

const route = z
  .strictObject({
    from: secret().describe('A pattern of streams of this server, or a URL or file.'),
    to: secret().describe('An RTMP URL, or a stream of this server.'),
  })
  .superRefine((text, context) => {
    try {
      readRule(text);
    } catch (error) {
      const message = `{from: app/name, to: rtmp://…} or {from: URL, to: app/name}: ${(error as Error).message}`;
      context.addIssue({ code: 'custom', message });
    }
  });

/** The option `routes` of the configuration. */
export const routesOptions = option(
  list(route),
  [],
  'Streams pushed to other servers and fetched from them: [{from: live/*, to: "rtmp://host/live/"}, {from: URL, to: live/name}]; see docs/routes.md.',
);
