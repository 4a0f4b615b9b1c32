import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clip } from '../support/clips.ts';
import { runNginx } from '../support/nginx.ts';
import { edgeOf, startOrigin } from '../support/nodes.ts';
import { PacedPublisher } from '../support/paced.ts';
import { allGet, publisher } from '../support/publish.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { needs } from '../support/tools.ts';
import type { Owner } from '../support/until.ts';
import { PLAIN_OUTPUTS, watch } from '../support/watch.ts';

const CONNECTED = 'connected to an origin';
const CLIP_LENGTH = 4000;
const { tags } = await clip('movie');
const STRICT = { access: { publishKey: 'of-the-origin', loopback: 'like-others' } };
