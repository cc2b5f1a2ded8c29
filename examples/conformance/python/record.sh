#!/bin/sh
# Records the traces in ../testdata of a level (gen or loop) again, and draws its
# random scenarios anew.
set -e
cd "$(dirname "$0")"
level=${1:-gen} data=../testdata
for seed in 0 1000000 2000000; do
	python3 gen.py --level "$level" --seed $seed --count 400
done >random.jsonl
for seed in 3000000 4000000; do
	python3 gen.py --level "$level" --seed $seed --count 150 --size 1.6
done >>random.jsonl
gzip -9n <random.jsonl >"$data/$level-random.jsonl.gz"
python3 oracle.py <random.jsonl | gzip -9n >"$data/$level-random.trace.gz"
python3 oracle.py <"$data/$level-cases.jsonl" | gzip -9n >"$data/$level-cases.trace.gz"
rm random.jsonl
