"""Brings asyncio of Python 3.11 / 3.12 to the behaviour of a later version.

Only what the scenario language can observe.  Every difference below was found
by reading the sources and by differential runs against native interpreters.
On an interpreter that has the wanted behaviour nothing here is used.
"""
import asyncio
import collections
import sys
from asyncio import exceptions, locks, taskgroups, tasks

PY = sys.version_info[:2]


def hold_call_soon(loop, match, f):
    """Run f(); return (its value, the call_soon()s it made whose callback
    satisfies match, which were held back)."""
    held = []
    orig = loop.call_soon

    def call_soon(cb, *args, context=None):
        if match(cb):
            held.append((cb, args, context))
            return None
        return orig(cb, *args, context=context)
    loop.call_soon = call_soon
    try:
        r = f()
    finally:
        del loop.call_soon
    return r, held


# ---- 3.11 -> 3.12

def gather(loop, aws, rx):
    """3.12 accounts for children that are already done inside gather();
    before, their done callbacks go through call_soon."""
    if PY >= (3, 12) or not aws:
        return asyncio.gather(*aws, return_exceptions=rx)
    fut, held = hold_call_soon(
        loop, lambda cb: getattr(cb, '__qualname__', '') == 'gather.<locals>._done_callback',
        lambda: asyncio.gather(*aws, return_exceptions=rx))
    for cb, args, _ in held:
        cb(*args)
    return fut


async def wait_for(aw, timeout):
    """Since 3.12: timeout() around a plain await, in the caller's task."""
    if PY >= (3, 12):
        return await asyncio.wait_for(aw, timeout)
    if timeout is not None and timeout <= 0:
        fut = asyncio.ensure_future(aw)
        if fut.done():
            return fut.result()
        await tasks._cancel_and_wait(fut, loop=asyncio.get_running_loop())
        try:
            return fut.result()
        except exceptions.CancelledError as exc:
            raise TimeoutError from exc
    async with asyncio.timeout(timeout):
        return await aw


# ---- 3.12 -> 3.13

class Task(tasks._PyTask):
    """uncancel() that reaches zero rescinds a request not yet delivered."""

    def uncancel(self):
        had = self.cancelling()
        n = super().uncancel()
        if had and n == 0:
            self._must_cancel = False
        return n


class TaskGroup(taskgroups.TaskGroup):
    """The cancel count of the parent: uncancel() after the children are done
    (not before), and a cancellation from outside survives the group's error."""

    async def __aexit__(self, et, exc, tb):
        self._exiting = True
        cancelled = exc if et is not None and issubclass(et, exceptions.CancelledError) else None
        if et is not None and not self._aborting:
            self._abort()
        while self._tasks:
            if self._on_completed_fut is None:
                self._on_completed_fut = self._loop.create_future()
            try:
                await self._on_completed_fut
            except exceptions.CancelledError as e:
                if not self._aborting:
                    cancelled = e
                    self._abort()
            self._on_completed_fut = None
        if self._parent_cancel_requested and self._parent_task.uncancel() == 0:
            cancelled = None
        if cancelled is not None and not self._errors:
            raise cancelled
        if et is not None and not issubclass(et, exceptions.CancelledError):
            self._errors.append(exc)
        if self._errors:
            if self._parent_task.cancelling():
                self._parent_task.uncancel()
                self._parent_task.cancel()
            errors, self._errors = self._errors, None
            raise BaseExceptionGroup('unhandled errors in a TaskGroup', errors) from None


class Condition(locks.Condition):
    """A wait() that ends in an error notifies another waiter, and re-raises
    the CancelledError it caught last."""

    async def wait(self):
        if not self.locked():
            raise RuntimeError('cannot wait on un-acquired lock')
        fut = self._get_loop().create_future()
        self.release()
        try:
            try:
                self._waiters.append(fut)
                try:
                    await fut
                    return True
                finally:
                    self._waiters.remove(fut)
            finally:
                err = None
                while True:
                    try:
                        await self.acquire()
                        break
                    except exceptions.CancelledError as e:
                        err = e
                if err is not None:
                    raise err
        except BaseException:
            self._wake(1)
            raise

    def notify(self, n=1):
        if not self.locked():
            raise RuntimeError('cannot notify on un-acquired lock')
        self._wake(n)

    def _wake(self, n):
        for fut in self._waiters:
            if n <= 0:
                break
            if not fut.done():
                n -= 1
                fut.set_result(False)


class Semaphore(locks.Semaphore):
    """An acquire() that ends, well or not, wakes as many waiters as there are
    permits."""

    async def acquire(self):
        if not self.locked():
            self._value -= 1
            return True
        if self._waiters is None:
            self._waiters = collections.deque()
        fut = self._get_loop().create_future()
        self._waiters.append(fut)
        try:
            try:
                await fut
            finally:
                self._waiters.remove(fut)
        except exceptions.CancelledError:
            if fut.done() and not fut.cancelled():
                self._value += 1
            raise
        finally:
            while self._value > 0 and self._wake_up_next():
                pass
        return True

    def _wake_up_next(self):
        for fut in self._waiters or ():
            if not fut.done():
                self._value -= 1
                fut.set_result(True)
                return True
        return False


class BoundedSemaphore(Semaphore):
    def __init__(self, value=1):
        self._bound_value = value
        super().__init__(value)

    def release(self):
        if self._value >= self._bound_value:
            raise ValueError('BoundedSemaphore released too many times')
        super().release()


def barrier(parties):
    b = locks.Barrier(parties)
    b._cond = Condition()
    return b


def set_exception(fut, e):
    """3.13 stores a StopIteration wrapped in RuntimeError."""
    if isinstance(e, StopIteration) and not fut.done() and not isinstance(fut, asyncio.Task):
        w = RuntimeError('StopIteration interacts badly with generators and '
                         'cannot be raised into a Future')
        w.__cause__ = e
        e = w
    fut.set_exception(e)
