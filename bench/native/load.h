// The viewers of the bench: thousands of sockets in one process, as cheap as can be, of which some are read to the last byte.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHUNK_STREAMS = 64, LARGEST_MESSAGE = 1 << 24 };

struct buffer {
  uint8_t *bytes;
  size_t length, capacity;
};

struct chunk_stream {
  uint32_t time, delta, length, type, stream;
  bool extended;
  struct buffer message;
};

struct rtmp {
  struct chunk_stream *streams[CHUNK_STREAMS];
  uint32_t chunk_size;
  bool playing;
};

struct viewer;

// Takes bytes off the front of what has arrived. Returns how many; 0 asks for more, after which it sees the same bytes again.
typedef size_t (*stage)(struct viewer *, const uint8_t *bytes, size_t length);

struct viewer {
  int fd;
  // Every message is parsed and checked; the others are parsed up to their first key frame and only counted from there.
  bool sampled;
  bool draining, closed, greeted, stream_header_seen;
  stage stage;
  struct buffer in, flv;
  struct rtmp *rtmp;
  uint64_t chunk_left; // of HTTP's chunked coding
  uint32_t ack_window;
  uint64_t acknowledged, received;
  uint64_t connected_at, key_at, last_at, longest_gap; // nanoseconds of CLOCK_MONOTONIC
  uint64_t bytes, arrivals;                            // since the measurement began
  bool frame_seen;
  uint32_t next_frame, last_time[2];
  bool time_seen[2];
};

struct target {
  const char *host, *app, *name;
  int port;
};
extern struct target target;

// The moment at which the bytes now being parsed were read.
extern uint64_t now;

// load.c
void transmit(struct viewer *, const void *bytes, size_t length);
void fault(struct viewer *, const char *what, uint64_t a, uint64_t b);
void keep(struct buffer *, const uint8_t *bytes, size_t length);
void drop(struct buffer *, size_t length);
void run(struct viewer *, struct buffer *, stage *);

// media.c: one FLV tag body or RTMP message of a kind that carries media.
void media(struct viewer *, uint32_t type, uint32_t time, const uint8_t *body, size_t length);
void media_begin(void);
void media_report(void);

// flv.c, http.c, rtmp.c: what a viewer says first, and the stage that reads the answer.
size_t flv_tags(struct viewer *, const uint8_t *bytes, size_t length);
void http_greet(struct viewer *);
void websocket_greet(struct viewer *);
void rtmp_greet(struct viewer *);
void rtmp_forget(struct viewer *);
void rtmp_acknowledge(struct viewer *);

static inline uint32_t u16(const uint8_t *b) { return (uint32_t)b[0] << 8 | b[1]; }
static inline uint32_t u24(const uint8_t *b) { return (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2]; }
static inline uint32_t u32(const uint8_t *b) { return (uint32_t)b[0] << 24 | u24(b + 1); }
