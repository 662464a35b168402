// `fetch` for Apollo's HttpLink, for urql's Client and for Relay. It asks again when the gateway has too much to do.

/** With Retry-After a 503 (OVERLOADED) or 429 (RATE_LIMITED) says that nothing was run, so a mutation may be sent again as well. */
export async function patientFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  for (let attemptsLeft = 10; ; attemptsLeft--) {
    const answer = await fetch(input, init);
    const seconds = answer.headers.get('retry-after');
    const isBusy = answer.status === 503 || answer.status === 429;
    if (!isBusy || seconds === null || attemptsLeft === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
  }
}
