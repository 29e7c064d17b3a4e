#!/usr/bin/env bash
# A run in shards, one for each task of a Slurm job array. Sizes and times below are to be adapted.
#
#   sbatch --array=0-99 array.sh FOLDER 100 train --features 20 --hidden 5 --sparsity 0.95 --starts 10000
#
# The numbers of the tasks are those of the shards, from 0: what `skeleta merge` or `skeleta show FOLDER`
# lists as missing is submitted again as it stands, `sbatch --array=3,7-9 array.sh FOLDER 100 ...`.
#SBATCH --job-name=skeleta
#SBATCH --cpus-per-task=4
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -u
folder=$1 shards=$2
shift 2
mkdir -p "$folder"

# Two minutes before its time is over Slurm sends SIGUSR1 to this shell, which stops the program: that writes what
# there is and ends with 143, and the task goes on from there when Slurm starts it again. SIGTERM, as by scancel, stops
# it for good.
"${SKELETA:-skeleta}" "$@" --shard "slurm/$shards" -o "$folder/shard_$SLURM_ARRAY_TASK_ID.h5" \
  --threads "${SLURM_CPUS_PER_TASK:-0}" > /dev/null &
program=$!
again=no
trap 'again=yes; kill -TERM "$program"' USR1
trap 'kill -TERM "$program"' TERM
wait "$program"
code=$?
while kill -0 "$program" 2> /dev/null; do  # a trap ends wait before the program has ended
  wait "$program"
  code=$?
done
# What was killed (SIGKILL: 137), as where memory was short for a while, is tried three times more.
[ "$code" -ne 137 ] || [ "${SLURM_RESTART_COUNT:-0}" -ge 3 ] || again=yes
if [ "$again" = yes ] && [[ "$code" =~ ^(137|143)$ ]] && [ -n "${SLURM_JOB_ID:-}" ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"
