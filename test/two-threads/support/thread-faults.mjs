// Loaded into each thread of a gateway by NODE_OPTIONS. The main thread does on SIGUSR2 what THREAD_FAULT says.
import { existsSync } from 'node:fs';
import { isMainThread, threadId } from 'node:worker_threads';

const { THREAD_FAULT: fault, THREAD_FAULT_END: end = '' } = process.env;
const channel = new BroadcastChannel('thread-faults');
channel.unref();

function blockMain() {
  process.stderr.write('main thread: busy\n');
  while (!existsSync(end));
}

function fillMemory() {
  process.stderr.write('main thread: busy\n');
  const kept = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, () => threadId));
}

if (isMainThread) {
  process.on('SIGUSR2', () => {
    if (fault === 'MAIN_IS_BUSY') blockMain();
    else if (fault === 'MAIN_FILLS_MEMORY') fillMemory();
    else channel.postMessage(fault);
    if (fault === 'BOTH_FAIL') blockMain();
  });
} else {
  channel.onmessage = ({ data }) => {
    if (data === 'INTAKE_STOPS') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    if (data === 'INTAKE_THROWS' || data === 'BOTH_FAIL') throw new Error('a planted fault of the intake');
    if (data === 'INTAKE_EXITS') process.exit(0);
  };
}
