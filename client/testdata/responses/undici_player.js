// Plays the scripts named on standard input to undici; see README.md.
const { Agent, interceptors, request } = require('undici')
const { version } = require('undici/package.json')
const { setTimeout: sleep } = require('timers/promises')

const limit = 1000 // ms: silence
const hex = (s) => Buffer.from(s, 'utf8').toString('hex')
const fields = (object) =>
  Object.entries(object).flatMap(([k, v]) => [v].flat().map((one) => [hex(k), hex(one)]))

async function ask (dispatcher, method, url) {
  const signal = AbortSignal.timeout(limit)
  try {
    const r = await request(url, { dispatcher, method, signal, body: method === 'POST' ? 'ping' : undefined })
    const body = Buffer.from(await r.body.arrayBuffer())
    return { status: r.statusCode, body: body.toString('hex'), fields: fields(r.headers), trailers: fields(r.trailers) }
  } catch (e) {
    return { error: signal.aborted ? 'timeout' : 'error', why: String(e) }
  }
}

async function play (c) {
  const agent = new Agent()
  const steps = [interceptors.redirect({ maxRedirections: 10 })]
  if (c.name.startsWith('encoding')) steps.push(interceptors.decompress()) // it cannot do with interim replies
  const dispatcher = agent.compose(steps)
  const said = await ask(dispatcher, c.method, c.url)
  said.name = c.name
  if (c.next) {
    await sleep(50) // what is on its way arrives
    said.next = await ask(dispatcher, 'GET', c.next)
  }
  await agent.destroy()
  return said
}

async function main () {
  const cases = JSON.parse(require('fs').readFileSync(0))
  const plays = []
  const worker = async () => {
    for (let c = cases.shift(); c; c = cases.shift()) plays.push(await play(c))
  }
  await Promise.all(Array.from({ length: 64 }, worker))
  process.stdout.write(JSON.stringify({ version: 'undici ' + version, plays }))
}

process.on('uncaughtException', (e) => process.stderr.write(e.stack + '\n'))
main()
