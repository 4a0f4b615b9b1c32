// load HOST PORT PROTOCOL APP NAME SAMPLE TICK
//
// PROTOCOL is http-flv, ws-flv or rtmp. Every SAMPLE-th viewer is checked whole. TICK is how many milliseconds pass between
// two rounds of reading: 0 reads at once, more gathers what came meanwhile and costs less.
//
// Reads commands from standard input, answers each of the last three with a line of JSON, and ends with its input:
//   join COUNT RATE   that many viewers more, RATE a second; answers when each has its first key frame or has failed
//   begin             the measurement begins
//   end               what was measured
#define _GNU_SOURCE
#include "load.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_VIEWERS = 65536, READ = 1 << 20, DRAIN = 1 << 30, JOIN_SECONDS = 30 };
static const uint64_t SECOND = 1000000000, STALL = 2 * SECOND;

struct target target;
uint64_t now;

static struct viewer *viewers[MOST_VIEWERS];
static int viewer_count, epoll, sample_every, tick;
static void (*greet)(struct viewer *);
static uint64_t begun_at, faults;
static char first_fault[256];
static struct { int from, count; double rate; uint64_t began; bool open; } batch;

static uint64_t clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * SECOND + t.tv_nsec;
}

void keep(struct buffer *buffer, const uint8_t *bytes, size_t length) {
  if (buffer->length + length > buffer->capacity) {
    buffer->capacity = (buffer->length + length) * 2;
    buffer->bytes = realloc(buffer->bytes, buffer->capacity);
  }
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void drop(struct buffer *buffer, size_t length) {
  buffer->length -= length;
  memmove(buffer->bytes, buffer->bytes + length, buffer->length);
}

void run(struct viewer *v, struct buffer *buffer, stage *next) {
  size_t at = 0, taken = 1;
  while (taken > 0 && at < buffer->length && !v->closed) {
    taken = (*next)(v, buffer->bytes + at, buffer->length - at);
    at += taken;
  }
  drop(buffer, at);
}

static void forget(struct viewer *v) {
  free(v->in.bytes);
  free(v->flv.bytes);
  v->in = v->flv = (struct buffer){0};
  rtmp_forget(v);
}

static void leave(struct viewer *v) {
  if (v->fd < 0) return;
  close(v->fd);
  v->fd = -1;
  forget(v);
}

void fault(struct viewer *v, const char *what, uint64_t a, uint64_t b) {
  faults++;
  if (!first_fault[0]) snprintf(first_fault, sizeof first_fault, "%s (%llu, %llu)", what, (unsigned long long)a, (unsigned long long)b);
  v->closed = true;
}

void transmit(struct viewer *v, const void *bytes, size_t length) {
  // Requests are far smaller than a socket's buffer: a short write means that the peer is gone.
  if (!v->closed && send(v->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) fault(v, "cannot write; errno", errno, 0);
}

static void account(struct viewer *v, size_t length) {
  if (begun_at > 0 && v->last_at > 0) {
    uint64_t gap = now - (v->last_at > begun_at ? v->last_at : begun_at);
    if (gap > v->longest_gap) v->longest_gap = gap;
  }
  v->last_at = now;
  v->bytes += length;
  v->received += length;
  v->arrivals++;
  rtmp_acknowledge(v);
}

static void receive(struct viewer *v) {
  static uint8_t bytes[READ];
  now = clock_now();
  ssize_t length = v->draining ? recv(v->fd, NULL, DRAIN, MSG_TRUNC) : recv(v->fd, bytes, READ, 0);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) fault(v, "the connection was lost; errno", length < 0 ? errno : 0, 0);
  else account(v, length);
  if (!v->closed && !v->draining) {
    keep(&v->in, bytes, length);
    run(v, &v->in, &v->stage);
    v->draining = v->key_at > 0 && !v->sampled;
  }
  if (v->draining) forget(v);
}

static void connect_viewer(void) {
  struct viewer *v = calloc(1, sizeof *v);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(target.port)};
  inet_pton(AF_INET, target.host, &address.sin_addr);
  v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  v->sampled = viewer_count % sample_every == 0;
  v->connected_at = clock_now();
  viewers[viewer_count++] = v;
  // Reset on close, so that ports are free for the next run at once.
  setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
  setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  if (connect(v->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fault(v, "cannot connect; errno", errno, 0);
  else epoll_ctl(epoll, EPOLL_CTL_ADD, v->fd, &(struct epoll_event){.events = EPOLLIN | EPOLLOUT, .data.ptr = v});
}

static void connected(struct viewer *v) {
  v->greeted = true;
  epoll_ctl(epoll, EPOLL_CTL_MOD, v->fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = v});
  greet(v);
}

static int ascending(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void join_report(int failed) {
  uint64_t *times = calloc(batch.count + 1, sizeof *times);
  int count = 0;
  for (int i = batch.from; i < batch.from + batch.count; i++)
    if (viewers[i]->key_at) times[count++] = viewers[i]->key_at - viewers[i]->connected_at;
  qsort(times, count, sizeof *times, ascending);
  double p50 = count ? times[(count - 1) / 2] / 1e6 : -1, p99 = count ? times[(int)(0.99 * (count - 1))] / 1e6 : -1;
  printf("{\"joined\":%d,\"failed\":%d,\"fault\":\"%s\",\"key\":{\"count\":%d,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}}\n", count,
         failed, first_fault, count, p50, p99, count ? times[count - 1] / 1e6 : -1);
  free(times);
  batch.open = false;
}

static void go_on_joining(void) {
  if (!batch.open) return;
  uint64_t passed = clock_now() - batch.began;
  int due = (int)(passed * batch.rate / SECOND) + 1;
  if (due > batch.count) due = batch.count;
  while (viewer_count < batch.from + due) connect_viewer();
  int waiting = 0, failed = 0;
  for (int i = batch.from; i < viewer_count; i++) {
    if (!viewers[i]->key_at && viewers[i]->closed) failed++;
    else if (!viewers[i]->key_at) waiting++;
  }
  bool late = passed > (uint64_t)(batch.count / batch.rate + JOIN_SECONDS) * SECOND;
  if (due == batch.count && (waiting == 0 || late)) join_report(failed + waiting);
}

static void begin(void) {
  begun_at = now = clock_now();
  faults = 0;
  media_begin();
  for (int i = 0; i < viewer_count; i++) viewers[i]->bytes = viewers[i]->arrivals = viewers[i]->longest_gap = 0;
}

static void end(void) {
  uint64_t bytes = 0, least = UINT64_MAX, longest = 0, arrivals = 0, seconds = clock_now() - begun_at;
  int alive = 0, stalls = 0, sampled = 0;
  now = clock_now();
  for (int i = 0; i < viewer_count; i++) {
    struct viewer *v = viewers[i];
    bytes += v->bytes;
    if (v->closed) continue;
    uint64_t open = now - (v->last_at > begun_at ? v->last_at : begun_at);
    uint64_t gap = open > v->longest_gap ? open : v->longest_gap;
    alive++;
    stalls += gap > STALL;
    if (gap > longest) longest = gap;
    if (v->bytes < least) least = v->bytes;
    if (v->sampled) sampled++, arrivals += v->arrivals;
  }
  printf("{\"seconds\":%.3f,\"viewers\":%d,\"lost\":%d,\"bytes\":%llu,\"least\":%llu,", seconds / 1e9, alive,
         viewer_count - alive, (unsigned long long)bytes, (unsigned long long)(alive ? least : 0));
  printf("\"sampled\":%d,\"burst\":%.2f,\"gap\":%.1f,\"stalls\":%d,\"faults\":%llu,\"fault\":\"%s\",", sampled,
         arrivals ? seconds / 1e6 * sampled / arrivals : -1, longest / 1e6, stalls, (unsigned long long)faults, first_fault);
  media_report();
  printf("}\n");
  begun_at = 0;
}

static void command(const char *line) {
  if (sscanf(line, "join %d %lf", &batch.count, &batch.rate) == 2) {
    if (batch.count > MOST_VIEWERS - viewer_count) batch.count = MOST_VIEWERS - viewer_count;
    batch.from = viewer_count;
    batch.began = clock_now();
    batch.open = true;
  } else if (strncmp(line, "begin", 5) == 0) begin();
  else if (strncmp(line, "end", 3) == 0) end();
}

static void commands(void) {
  char lines[1024];
  ssize_t length = read(0, lines, sizeof lines - 1);
  if (length <= 0) exit(0);
  lines[length] = 0;
  for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) command(line);
}

static void dispatch(struct epoll_event *event) {
  struct viewer *v = event->data.ptr;
  if (!v) return commands();
  if (!v->greeted) connected(v);
  else receive(v);
  if (v->closed) leave(v);
}

int main(int count, char **argument) {
  static struct epoll_event events[MOST_VIEWERS];
  if (count != 8) return fprintf(stderr, "usage: load HOST PORT PROTOCOL APP NAME SAMPLE TICK\n"), 2;
  target = (struct target){.host = argument[1], .app = argument[4], .name = argument[5], .port = atoi(argument[2])};
  greet = argument[3][0] == 'h' ? http_greet : argument[3][0] == 'w' ? websocket_greet : rtmp_greet;
  sample_every = atoi(argument[6]);
  tick = atoi(argument[7]);
  setvbuf(stdout, NULL, _IOLBF, 0);
  epoll = epoll_create1(0);
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &(struct epoll_event){.events = EPOLLIN});
  for (;;) {
    int ready = epoll_wait(epoll, events, MOST_VIEWERS, batch.open ? 1 : -1);
    for (int i = 0; i < ready; i++) dispatch(&events[i]);
    go_on_joining();
    if (tick > 0) usleep(tick * 1000);
  }
}
