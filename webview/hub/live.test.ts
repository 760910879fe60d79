import { expect, test, vi } from "vitest";
import { Live } from "./live.ts";

interface Wanted {
  run: string;
  series: string;
  from: number;
  to?: number;
  follows?: boolean;
}

/** A hub that answers when it is told to. */
function asked(rest = 0) {
  const questions: Wanted[] = [];
  const answers: ((answer: string | null) => void)[] = [];
  let changes = 0;
  const live = new Live<Wanted, string>(
    (question) => {
      questions.push(question);
      return new Promise((resolve) => answers.push(resolve));
    },
    () => true,
    () => changes++,
    rest,
  );
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  const answer = async (text: string | null) => {
    answers.shift()!(text);
    await settled();
  };
  return { live, questions, answer, changes: () => changes };
}

const view = (from: number, series = "a"): Wanted => ({ run: "r", series, from });

test("one question is under way, and the last that was wanted is asked next", async () => {
  const { live, questions, answer, changes } = asked();
  for (const from of [1, 2, 3]) live.want(view(from));
  expect(questions).toEqual([view(1)]);
  await answer("one");
  expect([live.answer, live.question, changes()]).toEqual(["one", view(1), 1]);
  expect(questions).toEqual([view(1), view(3)]);
  await answer("three");
  live.want(view(3));
  expect(questions).toHaveLength(2);
  live.outdate();
  expect(questions).toHaveLength(3);
});

test("it is known whether a newer answer will come", async () => {
  const { live, answer } = asked();
  expect(live.isAsking).toBe(false);
  live.want(view(1));
  live.outdate();
  await answer("one");
  expect([live.answer, live.isAsking]).toEqual(["one", true]);
  await answer("one, later");
  expect(live.isAsking).toBe(false);
  live.outdate();
  await answer(null);
  expect(live.isAsking).toBe(false);
});

test("what has expired is asked for once it is known what is wanted next", async () => {
  const { live, questions, answer } = asked();
  live.want(view(1));
  await answer("one");
  live.expire();
  expect([questions, live.isAsking]).toEqual([[view(1)], true]);
  live.want(view(2));
  await answer("two");
  expect([questions, live.isAsking]).toEqual([[view(1), view(2)], false]);
  live.expire();
  live.want(view(2));
  expect(questions).toEqual([view(1), view(2), view(2)]);
});

test("an answer about another series is shown neither before nor after the change", async () => {
  const { live, answer } = asked();
  live.want(view(1));
  await answer("of a");
  live.outdate();
  live.want(view(1, "b"));
  expect(live.answer).toBeNull();
  await answer("of a again");
  expect(live.answer).toBeNull();
  await answer("of b");
  expect(live.answer).toBe("of b");
});

test("the same is not asked again at once where an answer is dear, and another question is", async () => {
  const { live, questions, answer } = asked(200);
  live.want(view(1));
  await answer("one");
  live.outdate();
  expect(questions).toEqual([view(1)]);
  live.want(view(2));
  expect(questions).toEqual([view(1), view(2)]);
  await answer("two");
  live.outdate();
  await vi.waitFor(() => expect(questions).toEqual([view(1), view(2), view(2)]));
});

test("what is dear is not asked again at once because a run that is followed went on", async () => {
  const { live, questions, answer } = asked(200);
  const until = (to: number, follows = true, from = 0): Wanted => ({ ...view(from), to, follows });
  live.want(until(9));
  await answer("nine");
  for (const to of [10, 11]) live.want(until(to));
  expect(questions).toEqual([until(9)]);
  await vi.waitFor(() => expect(questions).toEqual([until(9), until(11)]));
  await answer("eleven");
  live.want(until(11, true, 5));
  await answer("from five");
  live.want(until(8, false, 5));
  await answer("to eight");
  live.want(until(9, false, 5));
  expect(questions.slice(2)).toEqual([until(11, true, 5), until(8, false, 5), until(9, false, 5)]);
});

test("a question that fails leaves the answer that was there", async () => {
  const { live, answer } = asked();
  live.want(view(1));
  await answer("one");
  live.outdate();
  await answer(null);
  expect(live.answer).toBe("one");
});
