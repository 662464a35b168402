import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'vite';
import { listenOnLoopback } from '../../support/listen-on-loopback.ts';
