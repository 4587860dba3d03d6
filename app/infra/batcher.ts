/**
 * Questions that arrive while others are being answered share the next statement. At most `maxUnderWay` statements run
 * at once, of up to `maxBatch` questions each. `answer` gives the answers in the order of their questions (none where
 * there is nothing to tell); when it fails, each of its questions fails.
 */
export function createBatcher<Question, Answer>(options: {
  maxUnderWay: number;
  maxBatch: number;
  answer: (batch: readonly Question[]) => Promise<readonly Answer[]>;
}): { ask: (question: Question) => Promise<Answer> } {
  const { maxUnderWay, maxBatch, answer } = options;
  type Waiting = { question: Question; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  const queue: Waiting[] = [];
  let underWay = 0;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, maxBatch);
      try {
        const answers = await answer(batch.map(({ question }) => question));
        // Where an answer may be missing, `Answer` says so.
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    underWay--;
  }

  return {
    ask: (question) =>
      new Promise((resolve, reject) => {
        queue.push({ question, resolve, reject });
        if (underWay === maxUnderWay) return;
        underWay++;
        // Not at once: what else the sockets have brought by now comes along.
        setImmediate(() => void drain());
      }),
  };
}
