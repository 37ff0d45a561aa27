/** Puts a member into a set, and lets the set stay for at least these milliseconds, so that it goes when its last member has died. KEYS: the set. ARGV: the member, the milliseconds. */
export const ENROL = `#!lua flags=allow-oom
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {1}
`;

/**
 * Keeps the description of a host for two leases, even in a full server: the host must not look dead. In the second lease it counts as silent. KEYS: the host.
 * ARGV: its description, its running tasks, the milliseconds of a lease.
 */
export const SAY = `#!lua flags=allow-oom
redis.call('HSET', KEYS[1], 'about', ARGV[1], 'runs', ARGV[2], 'lease', ARGV[3])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[3])
return {1}
`;

/** Posts a pool for one lease. KEYS: the pool. ARGV: the milliseconds, then fields with their values. */
export const POST = `#!lua flags=allow-oom
redis.call('HSET', KEYS[1], 'lease', unpack(ARGV))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return {1}
`;

/** Renews a pool; returns 0 if the pool is gone. KEYS: the pool. ARGV: the milliseconds, the number of tasks that wait in the program. */
export const KEEP = `#!lua flags=allow-oom
if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then return {0} end
redis.call('HSET', KEYS[1], 'backlog', ARGV[2])
return {1}
`;

/** Extends a claim if it is still its owner's, even in a full server, where BullMQ's own step fails. KEYS: lock, stalled. ARGV: the claim, the milliseconds, the job. */
export const EXTEND = `#!lua flags=allow-oom
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {0} end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SREM', KEYS[2], ARGV[3])
return {1}
`;
