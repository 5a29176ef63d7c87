package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// shard is a part of a list of work: the items index, index+count, index+2·count … of it.
type shard struct{ index, count int }

// mine reports whether item i belongs to the shard.
func (s shard) mine(i int) bool { return i%s.count == s.index }

// of names a shard's own file, as name-3-of-8.jsonl. The whole is one file, of the name as it is.
func (s shard) of(file string) string {
	if s.count == 1 {
		return file
	}
	dot := strings.LastIndexByte(file, '.')
	if dot <= strings.LastIndexByte(file, '/')+1 {
		dot = len(file)
	}
	return fmt.Sprintf("%s-%d-of-%d%s", file[:dot], s.index+1, s.count, file[dot:])
}

// otherwise names results that lie beside a file and are of the same list, divided otherwise: together they would hold images
// twice. It is "" if there are none.
func (s shard) otherwise(file string) (string, error) {
	folder, whole := filepath.Split(file)
	entries, err := os.ReadDir(filepath.Clean(folder))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	}
	before, after, _ := cutLast(shard{0, 2}.of(whole), "-1-of-2")
	part := regexp.MustCompile("^" + regexp.QuoteMeta(before) + `-[0-9]+-of-([0-9]+)` + regexp.QuoteMeta(after) + "$")
	for _, e := range entries {
		match := part.FindStringSubmatch(e.Name())
		if match != nil && match[1] != strconv.Itoa(s.count) || s.count > 1 && e.Name() == whole {
			return filepath.Join(folder, e.Name()), nil
		}
	}
	return "", nil
}

const shardHelp = "do part `I/N`, from 1/N to N/N (default: that of the Kubernetes indexed Job or Slurm array which this runs in, or " +
	"all)"

// The environment of an indexed Job has the index alone; scripts/defects/schedulers/kubernetes.yaml adds the number.
const jobIndex, jobCount = "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"

// readShard is the shard that --shard names, or else a scheduler.
func readShard(given string) (shard, error) {
	switch {
	case given != "":
		return parseShard(given)
	case os.Getenv(jobIndex) != "":
		if os.Getenv(jobCount) == "" {
			return shard{}, fmt.Errorf("%s is %s, but how many there are is not known: set %s in the Job to its completions, or give --shard",
				jobIndex, os.Getenv(jobIndex), jobCount)
		}
		return fromEnvironment(jobIndex, "", "", "", jobCount)
	case os.Getenv("SLURM_ARRAY_TASK_ID") != "":
		return fromEnvironment("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP",
			"SLURM_ARRAY_TASK_COUNT")
	}
	return shard{0, 1}, nil
}

func parseShard(text string) (shard, error) {
	first, second, _ := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil || n < 1 || i < 1 || i > n {
		return shard{}, wrongUse("--shard %s: use I/N with I from 1 to N, such as 3/8", text)
	}
	return shard{i - 1, n}, nil
}

// fromEnvironment is the shard of variables: its index, the first, the last and the distance of indices ("" is 0, what follows
// and 1), and how many there are.
func fromEnvironment(index, first, last, step, count string) (shard, error) {
	values := [...]int{0, 0, -1, 1, 0}
	for k, name := range []string{index, first, last, step, count} {
		text := os.Getenv(name)
		if name == "" || text == "" && (name == last || name == step) {
			continue
		}
		v, err := strconv.Atoi(text)
		if err != nil {
			return shard{}, fmt.Errorf("%s is %q, not a number: give --shard I/N", name, text)
		}
		values[k] = v
	}
	from, to, every, n := values[0]-values[1], values[2]-values[1], values[3], values[4]
	if every < 1 || n < 1 || from < 0 || from%every != 0 || from/every >= n || values[2] >= 0 && to != (n-1)*every {
		return shard{}, fmt.Errorf("%s is %d, which is none of %d in a row from %d on: number them without gaps, or give --shard I/N",
			index, values[0], n, values[1])
	}
	return shard{from / every, n}, nil
}
