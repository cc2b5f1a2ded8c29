"""Plays the scenarios of readers_test.go on asyncio and prints the traces, which
readers.txt records. Each line is the turn of the loop and what happened in it.

    python3 readers.py > readers.txt
"""
import asyncio
import os
import socket


class Play:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda _, c: self.say("handler", str(c["exception"])))
        self.turn = 0
        self.lines = []
        self.fds = []

    def say(self, *words):
        self.lines.append(" ".join([str(self.turn), *map(str, words)]))

    def pipe(self, data=b""):
        r, w = os.pipe()
        for fd in (r, w):
            os.set_blocking(fd, False)
            self.fds.append(fd)
        os.write(w, data)
        return r, w

    def pair(self, data=b""):
        a, b = socket.socketpair()
        for s in (a, b):
            s.setblocking(False)
            self.fds.append(s.detach())
        a, b = self.fds[-2:]
        os.write(b, data)
        return a, b

    def take(self, name, fd):
        self.say(name, os.read(fd, 1).decode() or "EOF")

    def run(self, turns):
        def tick():  # the first callback of each turn
            self.turn += 1
            if self.turn == turns:
                self.loop.stop()
            else:
                self.loop.call_soon(tick)
        self.loop.call_soon(tick)
        self.loop.run_forever()


def level(p):
    """A reader is called in each turn while there is something, after what was scheduled before."""
    r, w = p.pipe(b"abc")

    def read():
        p.take("read", r)
        p.loop.call_soon(p.say, "soon")
    p.loop.add_reader(r, read)
    p.run(7)
    os.write(w, b"d")
    p.say("write")
    p.run(9)


def end(p):
    """The end of a pipe is readable for ever."""
    r, w = p.pipe()
    os.close(w)
    p.fds.remove(w)
    p.loop.add_reader(r, lambda: p.take("read", r))
    p.run(4)


def broken(p):
    """A pipe without a reader is writable."""
    r, w = p.pipe()
    os.close(r)
    p.fds.remove(r)

    def write():
        try:
            os.write(w, b"x")
        except OSError:
            p.say("broken")
    p.loop.add_writer(w, write)
    p.run(3)


def replace(p):
    """The last function given is the one called."""
    r, w = p.pipe(b"ab")
    p.loop.add_reader(r, lambda: p.say("first"))
    p.loop.add_reader(r, lambda: p.take("second", r))
    p.run(5)


def remove(p):
    """A function removes itself."""
    r, w = p.pipe(b"abc")

    def read():
        p.take("read", r)
        p.say(p.loop.remove_reader(r), p.loop.remove_reader(r), p.loop.remove_writer(r))
    p.loop.add_reader(r, read)
    p.run(4)
    p.loop.add_reader(r, read)
    p.run(8)


def other(p):
    """Of two functions that are due, the first removes the second."""
    a, _ = p.pipe(b"a")
    b, _ = p.pipe(b"b")
    for mine, yours in ((a, b), (b, a)):
        p.loop.add_reader(mine, lambda mine=mine, yours=yours: p.say("read", p.loop.remove_reader(yours)))
    p.run(4)


def renew(p):
    """Of two functions that are due, the first replaces the second: the new one waits for the next turn."""
    a, b = p.pair(b"a")

    def read():
        p.say("read")
        p.loop.add_writer(a, lambda: p.say("new"))
        p.loop.remove_reader(a)
    p.loop.add_reader(a, read)
    p.loop.add_writer(a, lambda: p.say("old"))
    p.run(4)


def both(p):
    """The reader of a descriptor comes before its writer."""
    a, b = p.pair(b"ab")
    p.loop.add_writer(a, lambda: p.say("write"))
    p.loop.add_reader(a, lambda: p.take("read", a))
    p.run(5)
    p.say(p.loop.remove_writer(a))
    p.run(7)
    os.write(b, b"c")
    p.run(10)


def late(p):
    """A writer that comes after the descriptor was heard as writable."""
    a, b = p.pair(b"a")
    p.loop.add_reader(a, lambda: p.take("read", a))
    p.run(4)
    p.loop.add_writer(a, lambda: p.say("write"))
    p.run(6)


def fails(p):
    """A function that fails is called again."""
    r, w = p.pipe(b"a")

    def read():
        raise Exception("boom")
    p.loop.add_reader(r, read)
    p.run(4)


def closed(p):
    """A closed loop has no functions."""
    r, w = p.pipe(b"a")
    p.loop.add_reader(r, lambda: None)
    p.loop.close()
    p.say(p.loop.remove_reader(r))
    try:
        p.loop.add_reader(r, lambda: None)
    except RuntimeError:
        p.say("refused")


for scenario in (level, end, broken, replace, remove, other, renew, both, late, fails, closed):
    p = Play()
    scenario(p)
    if not p.loop.is_closed():
        p.loop.close()
    for fd in p.fds:
        os.close(fd)
    print(scenario.__name__ + ":", *p.lines, sep="\n")
