"""Plays the scripts named on standard input to aiohttp; see README.md."""
import asyncio, json, sys
from importlib.metadata import version

import aiohttp

LIMIT = 1  # s: silence


def fields(pairs):
    return [[k.hex(), v.hex()] for k, v in pairs]


async def ask(session, method, url):
    data = b"ping" if method == "POST" else None
    try:
        async with session.request(method, url, data=data) as r:
            body = await r.read()
            return {"status": r.status, "body": body.hex(), "fields": fields(r.raw_headers), "trailers": []}
    except asyncio.TimeoutError:
        return {"error": "timeout"}
    except Exception as e:
        return {"error": "error", "why": repr(e)}


async def play(case, gate):
    async with gate:
        limit = aiohttp.ClientTimeout(total=LIMIT)
        async with aiohttp.ClientSession(timeout=limit) as session:
            said = await ask(session, case["method"], case["url"])
            said["name"] = case["name"]
            if case["next"]:
                await asyncio.sleep(0.05)  # what is on its way arrives
                said["next"] = await ask(session, "GET", case["next"])
            return said


async def main():
    gate = asyncio.Semaphore(64)
    plays = await asyncio.gather(*(play(c, gate) for c in json.load(sys.stdin)))
    json.dump({"version": "aiohttp " + version("aiohttp"), "plays": plays}, sys.stdout)


asyncio.run(main())
