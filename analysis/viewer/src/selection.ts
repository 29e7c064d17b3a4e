/** Which of the models in the file is shown: all panels follow it. */
export class Selection {
  private listeners: ((index: number) => void)[] = [];
  private chosen = 0;

  constructor(readonly labels: string[]) {}

  get index(): number {
    return this.chosen;
  }

  choose(index: number): void {
    if (index === this.chosen || index < 0 || index >= this.labels.length) return;
    this.chosen = index;
    for (const listener of this.listeners) listener(index);
  }

  onChange(listener: (index: number) => void): void {
    this.listeners.push(listener);
  }
}

/** Only the last of several calls counts, whichever ends first; what goes wrong is told to `fail`. */
export function latest<Argument>(
  work: (argument: Argument) => Promise<() => void>, fail: (error: Error) => void,
): (argument: Argument) => Promise<void> {
  let newest = 0;
  return async (argument) => {
    const mine = ++newest;
    try {
      const show = await work(argument);
      if (mine === newest) show();
    } catch (error) {
      if (mine === newest) fail(error as Error);
    }
  };
}
