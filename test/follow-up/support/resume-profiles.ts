import { ResumeProfileDocument } from '../../../documents/gql/graphql.ts';
import { runDocument } from '../../support/run-document.ts';

/** Resumes the profiles of these SIMs and returns the accepted request. */
export async function resumeProfiles(url: string, accountName: string, iccids: readonly string[]) {
  const devices = iccids.map((id) => ({ deviceIds: [{ kind: 'ICCID' as const, value: id }] }));
  const { resumeProfile: result } = await runDocument(url, ResumeProfileDocument, { input: { accountName, devices } });
  if (result.__typename !== 'ResumeProfileAccepted') throw new Error(JSON.stringify(result));
  return result.request;
}
