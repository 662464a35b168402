import { requireNode } from '../../src/require-node.ts';

/** Tests on another Node than the project's would test something else. */
export default function setup(): void {
  requireNode();
}
