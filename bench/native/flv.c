// FLV framing: header, tags, and the size of the previous tag behind each (Adobe FLV 10.1, E.2 to E.4).
#include "load.h"
#include <string.h>

enum { FILE_HEADER = 9 + 4, TAG_HEADER = 11, TRAILER = 4 };

static size_t header(struct viewer *v, const uint8_t *b, size_t length) {
  if (length < FILE_HEADER) return 0;
  if (memcmp(b, "FLV\1", 4) != 0 || u32(b + 5) != 9 || u32(b + 9) != 0) fault(v, "no FLV header", u32(b), u32(b + 5));
  v->stream_header_seen = true;
  return FILE_HEADER;
}

size_t flv_tags(struct viewer *v, const uint8_t *b, size_t length) {
  if (!v->stream_header_seen) return header(v, b, length);
  if (length < TAG_HEADER) return 0;
  uint32_t type = b[0], size = u24(b + 1);
  if ((type != 8 && type != 9 && type != 18) || u24(b + 8) != 0) fault(v, "no FLV tag; type and stream", type, u24(b + 8));
  size_t whole = TAG_HEADER + size + TRAILER;
  if (length < whole || v->closed) return 0;
  uint32_t previous = u32(b + TAG_HEADER + size);
  if (previous != TAG_HEADER + size) fault(v, "PreviousTagSize is wrong; found and expected", previous, TAG_HEADER + size);
  media(v, type, u24(b + 4) | (uint32_t)b[7] << 24, b + TAG_HEADER, size);
  return whole;
}
