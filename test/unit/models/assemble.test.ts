import fc from "fast-check";
import { expect, test } from "vitest";
import { CallAssembler, type CallDelta } from "../../../agent/models/assemble.ts";

interface Call {
  name: string;
  args: string;
}

/** How a provider may stream: each of these was seen in the wild. */
interface Style {
  index: "right" | "none" | "zero";
  ids: boolean;
  nameAgain: boolean;
}

const calls = fc.array(
  fc.record({
    name: fc.stringMatching(/^[a-z_]{1,12}$/),
    args: fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }).map((args) => JSON.stringify(args)),
  }),
  { minLength: 1, maxLength: 5 },
);
const styles = fc.record({
  index: fc.constantFrom("right" as const, "none" as const, "zero" as const),
  ids: fc.boolean(),
  nameAgain: fc.boolean(),
});

function pieces(call: Call, at: number, style: Style, cuts: number[]): CallDelta[] {
  const ends = [...new Set(cuts.map((cut) => cut % (call.args.length + 1)))].sort((a, b) => a - b);
  const parts = [0, ...ends]
    .map((from, part) => call.args.slice(from, ends[part] ?? call.args.length))
    .filter(Boolean);
  return parts.map((args, part) => ({
    ...(style.index === "none" ? {} : { index: style.index === "zero" ? 0 : at }),
    ...(style.ids && (part === 0 || style.nameAgain) ? { id: `id${at}` } : {}),
    function: { ...(part === 0 || style.nameAgain ? { name: call.name } : {}), arguments: args },
  }));
}

function assembled(deltas: CallDelta[][]): Call[] {
  const assembler = new CallAssembler();
  for (const group of deltas) assembler.push(group);
  let made = 0;
  return assembler.calls(() => `made${made++}`).map(({ name, arguments: args }) => ({ name, args }));
}

test("puts any calls together, however they are cut, numbered, named and grouped", () => {
  fc.assert(
    fc.property(
      calls,
      styles,
      fc.infiniteStream(fc.nat({ max: 300 })),
      fc.integer({ min: 1, max: 4 }),
      (given, style, random, size) => {
        const deltas = given.flatMap((call, at) => pieces(call, at, style, [...random.take(3)]));
        const groups = Array.from({ length: Math.ceil(deltas.length / size) }, (_, at) =>
          deltas.slice(at * size, (at + 1) * size),
        );
        expect(assembled(groups)).toEqual(given);
      },
    ),
  );
});

test("keeps interleaved calls apart by their number", () => {
  fc.assert(
    fc.property(calls, (given) => {
      const heads = given.map((call, index) => ({
        index,
        id: `id${index}`,
        function: { name: call.name, arguments: "" },
      }));
      const longest = Math.max(...given.map(({ args }) => args.length));
      const letters = Array.from({ length: longest }, (_, at) =>
        given.flatMap(({ args }, index) =>
          args[at] === undefined ? [] : [{ index, function: { arguments: args[at] } }],
        ),
      );
      expect(assembled([heads, ...letters])).toEqual(given);
    }),
  );
});

test("never gives one id to two calls", () => {
  const assembler = new CallAssembler();
  const call = (index: number) => ({ index, id: "same", function: { name: "a", arguments: "{}" } });
  assembler.push([call(0), call(1), { index: 2, function: { name: "b", arguments: "{}" } }]);
  let made = 0;
  expect(assembler.calls(() => `made${made++}`).map(({ id }) => id)).toEqual(["same", "made0", "made1"]);
});

test("makes one call of pieces that each carry a new id", () => {
  expect(
    assembled([
      [{ index: 0, id: "x1", function: { name: "a", arguments: '{"p":' } }],
      [{ index: 0, id: "x2", function: { arguments: "1}" } }],
    ]),
  ).toEqual([{ name: "a", args: '{"p":1}' }]);
});

test("takes a call without arguments as one with none, and arguments that come as an object", () => {
  expect(
    assembled([
      [
        { index: 0, function: { name: "list" } },
        { index: 1, function: { name: "read", arguments: { path: "a" } } },
      ],
    ]),
  ).toEqual([
    { name: "list", args: "{}" },
    { name: "read", args: '{"path":"a"}' },
  ]);
});

test("leaves malformed arguments as the model wrote them", () => {
  expect(assembled([[{ index: 0, function: { name: "read", arguments: '{"path": ' } }]])).toEqual([
    { name: "read", args: '{"path": ' },
  ]);
});

test("keeps calls apart by their ids where all have number 0 and no arguments", () => {
  const call = (id: string) => ({ index: 0, id, function: { name: "list", arguments: "" } });
  expect(assembled([[call("a"), call("b")]])).toEqual([
    { name: "list", args: "{}" },
    { name: "list", args: "{}" },
  ]);
});
