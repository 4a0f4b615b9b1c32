/**
 * The steps of the directory that write, in Lua, so that Redis takes each as a whole. They do what `memory.ts` does; the keys
 * are described in docs/internals/directory.md. Tokens are numbers of 53 bits, which Lua's are good for, and stay texts outside
 * of comparisons.
 */

/** A stream's record gets a token and an owner ('' for none), and whoever listens is told. */
const WRITE = `
local function write(key, life, channel, path, token, node)
  redis.call('HSET', key, 'token', token, 'node', node)
  redis.call('EXPIRE', key, life)
  redis.call('PUBLISH', channel, path .. ' ' .. token .. ' ' .. node)
end
local function alive(beats, id)
  local time = redis.call('TIME')
  local until_ = redis.call('ZSCORE', beats, id)
  return until_ and tonumber(until_) > time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** KEYS: nodes, beats. ARGV: prefix, channel, life of records, id, life of nodes, node, then per holding path, token, anchor, segment, discontinuity, ended. */
const BEAT = `${WRITE}
local nodes, beats = KEYS[1], KEYS[2]
local prefix, channel, life, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local isNew = not alive(beats, id)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', nodes, id, ARGV[6])
redis.call('ZADD', beats, now + ARGV[5], id)
if isNew then redis.call('PUBLISH', channel, id) end
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', beats, '-inf', now - life * 1000, 'LIMIT', 0, 10)) do
  redis.call('ZREM', beats, dead)
  redis.call('HDEL', nodes, dead)
end
local answer = { isNew and '1' or '0' }
for i = 7, #ARGV, 6 do
  local path, token, anchor, segment, discontinuity, ended = unpack(ARGV, i, i + 5)
  local key = prefix .. path
  local there = redis.call('HMGET', key, 'token', 'node', 'anchor', 'segment', 'discontinuity')
  local present, ours = tonumber(there[1] or '-1'), there[2] == id
  if present >= tonumber(token) and not ours then
    if ended == '' then
      for _, value in ipairs({ path, there[1], there[2], there[3] or '', there[4] or '', there[5] or '' }) do
        answer[#answer + 1] = value
      end
    end
  elseif present <= tonumber(token) then
    if ended ~= '' then
      redis.call('HDEL', key, 'anchor', 'segment', 'discontinuity')
      write(key, life, channel, path, token, '')
    else
      if not ours then write(key, life, channel, path, token, id)
      elseif present < tonumber(token) then redis.call('HSET', key, 'token', token) end
      if (there[3] or '') ~= anchor or (there[4] or '') ~= segment or (there[5] or '') ~= discontinuity then
        redis.call('HSET', key, 'anchor', anchor, 'segment', segment, 'discontinuity', discontinuity)
      end
      if redis.call('TTL', key) < life / 2 then redis.call('EXPIRE', key, life) end
    end
  end
end
return answer
`;

/** KEYS: stream, beats. ARGV: channel, life of records, path, id, greatest token seen, mark, marks, token that may be replaced. */
const CLAIM = `${WRITE}
local key, beats = KEYS[1], KEYS[2]
local channel, life, path, id, seen, over = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[8]
local there = redis.call('HMGET', key, 'token', 'node', 'anchor', 'segment', 'discontinuity')
local owner = there[2] or ''
if owner ~= '' and owner ~= id and there[1] ~= over then
  return { 'held', there[1], owner, there[3] or '', there[4] or '', there[5] or '', alive(beats, owner) and '1' or '0' }
end
local time = redis.call('TIME')
local token = math.max(time[1] * 1000000 + time[2], tonumber(there[1] or '0') + 1, seen + 1)
token = string.format('%.0f', token + (ARGV[6] - token % ARGV[7] + ARGV[7]) % ARGV[7])
write(key, life, channel, path, token, id)
return { 'granted', token, id, there[3] or '', there[4] or '', there[5] or '', there[1] and '1' or '0' }
`;

/** KEYS: nodes, beats. */
const NODES = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf')
if #ids == 0 then return {} end
return redis.call('HMGET', KEYS[1], unpack(ids))
`;

/** By name: the script, and how many of its arguments are keys. */
export const SCRIPTS = {
  headwaterBeat: { lua: BEAT, numberOfKeys: 2 },
  headwaterClaim: { lua: CLAIM, numberOfKeys: 2 },
  headwaterNodes: { lua: NODES, numberOfKeys: 2 },
} as const;
