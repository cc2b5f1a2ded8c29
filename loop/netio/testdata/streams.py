"""Plays reads on asyncio.StreamReader, each chunk of the input being fed when the reader
waits for it, and prints what they return. streams.txt is the output. Needs Python 3.13.

    python3 streams.py > streams.txt
"""
import asyncio
import json
import random


async def play(limit, chunks, ops):
    """Returns one answer for each op: [kind, ...]."""
    reader = asyncio.StreamReader(limit=limit)
    left = list(chunks)

    async def feed():
        while True:
            await asyncio.sleep(0)
            if reader._waiter is not None and not reader._waiter.done():
                if not left:
                    reader.feed_eof()
                    return
                reader.feed_data(left.pop(0).encode())

    feeder = asyncio.create_task(feed())
    answers = []
    for name, *args in ops:
        try:
            if name == "until":
                v = await reader.readuntil(tuple(s.encode() for s in args))
            elif name == "line":
                v = await reader.readline()
            elif name == "exactly":
                v = await reader.readexactly(*args)
            elif name == "read":
                v = await reader.read(*args)
            elif name == "all":
                v = await reader.read()
            answers.append(["ok", v.decode(), reader.at_eof()])
        except asyncio.IncompleteReadError as e:
            answers.append(["incomplete", e.partial.decode(), -1 if e.expected is None else e.expected, str(e)])
        except asyncio.LimitOverrunError as e:
            answers.append(["overrun", e.consumed, str(e)])
        except ValueError as e:
            answers.append(["value", str(e)])
    feeder.cancel()
    return answers


END = [["all"], ["line"], ["all"]]
BY_HAND = [
    # a separator that is split, at each place
    (9, ["one\r", "\ntwo\r\n"], [["until", "\r\n"], ["until", "\r\n"]]),
    (9, ["aSEP", "ARATORb"], [["until", "SEPARATOR"]]),
    (9, ["a", "S", "E", "P", "b"], [["until", "SEP"]]),
    # a separator longer than the buffer, and than the limit
    (2, ["ab", "SEPARATOR"], [["until", "SEPARATOR"]]),
    (2, ["abcSEPARATOR"], [["until", "SEPARATOR"]]),
    (2, ["SEP"], [["until", "SEPARATOR"]]),
    # the limit, met and exceeded, with the separator there or yet to come
    (4, ["abcd\nrest"], [["until", "\n"]]),
    (4, ["abcde\nrest"], [["until", "\n"], ["until", "\n"], ["exactly", 6]]),
    (4, ["abcd", "e\nrest"], [["until", "\n"], ["line"]]),
    (4, ["abcde", "f\nrest\n"], [["line"], ["line"], ["line"]]),
    (4, ["abcde\nrest\n"], [["line"], ["line"], ["line"]]),
    (4, ["abcdefgh"], [["line"], ["line"]]),
    (1, ["ab", "cd"], [["exactly", 4]]),
    # the end
    (9, ["no newline"], [["line"], ["line"]]),
    (9, ["a\nb"], [["line"], ["line"], ["line"]]),
    (9, [], [["line"], ["until", "x"], ["exactly", 1], ["exactly", 0], ["read", 0], ["read", 5]]),
    (9, ["ab"], [["exactly", 3], ["exactly", 1]]),
    (9, ["ab"], [["exactly", 0], ["read", 0], ["exactly", 2]]),
    (9, ["part\r"], [["until", "\r\n"], ["until", "\r\n"]]),
    # several separators
    (9, ["a\r\nb\nc\rd"], [["until", "\r", "\n", "\r\n"]] * 4),
    (9, ["aXYZb"], [["until", "XYZ", "YZ"]]),
    (9, ["aXY", "Zb"], [["until", "XYZ", "Y"], ["until", "XYZ", "Z"]]),
    (9, ["aXY", "Zb"], [["until", "XYZ", "Q"], ["until", "b", "XYZ"]]),
    (3, ["abcdXYZ"], [["until", "XYZ", "Z"], ["until", "cd", "d"]]),
    (9, ["ab"], [["until", "", "b"], ["until", "b"]]),
]


def programs():
    yield from BY_HAND
    rnd = random.Random(1)
    for _ in range(400):
        chunks = ["".join(rnd.choice("ab\n") for _ in range(rnd.randint(1, 6))) for _ in range(rnd.randint(0, 6))]
        ops = []
        for _ in range(rnd.randint(1, 6)):
            ops.append(rnd.choice([
                ["line"], ["exactly", rnd.randint(0, 7)], ["read", rnd.randint(0, 7)],
                ["until"] + ["".join(rnd.choice("ab\n") for _ in range(rnd.randint(1, 3))) for _ in range(rnd.randint(1, 3))]]))
        yield rnd.randint(1, 8), chunks, ops


for limit, chunks, ops in programs():
    ops = ops + END
    print(json.dumps({"limit": limit, "chunks": chunks, "ops": ops, "answers": asyncio.run(play(limit, chunks, ops))}))
