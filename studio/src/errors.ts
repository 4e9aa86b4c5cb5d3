/** What to tell of something that went wrong: errors of the library say what, where and how to mend it. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return String(error);
}
