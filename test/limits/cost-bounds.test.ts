import { test } from 'vitest';
import { checkCostBounds } from './support/cost-bounds.ts';

test('whatever is asked, no operation produces more objects than its cost', () => checkCostBounds(250));
