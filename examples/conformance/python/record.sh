#!/bin/sh
# Records the traces in ../testdata of a level (gen or loop) again, and draws its
# random scenarios anew.
set -e
cd "$(dirname "$0")"
level=${1:-gen} data=../testdata
draw() { # SIZE COUNT SEED...
	size=$1 count=$2
	shift 2
	for seed; do
		python3 gen.py --level "$level" --seed "$seed" --count "$count" --size "$size"
	done
}
case $level in
gen)
	draw 1 400 0 1000000 2000000
	draw 1.6 150 3000000 4000000
	;;
loop)
	draw 0.6 500 0 1000000 2000000
	draw 1 300 3000000 4000000
	draw 2 100 5000000
	;;
esac >random.jsonl
gzip -9n <random.jsonl >"$data/$level-random.jsonl.gz"
python3 oracle.py <random.jsonl | gzip -9n >"$data/$level-random.trace.gz"
python3 oracle.py <"$data/$level-cases.jsonl" | gzip -9n >"$data/$level-cases.trace.gz"
rm random.jsonl
