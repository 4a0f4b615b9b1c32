// Checks what a viewer was given: frames carry a stamp with their number, the moment of their writing and a checksum (see clip.ts).
#include "load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AUDIO = 8, VIDEO = 9, UUID = 12, NUMBER = 28, WRITTEN = 36, CHECKSUM = 52, PAYLOAD = 61 };
enum { LONGEST_AUDIO_STEP = 35 }; // milliseconds; a frame of the clip's AAC lasts 21.3

static uint64_t begun_at, frames, holes, damaged, backwards;
static uint32_t *delays; // microseconds
static size_t delay_count, delay_capacity;

static uint64_t hex(const uint8_t *digits, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++) value = value << 4 | (digits[i] <= '9' ? digits[i] - '0' : digits[i] - 'a' + 10);
  return value;
}

static uint32_t checksum(const uint8_t *bytes, size_t length) { // FNV-1a
  uint32_t sum = 2166136261u;
  for (size_t i = 0; i < length; i++) sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

static void note_delay(uint64_t written) {
  if (begun_at == 0 || written < begun_at || now < written) return;
  if (delay_count == delay_capacity) {
    delay_capacity = delay_capacity ? delay_capacity * 2 : 4096;
    delays = realloc(delays, delay_capacity * sizeof *delays);
  }
  delays[delay_count++] = (uint32_t)((now - written) / 1000);
}

static void check_frame(struct viewer *v, const uint8_t *body, size_t length) {
  if (length < PAYLOAD || memcmp(body + UUID, "headwater-bench.", 16) != 0) {
    damaged++;
    fault(v, "a frame without its stamp; length and first byte", length, length ? body[0] : 0);
    return;
  }
  uint32_t number = (uint32_t)hex(body + NUMBER, 8);
  if (v->frame_seen && number != v->next_frame) holes += number - v->next_frame;
  v->frame_seen = true;
  v->next_frame = number + 1;
  frames++;
  if (checksum(body + PAYLOAD, length - PAYLOAD) != hex(body + CHECKSUM, 8)) damaged++;
  note_delay(hex(body + WRITTEN, 16));
}

static void check_time(struct viewer *v, int kind, uint32_t time) {
  int32_t step = (int32_t)(time - v->last_time[kind]);
  if (v->time_seen[kind] && step < 0) backwards++;
  if (v->time_seen[kind] && kind == 0 && step > LONGEST_AUDIO_STEP) holes++;
  v->time_seen[kind] = true;
  v->last_time[kind] = time;
}

void media(struct viewer *v, uint32_t type, uint32_t time, const uint8_t *body, size_t length) {
  bool frame = length > 1 && body[1] == 1;
  if (type == VIDEO && frame && body[0] == 0x17 && v->key_at == 0) v->key_at = now;
  if (!v->sampled || !frame) return;
  if (type == AUDIO || type == VIDEO) check_time(v, type == VIDEO, time);
  if (type == VIDEO) check_frame(v, body, length);
}

void media_begin(void) {
  begun_at = now;
  frames = holes = damaged = backwards = delay_count = 0;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static double percentile(double share) {
  return delay_count ? delays[(size_t)(share * (delay_count - 1))] / 1000.0 : -1;
}

void media_report(void) {
  qsort(delays, delay_count, sizeof *delays, ascending);
  printf("\"frames\":%llu,\"holes\":%llu,\"damaged\":%llu,\"backwards\":%llu,", (unsigned long long)frames,
         (unsigned long long)holes, (unsigned long long)damaged, (unsigned long long)backwards);
  printf("\"delay\":{\"count\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}", delay_count, percentile(0.5),
         percentile(0.99), percentile(1));
}
