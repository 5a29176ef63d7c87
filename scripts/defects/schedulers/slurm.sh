#!/bin/bash
# An array of eight tasks that train what a plan says, in a folder that they share, such as a home:
#   sbatch slurm.sh sweep plan.json --out /shared/sweep --data /shared/NEU-DET
#   sbatch slurm.sh predict /shared/sweep/NAME --out /shared/results.jsonl /shared/images.txt
# A task that is preempted, or whose node is lost, is started again, and goes on. To repeat some tasks submit the whole array
# again: what is finished ends at once. A part of an array would divide the work anew.
#SBATCH --job-name=defects
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=04:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=defects-%A-%a.log
set -eu
exec defects "$@"
