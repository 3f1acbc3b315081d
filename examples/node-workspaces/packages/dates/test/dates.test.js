import assert from 'node:assert/strict';
import { test } from 'node:test';
import { day } from '@example/dates';

test('day', () => assert.equal(day(new Date(0)), '1970-01-01'));
