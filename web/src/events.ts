// Server-sent events over fetch: EventSource cannot send the key of a
// conversation in a header.

/**
 * readEvents gives the data of each event to take, and ends when the stream
 * does. alive is called for whatever comes, comments too.
 */
export async function readEvents(body: ReadableStream<Uint8Array>, take: (data: string) => void, alive: () => void): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    rest += decoder.decode(value, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?=.)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length) take(data.join('\n'));
        data = [];
      } else if (line.startsWith('data:')) {
        data.push(line.slice(line[5] === ' ' ? 6 : 5));
      }
    }
  }
}
