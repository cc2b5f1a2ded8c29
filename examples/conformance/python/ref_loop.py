"""SPEC.md section 7 as code: a small event loop written from the SPEC, not from
CPython.  `oracle.py --impl ref` runs the loop level on it: its traces equal
those of asyncio, i.e. the SPEC is right and sufficient.
Read it as a reference for an implementation in another language.
"""
import collections
from asyncio import exceptions
from asyncio import QueueEmpty, QueueFull

CancelledError, InvalidStateError = exceptions.CancelledError, exceptions.InvalidStateError
LOOP = None                          # the running loop
CURRENT = None                       # the task being stepped


# ---- 7.2 heap

def siftdown(h, start, pos):
    x = h[pos]
    while pos > start:
        p = (pos - 1) // 2
        if not x < h[p]:
            break
        h[pos] = h[p]
        pos = p
    h[pos] = x


def siftup(h, pos):
    x, start, c = h[pos], pos, 2 * pos + 1
    while c < len(h):
        if c + 1 < len(h) and not h[c] < h[c + 1]:
            c += 1
        h[pos] = h[c]
        pos, c = c, 2 * c + 1
    h[pos] = x
    siftdown(h, start, pos)


def heappush(h, x):
    h.append(x)
    siftdown(h, 0, len(h) - 1)


def heappop(h):
    last = h.pop()
    if not h:
        return last
    top, h[0] = h[0], last
    siftup(h, 0)
    return top


# ---- 7.1 loop

class Handle:
    def __init__(self, fn, args=(), loop=None, context=None):
        self.fn, self.args, self._cancelled = fn, args, False

    def cancel(self):
        self._cancelled = True

    def cancelled(self):
        return self._cancelled


class TimerHandle(Handle):
    def __init__(self, when, fn, args, loop):
        super().__init__(fn, args)
        self._when, self.loop, self.in_heap = when, loop, True

    def __lt__(self, other):
        return self._when < other._when

    def when(self):
        return self._when

    def cancel(self):
        if not self._cancelled and self.in_heap:
            self.loop._timer_cancelled_count += 1
        self._cancelled = True


class Loop:
    def __init__(self, poller):
        self.now = self.iteration = 0
        self._ready, self._scheduled = collections.deque(), []
        self._timer_cancelled_count = 0
        self._stopping = False
        self._selector = poller(self)

    def time(self):
        return self.now

    def set_task_factory(self, f):
        self.factory = f

    def set_exception_handler(self, f):
        self.handler = f

    def create_future(self):
        return Future()

    def create_task(self, coro):
        return self.factory(self, coro)

    def call_soon(self, fn, *args):
        h = Handle(fn, args)
        self._ready.append(h)
        return h

    def call_later(self, delay, fn, *args):
        return self.call_at(self.now + delay, fn, *args)

    def call_at(self, when, fn, *args):
        h = TimerHandle(when, fn, args, self)
        heappush(self._scheduled, h)
        return h

    def stop(self):
        self._stopping = True

    def close(self):
        pass

    def run_forever(self):
        global LOOP
        LOOP = self
        while True:
            self.run_once()
            if self._stopping:
                break
        self._stopping = False
        LOOP = None

    def run_once(self):
        s = self._scheduled
        if len(s) > 100 and self._timer_cancelled_count / len(s) > 0.5:
            for h in s:
                h.in_heap = not h._cancelled
            s[:] = [h for h in s if h.in_heap]
            for i in range(len(s) // 2 - 1, -1, -1):
                siftup(s, i)
            self._timer_cancelled_count = 0
        else:
            while s and s[0]._cancelled:
                self._timer_cancelled_count -= 1
                heappop(s).in_heap = False
        timeout = None
        if self._ready or self._stopping:
            timeout = 0
        elif s:
            timeout = min(max(0, s[0]._when - self.now), 86400)
        for h in self._selector.select(timeout):
            if not h._cancelled:
                self._ready.append(h)
        while s and s[0]._when <= self.now:
            h = heappop(s)
            h.in_heap = False
            self._ready.append(h)
        for _ in range(len(self._ready)):
            h = self._ready.popleft()
            if h._cancelled:
                continue
            try:
                h.fn(*h.args)
            except BaseException as e:
                self.handler(self, {'message': 'Exception in callback', 'exception': e})


# ---- 7.3 future

class Future:
    def __init__(self):
        self.state = 'pending'
        self.value = self.error = self.msg = None
        self.callbacks = []
        self.awaited = False             # yielded by await (not by a raw yield)

    def done(self):
        return self.state != 'pending'

    def cancelled(self):
        return self.state == 'cancelled'

    def finish(self, state):
        self.state = state
        callbacks, self.callbacks = self.callbacks, []
        for fn in callbacks:
            LOOP.call_soon(fn, self)

    def set_result(self, v):
        if self.done():
            raise InvalidStateError('invalid state')
        self.value = v
        self.finish('result')

    def set_exception(self, e):
        if self.done():
            raise InvalidStateError('invalid state')
        if isinstance(e, StopIteration):
            e = RuntimeError('StopIteration interacts badly')
        self.error = e
        self.finish('exception')

    def cancel(self, msg=None):
        if self.done():
            return False
        self.msg = msg
        self.finish('cancelled')
        return True

    def cancelled_error(self):
        return CancelledError() if self.msg is None else CancelledError(self.msg)

    def exception(self):
        if self.state == 'cancelled':
            raise self.cancelled_error()
        if self.state == 'pending':
            raise InvalidStateError('not done')
        return self.error

    def result(self):
        e = self.exception()
        if e is not None:
            raise e
        return self.value

    def add_done_callback(self, fn):
        if self.done():
            LOOP.call_soon(fn, self)
        else:
            self.callbacks.append(fn)

    def remove_done_callback(self, fn):
        n = len(self.callbacks)
        self.callbacks = [f for f in self.callbacks if f != fn]
        return n - len(self.callbacks)

    def __await__(self):
        if not self.done():
            self.awaited = True
            yield self
        return self.result()


# ---- 7.4 task

class Task(Future):
    def __init__(self, coro, loop):
        super().__init__()
        self.coro, self.loop = coro, loop
        self.must_cancel = False
        self.count = 0
        self.fut_waiter = None
        self.kept = None                 # the CancelledError that ended it
        loop.call_soon(self.step)

    def cancelled_error(self):
        if self.kept is not None:
            e, self.kept = self.kept, None
            return e
        return super().cancelled_error()

    def set_result(self, v):
        raise RuntimeError('Task does not support set_result')

    def set_exception(self, e):
        raise RuntimeError('Task does not support set_exception')

    def cancelling(self):
        return self.count

    def uncancel(self):
        if self.count > 0:
            self.count -= 1
            if self.count == 0:
                self.must_cancel = False
        return self.count

    def cancel(self, msg=None):
        if self.done():
            return False
        self.count += 1
        if self.fut_waiter is not None and self.fut_waiter.cancel(msg):
            return True
        self.must_cancel, self.msg = True, msg
        return True

    def wakeup(self, fut):
        try:
            fut.result()
        except BaseException as e:
            self.step(e)
        else:
            self.step()

    def step(self, exc=None):
        global CURRENT
        if self.must_cancel:
            if not isinstance(exc, CancelledError):
                exc = self.cancelled_error()
            self.must_cancel = False
        self.fut_waiter = None
        CURRENT = self
        try:
            y = self.coro.send(None) if exc is None else self.coro.throw(exc)
        except StopIteration as e:
            if self.must_cancel:
                self.must_cancel = False
                super().cancel(self.msg)
            else:
                super().set_result(e.value)
        except CancelledError as e:
            self.kept = e
            super().cancel()
        except BaseException as e:
            super().set_exception(e)
        else:
            if y is None:
                self.loop.call_soon(self.step)
            elif y is self and self.awaited:
                self.loop.call_soon(self.step, RuntimeError('Task cannot await on itself'))
            elif isinstance(y, Future) and y.awaited:
                y.awaited = False
                y.add_done_callback(self.wakeup)
                self.fut_waiter = y
                if self.must_cancel and y.cancel(self.msg):
                    self.must_cancel = False
            elif isinstance(y, Future):
                self.loop.call_soon(self.step, RuntimeError('yield was used instead of yield from'))
            else:
                self.loop.call_soon(self.step, RuntimeError('Task got bad yield'))
        finally:
            CURRENT = None


def current_task(loop=None):
    return CURRENT


def ensure_future(aw):
    return aw if isinstance(aw, Future) else LOOP.create_task(aw)


class Yield:
    def __await__(self):
        yield None


# ---- 7.5

def resolve(fut, v=None):
    """set_result unless done"""
    if not fut.done():
        fut.set_result(v)


async def sleep(t, v=None):
    if t <= 0:
        await Yield()
        return v
    fut = Future()
    h = LOOP.call_later(t, lambda: fut.cancelled() or fut.set_result(v))
    try:
        return await fut
    finally:
        h.cancel()


class Gathering(Future):
    requested = False

    def cancel(self, msg=None):
        if self.done():
            return False
        ret = False
        for f in self.children:
            ret = f.cancel(msg) or ret
        self.requested = self.requested or ret
        return ret


def gather(loop, aws, rx):
    outer = Gathering()
    outer.children = [ensure_future(a) for a in aws]
    distinct = list(dict.fromkeys(outer.children))
    left = len(distinct)

    def child_done(f):
        nonlocal left
        left -= 1
        if outer.done():
            return
        if not rx:
            e = f.cancelled_error() if f.cancelled() else f.exception()
            if e is not None:
                outer.set_exception(e)
                return
        if left == 0:
            if outer.requested:
                outer.set_exception(outer.children[-1].cancelled_error())
                return
            # with rx a cancelled child shows up with its own cancel message
            outer.set_result([CancelledError(*([c.msg] if c.msg is not None else []))
                              if c.cancelled() else c.error if c.error is not None else c.value
                              for c in outer.children])
    if not distinct:
        outer.set_result([])
    done = [f for f in distinct if f.done()]
    for f in distinct:
        if f not in done:
            f.add_done_callback(child_done)
    for f in done:
        child_done(f)
    return outer


def shield(aw):
    inner = ensure_future(aw)
    if inner.done():
        return inner
    outer = Future()

    def inner_done(f):
        if outer.cancelled():
            return
        if f.cancelled():
            outer.cancel()
        elif f.exception() is not None:
            outer.set_exception(f.exception())
        else:
            outer.set_result(f.result())

    def outer_done(_):
        if not inner.done():
            inner.remove_done_callback(inner_done)
    inner.add_done_callback(inner_done)
    outer.add_done_callback(outer_done)
    return outer


async def wait(fs, timeout=None, return_when='ALL_COMPLETED'):
    fs = list(dict.fromkeys(fs))
    if not fs:
        raise ValueError('Set of Tasks/Futures is empty.')
    waiter, left = Future(), len(fs)
    timer = None if timeout is None else LOOP.call_later(timeout, resolve, waiter)

    def on_done(f):
        nonlocal left
        left -= 1
        if (left <= 0 or return_when == 'FIRST_COMPLETED' or return_when == 'FIRST_EXCEPTION'
                and not f.cancelled() and f.exception() is not None):
            if timer is not None:
                timer.cancel()
            resolve(waiter)
    for f in fs:
        f.add_done_callback(on_done)
    try:
        await waiter
    finally:
        if timer is not None:
            timer.cancel()
        for f in fs:
            f.remove_done_callback(on_done)
    return [f for f in fs if f.done()], [f for f in fs if not f.done()]


class AsCompleted:
    def __init__(self, loop, fs, timeout):
        self.todo = list(dict.fromkeys(fs))
        self.left, self.q, self.timer = len(self.todo), Queue(), None
        for f in self.todo:
            f.add_done_callback(self.on_done)
        if self.todo and timeout is not None:
            self.timer = loop.call_later(timeout, self.on_timeout)

    def on_done(self, f):
        if self.todo:
            self.todo.remove(f)
            self.q.put_nowait(f)
            if not self.todo and self.timer is not None:
                self.timer.cancel()

    def on_timeout(self):
        for f in self.todo:
            f.remove_done_callback(self.on_done)
            self.q.put_nowait(None)
        self.todo.clear()

    async def one(self):
        f = await self.q.get()
        if f is None:
            raise TimeoutError
        return f.result()

    def next(self):
        if not self.left:
            raise IndexError('!exhausted')
        self.left -= 1
        return self.one()


# ---- 7.6

class State:
    def __init__(self, value):
        self.value = value


class Timeout:
    def __init__(self, when):
        self.deadline, self._state = when, State('created')
        self.handle = None

    def when(self):
        return self.deadline

    def expired(self):
        return self._state.value in ('expiring', 'expired')

    async def __aenter__(self):
        if self._state.value != 'created':
            raise RuntimeError('Timeout has already been entered')
        self.task = current_task()
        self.count = self.task.cancelling()
        self._state.value = 'active'
        self.reschedule(self.deadline)
        return self

    def reschedule(self, when):
        if self._state.value == 'created':
            raise RuntimeError('Timeout has not been entered')
        if self._state.value != 'active':
            raise RuntimeError(f'Cannot change state of {self._state.value} Timeout')
        self.deadline = when
        if self.handle is not None:
            self.handle.cancel()
        self.handle = None if when is None else (
            LOOP.call_soon(self.fire) if when <= LOOP.now else LOOP.call_at(when, self.fire))

    def fire(self):
        self.task.cancel()
        self._state.value, self.handle = 'expiring', None

    async def __aexit__(self, kind, e, tb):
        if self.handle is not None:
            self.handle.cancel()
        if self._state.value == 'expiring':
            self._state.value = 'expired'
            if self.task.uncancel() <= self.count and isinstance(e, CancelledError):
                raise TimeoutError
        else:
            self._state.value = 'finished'


def timeout(t):
    return Timeout(None if t is None else LOOP.now + t)


timeout_at = Timeout


async def wait_for(aw, t):
    if t is None or t > 0:
        async with timeout(t):
            return await aw
    fut = ensure_future(aw)
    if not fut.done():
        waiter = Future()
        cb = lambda f: resolve(waiter)
        fut.add_done_callback(cb)
        try:
            fut.cancel()
            await waiter
        finally:
            fut.remove_done_callback(cb)
        try:
            return fut.result()
        except CancelledError:
            raise TimeoutError
    return fut.result()


# ---- 7.7

class TaskGroup:
    def __init__(self):
        self._tasks, self._errors = [], []
        self._aborting = self.entered = self.exiting = self.requested = False
        self.waiter = None

    async def __aenter__(self):
        if self.entered:
            raise RuntimeError('TaskGroup has already been entered')
        self.entered, self.parent = True, current_task()
        return self

    def create_task(self, coro):
        if not self.entered:
            raise RuntimeError('TaskGroup has not been entered')
        if self.exiting and not self._tasks:
            raise RuntimeError('TaskGroup is finished')
        if self._aborting:
            raise RuntimeError('TaskGroup is shutting down')
        t = LOOP.create_task(coro)
        t.add_done_callback(self.child_done)
        self._tasks.append(t)
        return t

    def abort(self):
        self._aborting = True
        for t in self._tasks:
            if not t.done():
                t.cancel()

    def child_done(self, t):
        self._tasks.remove(t)
        if not self._tasks and self.waiter is not None:
            resolve(self.waiter)
        if t.cancelled() or t.exception() is None:
            return
        self._errors.append(t.exception())
        if not self._aborting and not self.requested:
            self.abort()
            self.requested = True
            self.parent.cancel()

    async def __aexit__(self, kind, e, tb):
        self.exiting = True
        cancelled = e if isinstance(e, CancelledError) else None
        if e is not None and not self._aborting:
            self.abort()
        while self._tasks:
            self.waiter = Future()
            try:
                await self.waiter
            except CancelledError as c:
                if not self._aborting:
                    cancelled = c
                    self.abort()
            self.waiter = None
        if self.requested and self.parent.uncancel() == 0:
            cancelled = None
        if cancelled is not None and not self._errors:
            raise cancelled
        if e is not None and not isinstance(e, CancelledError):
            self._errors.append(e)
        if self._errors:
            if self.parent.cancelling():
                self.parent.uncancel()
                self.parent.cancel()
            errors, self._errors = self._errors, []
            raise BaseExceptionGroup('errors', errors)


# ---- 7.8

def wake(waiters):
    """Resolve the first waiter that is not done; was there one?"""
    for w in waiters:
        if not w.done():
            w.set_result(True)
            return True
    return False


class WithLock:
    async def __aenter__(self):
        await self.acquire()

    async def __aexit__(self, *a):
        self.release()


class Lock(WithLock):
    def __init__(self):
        self.is_locked, self._waiters = False, []

    def locked(self):
        return self.is_locked

    def wake_first(self):
        if self._waiters and not self._waiters[0].done():
            self._waiters[0].set_result(True)

    async def acquire(self):
        if not self.is_locked and all(w.cancelled() for w in self._waiters):
            self.is_locked = True
            return True
        w = Future()
        self._waiters.append(w)
        try:
            try:
                await w
            finally:
                self._waiters.remove(w)
        except CancelledError:
            if not self.is_locked:
                self.wake_first()
            raise
        self.is_locked = True
        return True

    def release(self):
        if not self.is_locked:
            raise RuntimeError('Lock is not acquired.')
        self.is_locked = False
        self.wake_first()


class Event:
    def __init__(self):
        self.flag, self._waiters = False, []

    def is_set(self):
        return self.flag

    def set(self):
        if not self.flag:
            self.flag = True
            for w in self._waiters:
                resolve(w)

    def clear(self):
        self.flag = False

    async def wait(self):
        if not self.flag:
            w = Future()
            self._waiters.append(w)
            try:
                await w
            finally:
                self._waiters.remove(w)
        return True


class Condition(WithLock):
    def __init__(self, lock=None):
        self.lock, self._waiters = lock or Lock(), []
        self.acquire, self.release, self.locked = self.lock.acquire, self.lock.release, self.lock.locked

    def check(self):
        if not self.locked():
            raise RuntimeError('cannot wait on un-acquired lock')

    def wake(self, n):
        while n > 0 and wake(self._waiters):
            n -= 1

    def notify(self, n=1):
        self.check()
        self.wake(n)

    def notify_all(self):
        self.notify(len(self._waiters))

    async def wait(self):
        self.check()
        self.release()
        w = Future()
        self._waiters.append(w)
        try:
            try:
                try:
                    await w
                finally:
                    self._waiters.remove(w)
            finally:
                err = None
                while True:
                    try:
                        await self.acquire()
                        break
                    except CancelledError as e:
                        err = e
                if err is not None:
                    raise err
        except BaseException:
            self.wake(1)
            raise
        return True

    async def wait_for(self, predicate):
        while not predicate():
            await self.wait()
        return True


class Semaphore(WithLock):
    bound = None

    def __init__(self, n=1):
        if n < 0:
            raise ValueError('Semaphore initial value must be >= 0')
        self._value, self._waiters = n, []

    def locked(self):
        return self._value == 0 or any(not w.cancelled() for w in self._waiters)

    def wake_next(self):
        if not wake(self._waiters):
            return False
        self._value -= 1
        return True

    async def acquire(self):
        if not self.locked():
            self._value -= 1
            return True
        w = Future()
        self._waiters.append(w)
        try:
            try:
                await w
            finally:
                self._waiters.remove(w)
        except CancelledError:
            if not w.cancelled():
                self._value += 1
            raise
        finally:
            while self._value > 0 and self.wake_next():
                pass
        return True

    def release(self):
        if self.bound is not None and self._value >= self.bound:
            raise ValueError('BoundedSemaphore released too many times')
        self._value += 1
        self.wake_next()


class BoundedSemaphore(Semaphore):
    def __init__(self, n=1):
        super().__init__(n)
        self.bound = n


class Barrier:
    def __init__(self, parties):
        if parties < 1:
            raise ValueError('parties must be >= 1')
        self.parties, self.count, self._state, self.cond = parties, 0, State('filling'), Condition()

    @property
    def broken(self):
        return self._state.value == 'broken'

    @property
    def n_waiting(self):
        return self.count if self._state.value == 'filling' else 0

    async def __aenter__(self):
        return await self.wait()

    async def __aexit__(self, *a):
        pass

    async def wait(self):
        async with self.cond:
            await self.cond.wait_for(lambda: self._state.value not in ('draining', 'resetting'))
            if self.broken:
                raise exceptions.BrokenBarrierError
            try:
                index, self.count = self.count, self.count + 1
                if self.count == self.parties:
                    self._state.value = 'draining'
                    self.cond.notify_all()
                else:
                    await self.cond.wait_for(lambda: self._state.value != 'filling')
                    if self._state.value in ('broken', 'resetting'):
                        raise exceptions.BrokenBarrierError
                return index
            finally:
                self.count -= 1
                if self.count == 0:
                    if self._state.value in ('resetting', 'draining'):
                        self._state.value = 'filling'
                    self.cond.notify_all()

    async def reset(self):
        async with self.cond:
            self._state.value = 'resetting' if self.count > 0 else 'filling'
            self.cond.notify_all()

    async def abort(self):
        async with self.cond:
            self._state.value = 'broken'
            self.cond.notify_all()


# ---- 7.9

class Queue:
    def __init__(self, maxsize=0):
        self.maxsize, self.items = maxsize, []
        self._getters, self._putters = collections.deque(), collections.deque()
        self._unfinished_tasks, self.finished = 0, Event()
        self.finished.set()

    def add(self, v):
        self.items.append(v)

    def take(self):
        return self.items.pop(0)

    def qsize(self):
        return len(self.items)

    def empty(self):
        return not self.items

    def full(self):
        return 0 < self.maxsize <= len(self.items)

    def wake_next(self, waiters):
        while waiters:
            w = waiters.popleft()
            if not w.done():
                w.set_result(None)
                break

    async def blocked(self, waiters, still):
        while still():
            w = Future()
            waiters.append(w)
            try:
                await w
            except BaseException:
                w.cancel()
                if w in waiters:
                    waiters.remove(w)
                if not still() and not w.cancelled():
                    self.wake_next(waiters)
                raise

    async def put(self, v):
        await self.blocked(self._putters, self.full)
        self.put_nowait(v)

    async def get(self):
        await self.blocked(self._getters, self.empty)
        return self.get_nowait()

    def put_nowait(self, v):
        if self.full():
            raise QueueFull
        self.add(v)
        self._unfinished_tasks += 1
        self.finished.clear()
        self.wake_next(self._getters)

    def get_nowait(self):
        if self.empty():
            raise QueueEmpty
        v = self.take()
        self.wake_next(self._putters)
        return v

    def task_done(self):
        if self._unfinished_tasks <= 0:
            raise ValueError('task_done() called too many times')
        self._unfinished_tasks -= 1
        if self._unfinished_tasks == 0:
            self.finished.set()

    async def join(self):
        if self._unfinished_tasks > 0:
            await self.finished.wait()


class LifoQueue(Queue):
    def take(self):
        return self.items.pop()


class PriorityQueue(Queue):
    def add(self, v):
        heappush(self.items, v)

    def take(self):
        return heappop(self.items)
