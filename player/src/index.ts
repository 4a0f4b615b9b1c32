export type { Line } from './line.ts';
export { canPlay, Player, type PlayerOptions } from './player.ts';
export type { PlayerState } from './policy.ts';
export type { PlayerStats } from './stats.ts';
