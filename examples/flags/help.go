package main

const usageLine = "usage: flags [OPTION]... [CC]..."

const help = usageLine + `

Download flags of countries, in one of three ways: one request after the other,
with a pool of threads, or with an event loop. The program brings its servers.

Which flags, if not those of the 20 most populous countries:
  CC                     code of a country, or a letter: B stands for BA to BZ
  -a, --all              all flags there are, AD to ZW, whatever CC is
  -e, --every            every possible code, AA to ZZ, whatever CC is
  -l, --limit N          only the first N of the codes

How to get them:
  -g, --generation HOW   sequential, threadpool or asyncio (default asyncio)
  -m, --max_req N        at most N requests at a time: see below
  -t, --timeout TIME     give up on a request after TIME (default 3.1s)

Where from, where to:
  -s, --server LABEL     server to ask: see below (default NEAR)
  -u, --url URL          another server, such as http://localhost:8000/flags
  -d, --dir DIR          folder to save to, made if need be (default downloads)
  -n, --names            name the files after the countries
  -v, --verbose          say what becomes of each code; no progress bar

Instead of downloading:
      --speedup          measure 600 requests at once against one at a time
      --serve ADDRESS    be the server, for others, such as localhost:8000
  -h, --help             print this

Servers:
  NEAR     embedded; replies after 100 ms, about as one on the internet does
  LOCAL    embedded; replies at once
  DELAY    embedded; replies after 1 s
  ERROR    embedded; refuses 25 % of the requests with status 418, and delays
           50 % by 0.5 s
  REMOTE   https://www.fluentpython.com

Requests at a time:
  sequential 1; threadpool 30; asyncio 200, but 5 with REMOTE or --url.
  With -m at most 1000. --speedup, which also takes -l, makes all at once.

Exit status:
  0        every flag was downloaded, or does not exist
  1        a flag failed, or the folder or the output cannot be written to
  2        the command line is wrong
  129      ended by SIGHUP; files are complete or not there, as after
  130      Ctrl-C, and
  143      SIGTERM
`
