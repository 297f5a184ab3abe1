// GraphQL over HTTP, by the audits of its specification.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditServer } from 'graphql-http';
import { http } from './server.mjs';

test('every audit of graphql-http passes', async () => {
  const results = await auditServer({ url: http });
  const failed = results.filter(({ status }) => status !== 'ok');
  assert.deepEqual(failed.map(({ id, name, reason }) => ({ id, name, reason })), []);
  assert.equal(results.length, 61);
});
