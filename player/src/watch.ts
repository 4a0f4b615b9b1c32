import type { Wish } from './dispatch.ts';
import { Entry } from './entry.ts';
import { Junction } from './junction.ts';
import type { Line } from './line.ts';
import { OPENERS } from './openers.ts';
import { type Failure, isRefusal, type PlayerState, stateAfter } from './policy.ts';
import type { Verdict } from './progress.ts';
import { Roster } from './roster.ts';
import { Screen } from './screen.ts';
import { Meter, type PlayerStats, readStats } from './stats.ts';
import { SUSPICIOUS, Suspicion } from './suspicion.ts';
import { stallsTooOften } from './trials.ts';

/** What one hears of a {@link Watch}. */
export interface WatchEvents {
  /** How it stands; `codec` is what the browser cannot play. It is over with a state from which it does not return by itself. */
  state(state: PlayerState, codec?: string): void;
  /** Lines, line or figures are others than before. */
  changed(): void;
}

/** In milliseconds. */
const TICK = 50;
const TICKS_PER_REPORT = 5;
/** A line that was opened and does not come into play is given up. */
const LONGEST_OPENING = 8_000;
/** A line that has played for so long works; stalls only count from then on. */
const PROVEN = 5_000;
/** So often in a row a line may be refused: what is signed may have expired, and new lines are signed anew. */
const MOST_REFUSALS = 2;

/** One viewer's watching of a stream, from the wish to the end: finds a line, goes over to others, returns after failures. */
export class Watch {
  readonly #video: HTMLVideoElement;
  readonly #events: WatchEvents;
  readonly #roster: Roster;
  readonly #junction: Junction;
  readonly #screen: Screen;
  readonly #suspicion = new Suspicion();
  readonly #meter = new Meter(performance.now());
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #entry: Entry;
  #ticks = 0;
  #refusals = 0;
  #switches = -1;
  #hasPlayed = false;
  #failure: Failure | undefined;
  #joinedAt = 0;

  /** Begins at once. */
  constructor(video: HTMLVideoElement, wish: Wish, events: WatchEvents) {
    this.#video = video;
    this.#events = events;
    this.#roster = new Roster(wish, { changed: () => events.changed(), move: (line) => this.go(line) });
    this.#screen = new Screen(video, {
      failed: (failure) => this.#screenFailed(failure),
      stalled: () => this.#stalled(),
      blocked: () => events.state('paused'),
    });
    this.#junction = new Junction(
      (line, told) => OPENERS.get(line.protocol)!(line, told),
      () => performance.now(),
      {
        frames: (frames) => this.#screen.write(frames),
        joined: (line) => this.#joined(line),
        anew: () => this.#screen.anew(),
        bytes: (count) => this.#meter.add(count),
        failed: (line, failure) => this.#lineFailed(line, failure),
      },
    );
    this.#entry = new Entry(this.#roster, {
      open: (line) => this.#open(line),
      none: (failure) => (this.#failure = failure),
      refused: () => events.state('refused'),
    });
    this.#ticker = setInterval(() => this.#tick(), TICK);
  }

  get lines(): readonly Line[] {
    return this.#roster.lines;
  }

  /** The line that plays. */
  get line(): Line | undefined {
    return this.#junction.line;
  }

  /** The line that is about to take over. */
  get next(): Line | undefined {
    return this.#junction.next;
  }

  get hasVideo(): boolean {
    return this.#screen.hasVideo;
  }

  get stats(): PlayerStats {
    const { experience, ahead: delay } = this.#screen;
    const kbps = this.#meter.read(performance.now());
    return readStats(this.#video, experience, { kbps, delay, switches: Math.max(0, this.#switches) });
  }

  /** Goes over to a line; one that is left without another one to play goes on with whatever works. */
  go(line: Line): void {
    this.#suspicion.drop();
    if (line.id === this.line?.id) this.#junction.drop();
    else if (OPENERS.has(line.protocol)) this.#open(line);
    this.#events.changed();
  }

  /** Asks for the lines as they are now. */
  refresh(): void {
    void this.#roster.ask('look');
  }

  close(): void {
    this.#entry.close();
    clearInterval(this.#ticker);
    this.#roster.close();
    this.#junction.close();
    this.#screen.close();
  }

  #open(line: Line): void {
    this.#entry.cancel();
    this.#junction.go(line);
  }

  #joined(line: Line): void {
    this.#failure = undefined;
    this.#refusals = 0;
    this.#switches++;
    this.#joinedAt = performance.now();
    const dead = this.#suspicion.settle();
    if (dead) this.#roster.failed(dead);
    this.#roster.plays(line);
    this.#events.changed();
  }

  #lineFailed(line: Line, failure: Failure): void {
    if (failure.kind === 'unsupported') return this.#events.state('unsupported', failure.codec);
    this.#roster.failed(line);
    this.#events.changed();
    if (isRefusal(failure) && ++this.#refusals >= MOST_REFUSALS && !this.line) return this.#events.state('refused');
    if (this.next) this.#junction.look(this.#screen.ahead);
    else if (!this.line) this.#goOn(failure);
  }

  /** Nothing plays: goes to another line at once, or where all have failed to any in a while. */
  #goOn(failure: Failure): void {
    const line = this.#roster.best();
    if (line) return this.#open(line);
    this.#failure = failure;
    this.#entry.again();
  }

  #screenFailed(failure: Failure): void {
    if (failure.kind === 'unsupported') return this.#events.state('unsupported', failure.codec);
    const { line } = this;
    this.#junction.close();
    this.#screen.anew();
    if (line) this.#roster.failed(line);
    this.#goOn(failure);
  }

  #stalled(): void {
    const { line } = this;
    if (!line || this.next) return;
    const { moments } = this.#screen.experience;
    const ofLine = moments.filter((at) => at > this.#joinedAt + PROVEN);
    if (!stallsTooOften(ofLine, performance.now()) || this.#junction.silence > SUSPICIOUS) return;
    const other = this.#roster.best(line);
    this.#roster.failed(line);
    if (other) this.go(other);
  }

  #tick(): void {
    const verdict = this.#screen.look(this.#junction.needed);
    this.#junction.look(this.#screen.ahead);
    this.#suspect();
    if (this.#ticks++ % TICKS_PER_REPORT === 0) this.#events.changed();
    this.#judge(verdict);
  }

  /** Tries another line beside one that is silent, and gives up one that does not come into play. */
  #suspect(): void {
    const { line, next } = this;
    const now = performance.now();
    if (line && !next && now - this.#joinedAt > PROVEN) this.#roster.worked(line);
    if (next && this.#junction.waiting > LONGEST_OPENING) this.#giveUp(next);
    if (!line || next) return;
    const other = this.#suspicion.look(line, this.#junction.silence, now, () => this.#roster.best(line));
    if (other) this.#open(other);
  }

  /** Where the one that plays is as silent, it is no fault of the other one. */
  #giveUp(next: Line): void {
    this.#junction.drop();
    this.#suspicion.drop();
    if (this.line && this.#junction.silence > SUSPICIOUS) return;
    this.#lineFailed(next, { kind: 'network' });
  }

  #judge(verdict: Verdict): void {
    if (verdict === 'playing') return this.#playing();
    if (!this.#hasPlayed && this.#failure) return this.#events.state(stateAfter(this.#failure, false));
    if (verdict === 'starting' || document.hidden) return; // a browser may rest a hidden video
    if (this.#hasPlayed && this.#video.paused)
      this.#events.state('paused'); // by a media key, say
    else if (verdict === 'stuck') this.#screenFailed({ kind: 'media' });
    else this.#events.state(this.#stateNow());
  }

  #playing(): void {
    this.#hasPlayed = true;
    this.#entry.succeeded();
    this.#events.state('playing');
  }

  #stateNow(): PlayerState {
    if (!this.line && this.#failure) return stateAfter(this.#failure, this.#hasPlayed);
    return this.#hasPlayed ? 'interrupted' : 'waiting';
  }
}
