/** Notebooks as Jupyter writes them. A cell that starts with `# %%` is Markdown. */
export function ipynb(cells: readonly string[], metadata: object = { language_info: { name: "python" } }): string {
  const written = cells.map((text) => {
    const source = text.split(/(?<=\n)/);
    return text.startsWith("# %%")
      ? { cell_type: "markdown", metadata: {}, source }
      : { cell_type: "code", execution_count: null, metadata: {}, outputs: [], source };
  });
  return `${JSON.stringify({ cells: written, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}

export function sourcesOf(text: string): string[] {
  return (JSON.parse(text).cells as { source: string | string[] }[]).map(({ source }) => [source].flat().join(""));
}
