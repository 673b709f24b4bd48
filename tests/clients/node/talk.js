// The other end of tests/clients/talk.py: a call per line of stdin, its result per line of stdout, in JSON.
'use strict';
const readline = require('readline');

// Answers with `calls`, an object of functions by verb that return promises, one call at a time.
exports.talk = async function (calls) {
  console.log(JSON.stringify(Object.keys(calls).sort()));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [verb, ...args] = JSON.parse(line);
    let result;
    try {
      result = await calls[verb](...args);
    } catch (error) {
      result = { error: String(error) };
    }
    console.log(JSON.stringify(result === undefined ? null : result));
  }
  process.exit(0);
};
