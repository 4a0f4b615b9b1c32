import type { StreamPath } from '../hub/path.ts';

/** Where another server plays a stream by RTMP. */
export interface Whereabouts {
  readonly host: string;
  readonly port: number;
}

/** Finds a stream elsewhere; `host` is the name by which a player knows this server. Never rejects. */
export type Locator = (path: StreamPath, host: string) => Promise<Whereabouts | undefined>;

/** Who knows where streams are, for players that may go there themselves; modules add what they know. */
export class Locators {
  readonly #locators: Locator[] = [];

  add(locator: Locator): void {
    this.#locators.push(locator);
  }

  /** The first place that anybody knows of; undefined when nobody knows one. */
  async find(path: StreamPath, host: string): Promise<Whereabouts | undefined> {
    const found = this.#locators.map((locate) => locate(path, host).then((place) => place ?? Promise.reject()));
    return Promise.any(found).catch(() => undefined);
  }
}
