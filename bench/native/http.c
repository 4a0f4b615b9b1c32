// HTTP-FLV, plain or in chunked coding (RFC 9112, 7.1), and FLV over WebSocket (RFC 6455, 5.2).
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_HEAD = 16384, LONGEST_SIZE_LINE = 20 };

static void flv_bytes(struct viewer *v, const uint8_t *bytes, size_t length) {
  stage tags = flv_tags;
  keep(&v->flv, bytes, length);
  run(v, &v->flv, &tags);
}

static size_t chunked_body(struct viewer *v, const uint8_t *b, size_t length) {
  if (v->chunk_left > 2) {
    size_t part = length < v->chunk_left - 2 ? length : v->chunk_left - 2;
    flv_bytes(v, b, part);
    v->chunk_left -= part;
    return part;
  }
  if (v->chunk_left > 0) { // the line end behind the data
    if (length < 2) return 0;
    if (memcmp(b, "\r\n", 2) != 0) fault(v, "a chunk without its line end", b[0], b[1]);
    v->chunk_left = 0;
    return 2;
  }
  const uint8_t *end = memmem(b, length, "\r\n", 2);
  if (!end) {
    if (length > LONGEST_SIZE_LINE) fault(v, "no chunk size", u32(b), length);
    return 0;
  }
  v->chunk_left = strtoul((const char *)b, NULL, 16) + 2;
  return end + 2 - b;
}

static size_t websocket_frame(struct viewer *v, const uint8_t *b, size_t length) {
  if (length < 10) return 0; // the smallest FLV tag is longer than the largest header of an unmasked frame
  uint64_t size = b[1] & 0x7f;
  size_t head = 2;
  if (size == 126) head = 4, size = u16(b + 2);
  else if (size == 127) head = 10, size = (uint64_t)u32(b + 2) << 32 | u32(b + 6);
  if ((b[1] & 0x80) || (b[0] & 0x70) || size > LARGEST_MESSAGE) fault(v, "no plain WebSocket frame", b[0], size);
  if (v->closed || length < head + size) return 0;
  uint32_t opcode = b[0] & 0x0f;
  if (opcode == 2 || opcode == 0) flv_bytes(v, b + head, size);
  else if (opcode == 8) fault(v, "closed by the server; code", size >= 2 ? u16(b + head) : 0, 0);
  return head + size;
}

static size_t answer(struct viewer *v, const uint8_t *b, size_t length) {
  const uint8_t *end = memmem(b, length, "\r\n\r\n", 4);
  if (!end) {
    if (length > LONGEST_HEAD) fault(v, "no end of the HTTP head", length, 0);
    return 0;
  }
  size_t head = end + 4 - b;
  int status = length > 12 ? atoi((const char *)b + 9) : 0;
  if (status != 200 && status != 101) fault(v, "HTTP status", status, 0);
  bool chunked = memmem(b, head, "chunked", 7) != NULL;
  v->stage = status == 101 ? websocket_frame : chunked ? chunked_body : flv_tags;
  return head;
}

static void ask(struct viewer *v, const char *upgrade) {
  char request[1024];
  int length = snprintf(request, sizeof request, "GET /%s/%s.flv HTTP/1.1\r\nHost: %s:%d\r\n%s\r\n", target.app, target.name,
                        target.host, target.port, upgrade);
  v->stage = answer;
  transmit(v, request, length);
}

void http_greet(struct viewer *v) { ask(v, "Accept: */*\r\n"); }

void websocket_greet(struct viewer *v) {
  ask(v, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGVhZHdhdGVyLWJlbmNoLg==\r\n");
}
