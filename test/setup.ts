/** Runs before each test file, also where files share what they import. */
import { afterAll } from 'vitest';
import { removeTemporaryDirs } from './temporary-dir.ts';

afterAll(removeTemporaryDirs);
