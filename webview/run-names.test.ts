import { expect, test } from "vitest";
import { foldersApart, namesBeside, shortened } from "./run-names.ts";

test("runs of one name are told apart by their ids, others keep their names", () => {
  const runs = [
    { id: "0123456789", name: "a.py" },
    { id: "abcdefghij", name: "a.py" },
    { id: "z", name: "b.py" },
  ];
  expect(namesBeside(runs)).toEqual(["a.py (01234567)", "a.py (abcdefgh)", "b.py"]);
});

test("scripts of one name are told apart by the first folder that differs", () => {
  const runs = ["/w/a/src/t.py", "/w/b/src/t.py", "/w/b/src/t.py", "C:\\w\\b\\other\\t.py", null].map((script) => ({
    name: "t.py",
    script,
  }));
  expect(foldersApart(runs)).toEqual(["a", "src", "src", "other", null]);
  expect(foldersApart(runs.slice(0, 3))).toEqual(["a", "b", "b"]);
  expect(foldersApart([...runs.slice(1, 3), { name: "u.py", script: "/w/u.py" }])).toEqual([null, null, null]);
});

test("what all long names begin with is left out, in whole words and never all of a name", () => {
  const names = ["train_language_model.py --size large --lr 0.1", "train_language_model.py --size large --lr 0.01"];
  expect(shortened(names)).toEqual(["…--lr 0.1", "…--lr 0.01"]);
  expect(shortened(["train_language_model.py --lr 0.1", "train_language_model.py "])).toEqual([
    "…language_model.py --lr 0.1",
    "…language_model.py ",
  ]);
  expect(shortened(["train.py --lr 0.1", "train.py --lr 0.2"])).toEqual(["train.py --lr 0.1", "train.py --lr 0.2"]);
  expect(shortened(["a long name that nothing else begins with", "b"])[1]).toBe("b");
});
