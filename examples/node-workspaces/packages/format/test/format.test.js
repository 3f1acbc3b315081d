import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line } from '@example/format';

test('line', () => assert.equal(line(new Date(0), 'hello'), '1970-01-01 hello'));
