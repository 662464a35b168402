import { test } from 'vitest';
import { checkCostBounds } from './support/cost-bounds.ts';

test('no operation of many thousands produces more objects than its cost', { timeout: 300_000 }, () => checkCostBounds(8_000));
