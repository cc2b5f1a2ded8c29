"""Plays the cases of cases_test.go on asyncio and prints what becomes of them, which
cases.txt records.

    python3 cases.py > cases.txt
"""
import asyncio
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT

ENDLESS = "exec sleep 100000"


async def shell(command, **options):
    return await asyncio.create_subprocess_shell(command, **options)


def say(*words):
    print(*words)


async def codes():
    for command in ("exit 0", "exit 3", "exit 255", "kill -9 $$", "kill -TERM $$", "no-such-command 2>/dev/null"):
        p = await shell(command)
        say(command, p.returncode, await p.wait(), p.returncode)


async def communicate():
    p = await shell("cat; echo done >&2", stdin=PIPE, stdout=PIPE, stderr=PIPE)
    out, err = await p.communicate(b"x" * 300000)
    say(len(out), err.decode().strip(), p.returncode)


async def nothing():
    p = await shell("cat", stdin=PIPE, stdout=PIPE)
    out, err = await p.communicate(b"")
    say(len(out), err, p.returncode)


async def unread():
    p = await shell("echo no; exit 4", stdin=PIPE, stdout=PIPE)
    out, _ = await p.communicate(b"x" * 300000)
    say(out.decode().strip(), p.returncode)


async def merged():
    p = await shell("echo out; echo err >&2", stdin=DEVNULL, stdout=PIPE, stderr=STDOUT)
    out, err = await p.communicate()
    say(out.decode().split(), err, p.stderr)


async def broken():
    p = await shell("exit 0", stdin=PIPE)
    await p.wait()
    try:
        for _ in range(2):
            p.stdin.write(b"x")
            await p.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        say("broken")


async def cancelled():
    p = await shell(ENDLESS)
    for wait in (p.wait, p.communicate):
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            say("cancelled", p.returncode)
    p.kill()
    p.kill()
    say(await p.wait())


async def signals():
    p = await shell(ENDLESS)
    p.send_signal(signal.SIGHUP)
    say(await p.wait())
    for send in (p.kill, p.terminate):
        try:
            send()
        except ProcessLookupError:
            say("gone")


async def missing():
    try:
        await asyncio.create_subprocess_exec("no-such-program")
    except FileNotFoundError:
        say("not found")
    try:
        await asyncio.create_subprocess_exec("/etc/passwd")
    except PermissionError:
        say("not permitted")


async def unwaited():
    p = await shell("exit 5")
    while p.returncode is None:
        await asyncio.sleep(0.001)
    say(p.returncode)


async def together():
    p = await shell("read line; exit 6", stdin=PIPE)
    waits = [asyncio.create_task(p.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    p.stdin.close()
    say(await asyncio.gather(*waits))


async def main():
    for case in (codes, communicate, nothing, unread, merged, broken, cancelled, signals, missing, unwaited, together):
        say(case.__name__ + ":")
        await case()


asyncio.run(main())
