import { loadEnvFile } from 'node:process';

/** Reads `.env` of the working directory, if there is one. Variables that the environment has already keep their values. */
export function readEnvFile(): void {
  try {
    loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
