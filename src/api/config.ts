import { z } from 'zod';
import type { RunningOption } from '../config/running.ts';
import { type Operation, operation } from './operation.ts';
import type { Services } from './services.ts';

const option = z.object({
  name: z.string(),
  value: z.string().describe('As it stands in the file; secrets are ***.'),
  default: z.string(),
  is_default: z.boolean(),
  comment: z.string(),
});

const example: z.output<typeof option> = {
  name: 'play.maxLag',
  value: '5s',
  default: '10s',
  is_default: false,
  comment: 'How far a viewer may fall behind before it goes on at the next key frame.',
};

/** `/api/v1/config` */
export function config({ options }: Services): Operation[] {
  return [
    operation({
      method: 'GET',
      path: '/api/v1/config',
      group: 'Server',
      summary: 'The configuration as it runs: that of the file and the environment, and the defaults of the rest.',
      envelope: 'node',
      answer: z.object({ options: z.array(option) }),
      example: { options: [example] },
      handle: () => ({ options: options().map(describe) }),
    }),
  ];
}

function describe({ fallback, isDefault, ...rest }: RunningOption): z.output<typeof option> {
  return { ...rest, default: fallback, is_default: isDefault };
}
