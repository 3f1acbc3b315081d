import assert from 'node:assert/strict';
import { test } from 'node:test';
import { banner } from './banner.js';

test('banner', () => assert.equal(banner('80'), 'storefront on port 80'));
