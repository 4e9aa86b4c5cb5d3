/** The message of what a function throws or rejects with; the test fails when it does neither. */
export async function messageOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error("nothing was thrown");
}
