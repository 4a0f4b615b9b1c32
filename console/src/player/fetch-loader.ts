import type Mpegts from 'mpegts.js';

/**
 * A loader for mpegts.js that ends its request at once when it is closed. The library's own leaves a request open in
 * Chrome until the next byte arrives: on an interrupted stream it would hold one of the host's six connections.
 */
export function fetchLoader(mpegts: typeof Mpegts): Mpegts.CustomLoaderConstructor {
  const { LoaderStatus, LoaderErrors } = mpegts;

  return class FetchLoader extends mpegts.BaseLoader {
    readonly #abort = new AbortController();

    constructor() {
      super('fetch');
      this._needStash = true;
    }

    override open({ url }: Mpegts.MediaSegment): void {
      this._status = LoaderStatus.kConnecting;
      this.#run(url).catch((error: unknown) => this.#fail(LoaderErrors.EXCEPTION, -1, String(error)));
    }

    override abort(): void {
      this.#abort.abort();
      this._status = LoaderStatus.kIdle;
    }

    override destroy(): void {
      this.abort();
      super.destroy();
    }

    async #run(url: string): Promise<void> {
      const response = await fetch(url, { signal: this.#abort.signal, cache: 'no-store' });
      if (!response.ok || !response.body) {
        return this.#fail(LoaderErrors.HTTP_STATUS_CODE_INVALID, response.status, response.statusText);
      }
      this._status = LoaderStatus.kBuffering;
      const received = await this.#deliver(response.body.getReader());
      this._status = LoaderStatus.kComplete;
      this.onComplete?.(0, received - 1);
    }

    async #deliver(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<number> {
      let received = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return received;
        const start = received;
        received += value.length;
        this.onDataArrival?.(exactBuffer(value), start, received);
      }
    }

    #fail(type: string, code: number, msg: string): void {
      if (this.#abort.signal.aborted) return;
      this._status = LoaderStatus.kError;
      // The library's types take the table of errors for one of its entries.
      this.onError?.(type as unknown as Mpegts.LoaderErrors, { code, msg });
    }
  };
}

function exactBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
}
