import { loadEnvFile } from 'node:process';

/** `.env` of the working directory, when there is one; what the environment has already stands. */
export function readEnvFile(): void {
  try {
    loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
