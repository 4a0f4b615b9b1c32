import { flvUrl, hlsUrl, rtmpUrl, type StreamName } from '../urls.ts';
import { CopyLine } from './copy.tsx';

/** The ways to watch a stream outside this page; `query` as the server wants it on each. */
export function Addresses({ stream, tcUrl, query }: { stream: StreamName; tcUrl?: string; query?: string }) {
  return (
    <div class="addresses">
      <CopyLine label="RTMP" text={rtmpUrl(stream, location, tcUrl)} />
      <CopyLine label="HTTP-FLV" text={flvUrl(stream, location, 'http', query)} />
      <CopyLine label="WS-FLV" text={flvUrl(stream, location, 'ws', query)} />
      <CopyLine label="HLS" text={hlsUrl(stream, location, query)} />
    </div>
  );
}
