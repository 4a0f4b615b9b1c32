// An RTMP player: simple handshake, connect, createStream, play, and the chunk stream (RTMP 1.0, 5.2, 5.3, 7.2).
#define _GNU_SOURCE
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANDSHAKE = 1536, OUR_CHUNK_SIZE = 128 };

static size_t amf_text(uint8_t *out, const char *text, bool marked) {
  size_t length = strlen(text), at = 0;
  if (marked) out[at++] = 2;
  out[at++] = (uint8_t)(length >> 8);
  out[at++] = (uint8_t)length;
  memcpy(out + at, text, length);
  return at + length;
}

static size_t amf_number(uint8_t *out, double value) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  out[0] = 0;
  for (int i = 0; i < 8; i++) out[1 + i] = (uint8_t)(bits >> (56 - 8 * i));
  return 9;
}

static void send_message(struct viewer *v, int chunk_stream, int type, int stream, const uint8_t *body, size_t length) {
  uint8_t out[2048] = {chunk_stream, 0, 0, 0, 0, (uint8_t)(length >> 8), (uint8_t)length, type, stream};
  size_t at = 12;
  for (size_t done = 0; done < length;) {
    size_t part = length - done < OUR_CHUNK_SIZE ? length - done : OUR_CHUNK_SIZE;
    if (done > 0) out[at++] = 0xc0 | chunk_stream;
    memcpy(out + at, body + done, part);
    at += part;
    done += part;
  }
  transmit(v, out, at);
}

static void send_connect(struct viewer *v) {
  uint8_t b[1024];
  char url[512];
  snprintf(url, sizeof url, "rtmp://%s:%d/%s", target.host, target.port, target.app);
  size_t n = amf_text(b, "connect", true);
  n += amf_number(b + n, 1);
  b[n++] = 3;
  n += amf_text(b + n, "app", false);
  n += amf_text(b + n, target.app, true);
  n += amf_text(b + n, "flashVer", false);
  n += amf_text(b + n, "LNX 9,0,124,2", true);
  n += amf_text(b + n, "tcUrl", false);
  n += amf_text(b + n, url, true);
  memcpy(b + n, "\0\0\x09", 3);
  send_message(v, 3, 20, 0, b, n + 3);
}

static void send_create_stream(struct viewer *v) {
  uint8_t b[64];
  size_t n = amf_text(b, "createStream", true);
  n += amf_number(b + n, 2);
  b[n++] = 5;
  send_message(v, 3, 20, 0, b, n);
}

static void send_play(struct viewer *v, int stream) {
  uint8_t b[512];
  size_t n = amf_text(b, "play", true);
  n += amf_number(b + n, 3);
  b[n++] = 5;
  n += amf_text(b + n, target.name, true);
  send_message(v, 8, 20, stream, b, n);
  uint8_t buffer_length[10] = {0, 3, 0, 0, 0, (uint8_t)stream, 0, 0, 0x0b, 0xb8};
  send_message(v, 2, 4, 0, buffer_length, sizeof buffer_length);
}

static double number_at(const uint8_t *b) {
  uint64_t bits = (uint64_t)u32(b) << 32 | u32(b + 4);
  double value;
  memcpy(&value, &bits, 8);
  return value;
}

// _result with its transaction: 1 answers connect, 2 createStream, whose stream id is the number behind a null.
static void result(struct viewer *v, const uint8_t *b, size_t length) {
  if (length < 19) return;
  double transaction = number_at(b + 11);
  if (transaction == 1) send_create_stream(v);
  else if (transaction == 2 && length >= 29) send_play(v, (int)number_at(b + 21));
}

static void command(struct viewer *v, const uint8_t *b, size_t length) {
  if (length > 10 && memcmp(b + 3, "_result", 7) == 0) result(v, b, length);
  else if (length > 9 && memcmp(b + 3, "_error", 6) == 0) fault(v, "the server answered _error", 0, 0);
  else if (memmem(b, length, "NetStream.Play.StreamNotFound", 29)) fault(v, "stream not found", 0, 0);
  else if (memmem(b, length, "NetStream.Play.Failed", 21)) fault(v, "play failed", 0, 0);
}

static void aggregate(struct viewer *v, const uint8_t *b, size_t length) {
  for (size_t at = 0; at + 15 <= length && at + 15 + u24(b + at + 1) <= length; at += 15 + u24(b + at + 1))
    media(v, b[at], u24(b + at + 4) | (uint32_t)b[at + 7] << 24, b + at + 11, u24(b + at + 1));
}

static void message(struct viewer *v, struct chunk_stream *s) {
  const uint8_t *b = s->message.bytes;
  size_t length = s->message.length;
  if (s->type == 1 && length >= 4) v->rtmp->chunk_size = u32(b);
  else if (s->type == 5 && length >= 4) v->ack_window = u32(b);
  else if (s->type == 4 && length >= 6 && u16(b) == 6) send_message(v, 2, 4, 0, (uint8_t[]){0, 7, b[2], b[3], b[4], b[5]}, 6);
  else if (s->type == 20) command(v, b, length);
  else if (s->type == 22) aggregate(v, b, length);
  else if (s->type == 8 || s->type == 9 || s->type == 18) media(v, s->type, s->time, b, length);
  else if (s->type > 6) fault(v, "unknown RTMP message type; type and length", s->type, length);
  if (v->rtmp->chunk_size == 0 || v->rtmp->chunk_size > LARGEST_MESSAGE) fault(v, "chunk size", v->rtmp->chunk_size, 0);
}

static void message_header(struct chunk_stream *s, int format, const uint8_t *b, uint32_t extended) {
  uint32_t time = format < 3 ? u24(b) : 0;
  if (format < 3) s->extended = time == 0xffffff;
  if (s->extended) time = extended;
  if (format < 2) s->length = u24(b + 3), s->type = b[6];
  if (format == 0) s->stream = b[7];
  if (format < 3) s->delta = time;
  s->time = format == 0 ? time : s->time + s->delta;
}

static size_t chunk(struct viewer *v, const uint8_t *b, size_t length) {
  static const size_t header_length[] = {11, 7, 3, 0};
  int format = b[0] >> 6, id = b[0] & 63;
  if (id < 2) fault(v, "a long chunk stream id", id, 0);
  size_t at = 1 + header_length[format];
  if (v->closed || length < at) return 0;
  if (!v->rtmp->streams[id]) v->rtmp->streams[id] = calloc(1, sizeof(struct chunk_stream));
  struct chunk_stream *s = v->rtmp->streams[id];
  bool extended = format < 3 ? u24(b + 1) == 0xffffff : s->extended;
  if (extended && length < at + 4) return 0;
  uint32_t total = format < 2 ? u24(b + 4) : s->length;
  size_t have = s->message.length;
  size_t part = total - have < v->rtmp->chunk_size ? total - have : v->rtmp->chunk_size;
  if (have > 0 && format < 3) fault(v, "a header inside a message; format and bytes missing", format, part);
  at += extended ? 4 : 0;
  if (v->closed || length < at + part) return 0;
  if (have == 0) message_header(s, format, b + 1, extended ? u32(b + at - 4) : 0);
  keep(&s->message, b + at, part);
  if (s->message.length == s->length) {
    message(v, s);
    s->message.length = 0;
  }
  return at + part;
}

static size_t handshake(struct viewer *v, const uint8_t *b, size_t length) {
  if (length < 1 + 2 * HANDSHAKE) return 0;
  if (b[0] != 3) fault(v, "RTMP version", b[0], 0);
  transmit(v, b + 1, HANDSHAKE);
  send_connect(v);
  v->stage = chunk;
  return 1 + 2 * HANDSHAKE;
}

void rtmp_greet(struct viewer *v) {
  uint8_t hello[1 + HANDSHAKE] = {3};
  for (int i = 9; i < 1 + HANDSHAKE; i++) hello[i] = (uint8_t)(i * 31);
  v->rtmp = calloc(1, sizeof *v->rtmp);
  v->rtmp->chunk_size = 128;
  v->stage = handshake;
  transmit(v, hello, sizeof hello);
}

void rtmp_forget(struct viewer *v) {
  for (int i = 0; v->rtmp && i < CHUNK_STREAMS; i++) {
    if (v->rtmp->streams[i]) free(v->rtmp->streams[i]->message.bytes);
    free(v->rtmp->streams[i]);
  }
  free(v->rtmp);
  v->rtmp = NULL;
}

void rtmp_acknowledge(struct viewer *v) {
  if (v->ack_window == 0 || v->received - v->acknowledged < v->ack_window) return;
  v->acknowledged = v->received;
  uint32_t n = (uint32_t)v->received;
  send_message(v, 2, 3, 0, (uint8_t[]){n >> 24, n >> 16, n >> 8, n}, 4);
}
