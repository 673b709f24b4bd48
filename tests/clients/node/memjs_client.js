// memjs, a client that speaks binary, for tests/clients/talk.py.
'use strict';
const memjs = require('memjs');
const { talk } = require('./talk');

const client = memjs.Client.create(`127.0.0.1:${process.argv[2]}`, { timeout: 60, conntimeout: 60, retries: 0 });
const text = (got) => (got.value === null ? null : got.value.toString());
const storing = (verb) => (key, value, ttl) => client[verb](key, value, { expires: ttl });
const counting = (verb) => async (key, by) => {
  const got = await client[verb](key, by, {});
  return got.success ? Number(got.value) : null;
};

talk({
  set: storing('set'),
  add: storing('add'),
  replace: storing('replace'),
  append: (key, value) => client.append(key, value),
  // No prepend: that of 1.3.2 sends an append.
  get: async (key) => text(await client.get(key)),
  delete: (key) => client.delete(key),
  incr: counting('increment'),
  decr: counting('decrement'),
  touch: (key, ttl) => client.touch(key, ttl),
  flush: async () => Object.values(await client.flush()).every((done) => done),
});
