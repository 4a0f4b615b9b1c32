import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex } from '../../base/bytes.ts';
import { RefusedError } from '../../base/errors.ts';
import { adtsHeaders, MAX_ADTS_PAYLOAD } from './adts.ts';

const written: Record<string, { config: string; length: number; header: string }> = {
  'LC, 44.1 kHz, stereo, as ffmpeg writes it': { config: '1210', length: 365, header: 'fff150802e9ffc' },
  'LC, 48 kHz, mono': { config: '1188', length: 0, header: 'fff14c4000fffc' },
  'Main, 96 kHz, 7.1': { config: '0838', length: MAX_ADTS_PAYLOAD, header: 'fff101c3fffffc' },
  'HE as its core': { config: '2b920800', length: 100, header: 'fff15c800d7ffc' },
};

for (const [what, { config, length, header }] of Object.entries(written))
  test(`${what} gets a header`, () => {
    assert.equal(toHex(adtsHeaders(fromHex(config))(length)), header);
  });

const refused: Record<string, { config: string; reason: RegExp }> = {
  'xHE-AAC': { config: 'f94640', reason: /object type 42/ },
  'a rate without an index': { config: '17801f4010', reason: /sample rate/ },
  'a program config element': {
    config: '1200050808002008840d4c61766335392e33372e31303056e500',
    reason: /channel configuration 0/,
  },
};

for (const [what, { config, reason }] of Object.entries(refused))
  test(`${what} is refused by name`, () => {
    const isRefused = (error: unknown) => error instanceof RefusedError && reason.test(error.message);
    assert.throws(() => adtsHeaders(fromHex(config)), isRefused);
  });
