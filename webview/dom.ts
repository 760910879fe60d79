/** Building and patching the page. Text goes in through `textContent` alone, so that no name can become markup. */
type Attributes = Record<string, string | number | boolean | null>;

/** Makes an element; an attribute of `null` or `false` is left out, `true` stands without a value. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children);
  return node;
}

/** These three write only what changed: a live page must not restart selections, tooltips or screen readers. */
export function setText(node: Element, text: string): void {
  if (node.textContent === text) return;
  const [only] = node.childNodes;
  // A text that stays and says something else costs the page less than another one.
  if (only instanceof Text && node.childNodes.length === 1 && text !== "") only.data = text;
  else node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string | number | boolean | null): void {
  if (value === null || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

export function setHidden(node: HTMLElement, hidden: boolean): void {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/** Makes `parent` hold one child an item, reusing those it has. */
export function patchList<T, N extends Element>(
  parent: Element,
  items: readonly T[],
  create: () => N,
  fill: (node: N, item: T, index: number) => void,
): void {
  while (parent.children.length > items.length) parent.lastElementChild!.remove();
  items.forEach((item, i) => {
    const existing = parent.children[i] as N | undefined;
    const node = existing ?? create();
    fill(node, item, i);
    if (!existing) parent.append(node);
  });
}
