// The client `memcached`, which speaks text, for tests/clients/talk.py.
'use strict';
const Memcached = require('memcached');
const { talk } = require('./talk');

const client = new Memcached(`127.0.0.1:${process.argv[2]}`, { timeout: 60000, retries: 0 });
const casIds = {};

function ask(verb, ...args) {
  return new Promise((resolve, reject) => {
    client[verb](...args, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

// What is refused comes as an error that says so.
async function stored(verb, ...args) {
  try {
    return await ask(verb, ...args);
  } catch (error) {
    if (/not stored/i.test(String(error))) return false;
    throw error;
  }
}

async function gets(key) {
  const got = await ask('gets', key);
  if (got === undefined) return null;
  casIds[key] = got.cas;
  return got[key];
}

talk({
  set: (...args) => stored('set', ...args),
  add: (...args) => stored('add', ...args),
  replace: (...args) => stored('replace', ...args),
  append: (...args) => stored('append', ...args),
  prepend: (...args) => stored('prepend', ...args),
  get: (key) => ask('get', key),
  get_multi: (...keys) => ask('getMulti', keys),
  delete: (key) => ask('del', key),
  incr: (key, by) => ask('incr', key, by),
  decr: (key, by) => ask('decr', key, by),
  touch: (key, ttl) => ask('touch', key, ttl),
  gets,
  cas: (key, value, ttl) => ask('cas', key, value, casIds[key], ttl),
  flush: async () => (await ask('flush')).every((done) => done),
  version: async () => (await ask('version'))[0].version,
});
