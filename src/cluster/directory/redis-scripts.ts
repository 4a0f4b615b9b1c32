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

/** KEYS: nodes, beats, draining, rooms. ARGV: prefix, channel, life of records, id, life of nodes, node, then per holding path, token, anchor, segment, discontinuity, ended. */
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
  for _, key in ipairs({ nodes, KEYS[3], KEYS[4] }) do redis.call('HDEL', key, dead) end
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

/** KEYS: nodes, beats, draining. Answers of each node its record, and since when it is to be left ('' if it is not). */
const NODES = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf')
if #ids == 0 then return {} end
local nodes, draining = redis.call('HMGET', KEYS[1], unpack(ids)), redis.call('HMGET', KEYS[3], unpack(ids))
local answer = {}
for i = 1, #ids do
  answer[#answer + 1] = nodes[i] or ''
  answer[#answer + 1] = draining[i] or ''
end
return answer
`;

/** KEYS: draining. ARGV: channel, id, '1' to begin. */
const DRAIN = `
local time = redis.call('TIME')
if ARGV[3] == '1' then redis.call('HSETNX', KEYS[1], ARGV[2], string.format('%.0f', time[1] * 1000000 + time[2]))
else redis.call('HDEL', KEYS[1], ARGV[2]) end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return {}
`;

/** KEYS: rooms, places of the node. ARGV: prefix of tickets, id, room, then tickets that have come. */
const OFFER = `
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
for i = 4, #ARGV do
  if redis.call('ZREM', KEYS[2], ARGV[i]) == 1 then redis.call('DEL', ARGV[1] .. ARGV[i]) end
end
return {}
`;

/**
 * KEYS: rooms, beats. ARGV: prefix of places, prefix of tickets, life of places, then per place ticket and node. Answers whether each
 * is granted, then per node that lives its id, its room and how many places are reserved.
 */
const RESERVE = `
local rooms, beats, places, tickets, life = KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', beats, '(' .. now, '+inf')
local answer, reserved, most = {}, {}, {}
local told = #ids > 0 and redis.call('HMGET', rooms, unpack(ids)) or {}
for i, id in ipairs(ids) do
  redis.call('ZREMRANGEBYSCORE', places .. id, '-inf', now)
  reserved[id] = redis.call('ZCARD', places .. id)
  most[id] = told[i] and tonumber(string.match(told[i], '%S+$')) or 0
end
for i = 4, #ARGV, 2 do
  local ticket, id = ARGV[i], ARGV[i + 1]
  local before = redis.call('GET', tickets .. ticket)
  if reserved[id] and (before == id or reserved[id] < most[id]) then
    if before and before ~= id and redis.call('ZREM', places .. before, ticket) == 1 and reserved[before] then
      reserved[before] = reserved[before] - 1
    end
    redis.call('SET', tickets .. ticket, id, 'PX', life)
    reserved[id] = reserved[id] + redis.call('ZADD', places .. id, now + life, ticket)
    redis.call('PEXPIRE', places .. id, life)
    answer[#answer + 1] = '1'
  else
    answer[#answer + 1] = '0'
  end
end
for i, id in ipairs(ids) do
  if told[i] then
    answer[#answer + 1] = id
    answer[#answer + 1] = told[i]
    answer[#answer + 1] = tostring(reserved[id])
  end
end
return answer
`;

/** By name: the script, and how many of its arguments are keys. */
export const SCRIPTS = {
  headwaterBeat: { lua: BEAT, numberOfKeys: 4 },
  headwaterClaim: { lua: CLAIM, numberOfKeys: 2 },
  headwaterNodes: { lua: NODES, numberOfKeys: 3 },
  headwaterDrain: { lua: DRAIN, numberOfKeys: 1 },
  headwaterOffer: { lua: OFFER, numberOfKeys: 2 },
  headwaterReserve: { lua: RESERVE, numberOfKeys: 2 },
} as const;
