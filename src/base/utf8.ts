// Both are in every JavaScript engine, yet no library that pure code may see declares them.
type Coders = {
  TextDecoder: new () => { decode(bytes: Uint8Array): string };
  TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };
};
const coders = globalThis as unknown as Coders;
const decoder = new coders.TextDecoder();
const encoder = new coders.TextEncoder();

/** UTF-8 bytes as text; malformed sequences become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Text as UTF-8 bytes. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}
