/** The workbench as a person uses it: keyboard, light bulb, views, webviews. Waits are for what is seen, never for a time. */
import type { FrameLocator, Locator, Page } from "playwright-core";
import { until } from "./until.ts";

const TIMEOUT = 120_000; // a busy machine is no fault

export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(TIMEOUT);
  }

  /** Opens the address of a VS Code host and waits for the files. */
  async open(address: string): Promise<void> {
    await this.page.goto(address);
    await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor();
  }

  /** The window comes back as it was left, so that no particular view can be waited for. */
  async reload(): Promise<void> {
    // The browser's own reload leaves VS Code no time to write down what it remembers.
    const loaded = this.page.waitForEvent("load");
    await this.runCommand("Developer: Reload Window");
    await loaded;
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
  }

  async openFile(name: string): Promise<void> {
    await this.pick("Control+p", "", name);
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.page.locator(".editor-instance .view-line").first().waitFor();
  }

  /** Runs a command by its title in the palette, "Category: Title". */
  async runCommand(title: string): Promise<void> {
    await this.pick("F1", ">", title);
  }

  /**
   * Chooses the first entry that matches. Retried: a workbench that is starting may miss the key, and an open list is not
   * refreshed while extensions are registering.
   */
  private async pick(key: string, prefix: string, text: string): Promise<void> {
    const row = this.page.locator(".quick-input-list .monaco-list-row").first().filter({ hasText: text });
    for (let attempt = 0; attempt < 40; attempt++) {
      await this.page.keyboard.press(key);
      const input = this.page.locator(".quick-input-widget input.input:visible");
      if (!(await appears(input))) continue;
      await input.fill(prefix + text);
      const offered = await appears(row);
      if (offered) {
        await this.page.keyboard.press("Enter");
        await input.waitFor({ state: "hidden" }).catch(() => {}); // a command may ask something else in its place
        return;
      }
      await this.page.keyboard.press("Escape");
    }
    throw new Error(`VS Code does not offer "${text}"`);
  }

  /** What is underlined in the active editor, of whatever severity. */
  squiggles(): Locator {
    return this.page.locator('.editor-instance [class*="squiggly-"]');
  }

  /** What the status bar says of problems. */
  problems(): Locator {
    return this.page.locator('[id="status.problems"] a');
  }

  /** Waits for a problem in the active file and goes to it: it is underlined, and a peek explains it. */
  async goToProblem(): Promise<Locator> {
    const peek = this.page.locator(".marker-widget");
    await until("the file has a problem", async () => {
      await this.activeEditor().focus();
      await this.page.keyboard.press("F8");
      return appears(peek);
    });
    await this.squiggles().first().waitFor();
    return peek;
  }

  /**
   * Closes the peek and opens the light bulb's menu. Retried: the look for a light bulb that VS Code takes by itself, a
   * moment after the cursor has moved, replaces the one that was asked for, and then no menu opens.
   */
  async openQuickFixes(): Promise<Locator> {
    await this.page.keyboard.press("Escape");
    await this.page.locator(".marker-widget").waitFor({ state: "detached" });
    const menu = this.page.locator(".context-view .action-widget").first();
    await until("the quick fixes are offered", async () => {
      await this.activeEditor().focus();
      await this.page.keyboard.press("Control+.");
      return appears(menu, 5000);
    });
    return menu;
  }

  async quickFix(title: string | RegExp): Promise<void> {
    const menu = await this.openQuickFixes();
    await menu.getByText(title).first().click();
    await menu.waitFor({ state: "hidden" });
  }

  /** Brings an open file to the front and puts the keyboard into it. */
  async focusEditor(name: string): Promise<void> {
    await this.page.locator(`.tab[data-resource-name="${name}"]`).click();
    await this.activeEditor().focus();
  }

  private activeEditor(): Locator {
    return this.page.locator(".editor-group-container.active .editor-instance .native-edit-context").first();
  }

  /** Opens a new terminal, types a line and sends it. */
  async typeInTerminal(line: string): Promise<void> {
    await this.runCommand("Terminal: Create New Terminal");
    const input = this.page.locator(".terminal-wrapper.active .xterm-helper-textarea");
    await input.waitFor({ state: "attached" });
    await input.focus();
    await this.page.keyboard.type(line);
    await this.page.keyboard.press("Enter");
  }

  /** Saves the active editor, which must have been changed. */
  async save(): Promise<void> {
    const tab = this.page.locator(".editor-group-container.active .tab.active");
    await tab.and(this.page.locator(".dirty")).waitFor();
    await this.page.keyboard.press("Control+s");
    await tab.and(this.page.locator(":not(.dirty)")).waitFor();
  }

  /**
   * Answers the dialog that asks where to save to: with a path, over what is there if something is, or by leaving it.
   * Gives the path that it had offered.
   */
  async answerSaveDialog(path: string | null): Promise<string> {
    const input = this.page.locator(".quick-input-widget input.input:visible");
    // It lists the folder first, and puts its proposal in when that is done.
    const offered = await until(
      "the dialog offers a path",
      async () => /\.\w+$/.test(await input.inputValue()) && input.inputValue(),
    );
    if (path === null) await this.page.keyboard.press("Escape");
    else
      await until(`the dialog takes ${path}`, async () => {
        if ((await input.inputValue()) !== path) await input.fill(path);
        await this.page.keyboard.press("Enter");
        return input.waitFor({ state: "hidden", timeout: 1500 }).then(
          () => true,
          () => false,
        );
      });
    await input.waitFor({ state: "hidden" });
    return offered;
  }

  notification(text: RegExp): Locator {
    return this.page.locator(".notification-list-item").filter({ hasText: text });
  }

  /** The content of the active webview. */
  webview(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  }

  /** A picture of the window, when what fades in has arrived. */
  async screenshot(path: string): Promise<void> {
    await this.page.evaluate(() => {
      const passing = document.getAnimations().filter((a) => Number.isFinite(a.effect?.getComputedTiming().endTime));
      return Promise.all(passing.map((a) => a.finished.catch(() => {})));
    });
    await this.page.screenshot({ path });
  }
}

/** Whether it is there soon; a person who does not see it tries again. */
function appears(locator: Locator, timeout = 1500): Promise<boolean> {
  return locator.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}
