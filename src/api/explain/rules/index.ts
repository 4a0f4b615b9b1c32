import type { Rule } from '../rule.ts';
import { edgeLoss } from './edge-loss.ts';
import { gopTooLong } from './gop-too-long.ts';
import { linkLoss } from './link-loss.ts';
import { linkWithoutUdp } from './link-without-udp.ts';
import { nodeBusy } from './node-busy.ts';
import { nodeFull } from './node-full.ts';
import { oneTrackJumps } from './one-track-jumps.ts';
import { originSilent } from './origin-silent.ts';
import { pictureNotEverywhere } from './picture-not-everywhere.ts';
import { pictureUnplayable } from './picture-unplayable.ts';
import { picturesMissing } from './pictures-missing.ts';
import { publisherGone } from './publisher-gone.ts';
import { publisherSilent } from './publisher-silent.ts';
import { soundApart } from './sound-apart.ts';
import { soundDrifts } from './sound-drifts.ts';
import { soundLength } from './sound-length.ts';
import { soundNotEverywhere } from './sound-not-everywhere.ts';
import { timestampsJump } from './timestamps-jump.ts';
import { uplinkDips } from './uplink-dips.ts';
import { viewersSlow } from './viewers-slow.ts';

/** All that a stream is looked at for. To add a rule, add its file and its line. */
export const RULES: readonly Rule[] = [
  publisherGone,
  publisherSilent,
  originSilent,
  uplinkDips,
  timestampsJump,
  oneTrackJumps,
  soundDrifts,
  soundApart,
  soundLength,
  picturesMissing,
  gopTooLong,
  pictureUnplayable,
  pictureNotEverywhere,
  soundNotEverywhere,
  linkLoss,
  edgeLoss,
  linkWithoutUdp,
  nodeBusy,
  nodeFull,
  viewersSlow,
];
