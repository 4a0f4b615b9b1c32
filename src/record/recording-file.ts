import { concat } from '../base/bytes.ts';
import { encodeUtf8 } from '../base/utf8.ts';
import { Contents } from './contents.ts';
import type { Disk, DiskFile } from './disk.ts';
import { type End, fragmentOf, type Gap, type Header, manifestLine } from './manifest.ts';
import { MANIFEST, PART } from './places.ts';
import { completeOpening } from './seal.ts';
import type { Piece } from './wire/piece.ts';

/** How often another name is tried where a file is there already. */
const MOST_NAMES = 100;

/** A recording that is being written: its file, whose name ends in `.part` until it is finished, and its manifest. */
export class RecordingFile {
  /** The name that it will have. */
  readonly file: string;
  readonly header: Header;
  /** What can be read of it. */
  readonly contents: Contents;
  readonly #disk: Disk;
  readonly #media: DiskFile;
  readonly #manifest: DiskFile;

  private constructor(disk: Disk, file: string, header: Header, media: DiskFile, manifest: DiskFile) {
    this.file = file;
    this.header = header;
    this.#disk = disk;
    this.#media = media;
    this.#manifest = manifest;
    this.contents = new Contents(header);
  }

  /** Makes both files; the name is another one where `name` is in use. */
  static async create(
    disk: Disk,
    name: { readonly base: string; readonly extension: string },
    header: Header,
    opening: Uint8Array,
  ): Promise<RecordingFile> {
    for (let i = 1; ; i++) {
      const file = `${name.base}${i > 1 ? `-${i}` : ''}${name.extension}`;
      const created = await tryCreate(disk, file).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST' || i === MOST_NAMES) throw error;
        return undefined;
      });
      if (!created) continue;
      const recording = new RecordingFile(disk, file, header, created.media, created.manifest);
      try {
        await recording.#begin(opening);
        return recording;
      } catch (error) {
        await recording.discard();
        throw error;
      }
    }
  }

  /** How much of it can be read, in bytes. */
  get size(): number {
    return this.contents.size;
  }

  async append(pieces: readonly Piece[]): Promise<void> {
    let at = this.size;
    const fragments = pieces.map((piece) => {
      const fragment = fragmentOf(piece, at);
      at += fragment.size;
      return fragment;
    });
    await this.#media.append(concat(pieces.map(({ bytes }) => bytes)));
    await this.#manifest.append(encodeUtf8(fragments.map(manifestLine).join('')));
    for (const fragment of fragments) this.contents.add(fragment);
  }

  async note(gap: Gap): Promise<void> {
    await this.#manifest.append(encodeUtf8(manifestLine(gap)));
    this.contents.note(gap);
  }

  async sync(): Promise<void> {
    await this.#media.sync();
    await this.#manifest.sync();
  }

  /** Completes it and gives it its name. */
  async finish(): Promise<End> {
    const opening = await completeOpening(this.#media, this.header, this.contents);
    const end: End = { ...this.contents.end('done'), ...(opening && { opening }) };
    await this.#media.sync();
    await this.#manifest.append(encodeUtf8(manifestLine(end)));
    await this.#manifest.sync();
    await this.#close();
    await this.#disk.rename(this.file + PART, this.file);
    return end;
  }

  /** Lets go of it as it is. Never rejects. */
  async abandon(): Promise<void> {
    await this.#close().catch(() => {});
  }

  /** Lets go of it and removes it, as far as the disk allows. Never rejects. */
  async discard(): Promise<void> {
    await this.abandon();
    await this.#disk.remove(this.file + PART).catch(() => {});
    await this.#disk.remove(this.file + MANIFEST).catch(() => {});
  }

  async #begin(opening: Uint8Array): Promise<void> {
    if (opening.length > 0) await this.#media.append(opening);
    await this.#manifest.append(encodeUtf8(manifestLine(this.header)));
    await this.sync();
  }

  async #close(): Promise<void> {
    await Promise.all([this.#media.close(), this.#manifest.close()]);
  }
}

async function tryCreate(disk: Disk, file: string): Promise<{ media: DiskFile; manifest: DiskFile }> {
  if (await disk.exists(file)) throw Object.assign(new Error(`${file} is there`), { code: 'EEXIST' });
  const manifest = await disk.create(file + MANIFEST);
  try {
    return { media: await disk.create(file + PART), manifest };
  } catch (error) {
    await manifest.close().catch(() => {});
    await disk.remove(file + MANIFEST).catch(() => {});
    throw error;
  }
}
