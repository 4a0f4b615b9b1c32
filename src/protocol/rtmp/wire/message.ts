/** One RTMP message, put together from its chunks or yet to be cut into chunks. */
export interface RtmpMessage {
  readonly chunkStreamId: number;
  /** See {@link MessageType}; any byte is possible. */
  readonly type: number;
  /** The stream within the connection; 0 is the connection itself. */
  readonly streamId: number;
  /** Milliseconds, unsigned 32 bits: it wraps after 49.7 days. */
  readonly timestamp: number;
  /** Owned by the message: whoever gets the message may keep it. */
  readonly payload: Uint8Array;
}

/** The message types (RTMP 1.0, 5.4, 6.2 and 7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** The chunk streams on which we send; peers may use any. Chunk stream 2 is prescribed for control (RTMP 1.0, 5.4). */
export const ChunkStreamId = { control: 2, command: 3, data: 4, status: 5, video: 6, audio: 7 } as const;

/** Whether a message carries audio or video, alone or bundled: these may be large. */
export function isMedia(type: number): boolean {
  return type === MessageType.audio || type === MessageType.video || type === MessageType.aggregate;
}
